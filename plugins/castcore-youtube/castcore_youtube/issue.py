"""What YouTube says is wrong with a stream.

Kinds: https://developers.google.com/youtube/v3/live/docs/liveStreams/health_status_messages
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from castcore_sdk import CheckResult, Severity
from castcore_youtube.answer import Answer, child, children, text

KINDS = (
    *("audioBitrateHigh", "audioBitrateLow", "audioBitrateMismatch", "audioCodec", "audioCodecMismatch"),
    *("audioSampleRate", "audioSampleRateMismatch", "audioStereoMismatch", "audioTooManyChannels", "badContainer"),
    *("bitrateHigh", "bitrateLow", "frameRateHigh", "framerateMismatch", "gopMismatch", "gopSizeLong", "gopSizeOver"),
    *("gopSizeShort", "interlacedVideo", "multipleAudioStreams", "multipleVideoStreams", "noAudioStream"),
    *("noVideoStream", "openGop", "resolutionMismatch", "videoBitrateMismatch", "videoCodec", "videoCodecMismatch"),
    *("videoIngestionFasterThanRealtime", "videoIngestionStarved", "videoInterlaceMismatch", "videoProfileMismatch"),
    *("videoResolutionSuboptimal", "videoResolutionUnsupported"),
)
"""Every kind that the discovery document lists."""
_SEVERITIES = {"info": Severity.OK, "warning": Severity.WARNING, "error": Severity.ERROR}
_HEALTH = {"bad": Severity.ERROR, "noData": Severity.ERROR, "revoked": Severity.ERROR, "ok": Severity.OK}
_LONGEST = 300


def code(kind: str) -> str:
    """Return ``youtube.issue_bitrate_low`` for ``bitrateLow``."""
    return "youtube.issue_" + re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).lower()


def issues(status: Answer) -> Iterator[CheckResult]:
    """Yield what ``liveStream.status`` holds: the state, the health, and each issue with YouTube's own words."""
    state = text(status, "streamStatus")
    if state in ("created", "ready", "inactive"):
        yield CheckResult(code="youtube.stream_missing", severity=Severity.WARNING)
    elif state == "error":
        yield CheckResult(code="youtube.stream_error", severity=Severity.ERROR)
    health = child(status, "healthStatus")
    verdict = text(health, "status")
    if state == "active" and verdict in _HEALTH:
        yield CheckResult(code=f"youtube.health_{verdict.lower()}", severity=_HEALTH[verdict])
    for each in children(health, "configurationIssues"):
        yield _issue(each)


def _issue(issue: Answer) -> CheckResult:
    kind = text(issue, "type")
    severity = _SEVERITIES.get(text(issue, "severity"), Severity.WARNING)
    params = {
        "kind": kind[:64],
        "reason": text(issue, "reason")[:_LONGEST],
        "said": text(issue, "description")[:_LONGEST],
    }
    return CheckResult(code=code(kind) if kind in KINDS else "youtube.issue_other", severity=severity, params=params)
