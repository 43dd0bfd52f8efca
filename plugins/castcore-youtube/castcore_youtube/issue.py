"""What YouTube says is wrong with a stream.

Kinds: https://developers.google.com/youtube/v3/live/docs/liveStreams/health_status_messages
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from castcore_sdk import CheckResult, Severity
from castcore_youtube.answer import Answer, child, children, text

CODES: Mapping[str, str] = {
    "audioBitrateHigh": "youtube.issue_audio_bitrate_high",
    "audioBitrateLow": "youtube.issue_audio_bitrate_low",
    "audioBitrateMismatch": "youtube.issue_audio_bitrate_mismatch",
    "audioCodec": "youtube.issue_audio_codec",
    "audioCodecMismatch": "youtube.issue_audio_codec_mismatch",
    "audioSampleRate": "youtube.issue_audio_sample_rate",
    "audioSampleRateMismatch": "youtube.issue_audio_sample_rate_mismatch",
    "audioStereoMismatch": "youtube.issue_audio_stereo_mismatch",
    "audioTooManyChannels": "youtube.issue_audio_too_many_channels",
    "badContainer": "youtube.issue_bad_container",
    "bitrateHigh": "youtube.issue_bitrate_high",
    "bitrateLow": "youtube.issue_bitrate_low",
    "frameRateHigh": "youtube.issue_frame_rate_high",
    "framerateMismatch": "youtube.issue_framerate_mismatch",
    "gopMismatch": "youtube.issue_gop_mismatch",
    "gopSizeLong": "youtube.issue_gop_size_long",
    "gopSizeOver": "youtube.issue_gop_size_over",
    "gopSizeShort": "youtube.issue_gop_size_short",
    "interlacedVideo": "youtube.issue_interlaced_video",
    "multipleAudioStreams": "youtube.issue_multiple_audio_streams",
    "multipleVideoStreams": "youtube.issue_multiple_video_streams",
    "noAudioStream": "youtube.issue_no_audio_stream",
    "noVideoStream": "youtube.issue_no_video_stream",
    "openGop": "youtube.issue_open_gop",
    "resolutionMismatch": "youtube.issue_resolution_mismatch",
    "videoBitrateMismatch": "youtube.issue_video_bitrate_mismatch",
    "videoCodec": "youtube.issue_video_codec",
    "videoCodecMismatch": "youtube.issue_video_codec_mismatch",
    "videoIngestionFasterThanRealtime": "youtube.issue_video_ingestion_faster_than_realtime",
    "videoIngestionStarved": "youtube.issue_video_ingestion_starved",
    "videoInterlaceMismatch": "youtube.issue_video_interlace_mismatch",
    "videoProfileMismatch": "youtube.issue_video_profile_mismatch",
    "videoResolutionSuboptimal": "youtube.issue_video_resolution_suboptimal",
    "videoResolutionUnsupported": "youtube.issue_video_resolution_unsupported",
}
"""Every kind that the discovery document lists, and its code."""
_SEVERITIES = {"info": Severity.OK, "warning": Severity.WARNING, "error": Severity.ERROR}
_HEALTH = {
    "bad": ("youtube.health_bad", Severity.ERROR),
    "noData": ("youtube.health_nodata", Severity.ERROR),
    "revoked": ("youtube.health_revoked", Severity.ERROR),
    "ok": ("youtube.health_ok", Severity.OK),
}
_LONGEST = 300


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
        code, severity = _HEALTH[verdict]
        yield CheckResult(code=code, severity=severity)
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
    return CheckResult(code=CODES.get(kind, "youtube.issue_other"), severity=severity, params=params)
