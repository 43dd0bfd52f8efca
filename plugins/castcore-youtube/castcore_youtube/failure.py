"""What YouTube's refusals mean: which error, by reason and status.

Reasons: https://developers.google.com/youtube/v3/live/docs/errors and https://developers.google.com/youtube/v3/docs/errors
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from castcore_sdk import (
    AuthenticationError,
    CastCoreError,
    ConfigurationError,
    NotFoundError,
    PermanentError,
    TemporaryError,
)
from castcore_youtube.answer import Answer, child, children, text

LONGEST_WAIT = timedelta(hours=1)
"""What a ``Retry-After`` may ask for at most."""
_RATE = timedelta(seconds=60)

QUOTA = frozenset({"quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg"})
_TOO_FAST = frozenset(
    {"rateLimitExceeded", "userRateLimitExceeded", "userRequestsExceedRateLimit", "userBroadcastsExceedLimit"}
)
_AUTHENTICATION = frozenset({"authError", "unauthorized", "youtubeSignupRequired", "insufficientPermissions"})
_CODES: Mapping[str, tuple[type[CastCoreError], str]] = {
    "liveStreamingNotEnabled": (ConfigurationError, "youtube.live_not_enabled"),
    "livePermissionBlocked": (ConfigurationError, "youtube.live_blocked"),
    "insufficientLivePermissions": (AuthenticationError, "youtube.not_permitted"),
    "liveBroadcastBindingNotAllowed": (PermanentError, "youtube.binding_refused"),
    "invalidTransition": (PermanentError, "youtube.transition_refused"),
    "redundantTransition": (PermanentError, "youtube.transition_redundant"),
    "errorStreamInactive": (TemporaryError, "youtube.stream_inactive"),
    "errorExecutingTransition": (TemporaryError, "youtube.unavailable"),
    "accessNotConfigured": (ConfigurationError, "youtube.api_not_enabled"),
    "SERVICE_DISABLED": (ConfigurationError, "youtube.api_not_enabled"),
    "youtubeSignupRequired": (AuthenticationError, "youtube.no_channel"),
    "liveBroadcastNotFound": (NotFoundError, "youtube.broadcast_gone"),
    "liveStreamNotFound": (NotFoundError, "youtube.stream_gone"),
    "videoNotFound": (NotFoundError, "youtube.broadcast_gone"),
    "playlistNotFound": (ConfigurationError, "youtube.playlist_unknown"),
    "playlistContainsMaximumNumberOfVideos": (ConfigurationError, "youtube.playlist_full"),
    "invalidCategoryId": (ConfigurationError, "youtube.category_unknown"),
    "invalidTitle": (ConfigurationError, "youtube.title_refused"),
    "titleRequired": (ConfigurationError, "youtube.title_refused"),
    "invalidDescription": (ConfigurationError, "youtube.description_refused"),
    "invalidTags": (ConfigurationError, "youtube.tags_refused"),
    "invalidScheduledStartTime": (ConfigurationError, "youtube.start_refused"),
    "invalidImage": (PermanentError, "youtube.thumbnail_refused"),
    "mediaBodyRequired": (PermanentError, "youtube.thumbnail_refused"),
    "uploadTooLarge": (PermanentError, "youtube.thumbnail_too_large"),
}


def failure(status: int, headers: Mapping[str, str], answer: Answer, wait: timedelta) -> CastCoreError:
    """Return what a refusal becomes.

    ``wait`` is how long to stay away where YouTube does not say it itself. The detail holds the reason, never a body.
    """
    reason = refusal(answer)
    detail = f"HTTP {status} {reason}".rstrip()
    asked = _retry_after(headers)
    if status == 429 or reason in _TOO_FAST:
        return TemporaryError("youtube.too_fast", retry_after=asked or max(wait, _RATE), detail=detail)
    if status >= 500 or reason == "backendError":
        return TemporaryError("youtube.unavailable", retry_after=asked or wait, detail=detail)
    kind, code = _CODES.get(reason) or _by_status(status, reason)
    if issubclass(kind, TemporaryError):
        return TemporaryError(code, retry_after=asked or wait, detail=detail)
    return kind(code, params={"reason": reason or str(status)}, detail=detail)


def refusal(answer: Answer) -> str:
    """Return the reason that an error answer names, empty where it names none."""
    error = child(answer, "error")
    for item in (*children(error, "errors"), *children(error, "details")):
        if reason := text(item, "reason"):
            return reason[:64] if reason.isascii() and reason.replace("_", "").isalnum() else "unreadable"
    return ""


def _by_status(status: int, reason: str) -> tuple[type[CastCoreError], str]:
    if status == 401 or reason in _AUTHENTICATION:
        return AuthenticationError, "youtube.unauthorized"
    if status == 403:
        return PermanentError, "youtube.forbidden"
    if status == 404:
        return NotFoundError, "youtube.not_found"
    return PermanentError, "youtube.refused"


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Read seconds or a date (RFC 9110, 10.2.3); nonsense counts as nothing."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit() and len(value) < 10:
        return min(timedelta(seconds=int(value)), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    left = until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)
    return min(max(left, timedelta(0)), LONGEST_WAIT)
