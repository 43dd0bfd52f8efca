"""What an answer of the service means: its error code, its status and its headers become a coded error."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx2 as httpx

from castcore_sdk import (
    AuthenticationError,
    CastCoreError,
    ConfigurationError,
    NotFoundError,
    PermanentError,
    TemporaryError,
)

_CODE = re.compile(r"<Code>\s*([A-Za-z][A-Za-z0-9.]{0,79})\s*</Code>")
_SERVER_TIME = re.compile(r"<ServerTime>\s*([0-9TZ:.+-]{10,40})\s*</ServerTime>")
_REGION = re.compile(r"<Region>\s*([a-z0-9-]{1,64})\s*</Region>")
_TOLD_STATUS = re.compile(r"status code: ([1-5][0-9]{2})\b")
_LONGEST_WAIT = timedelta(hours=1)
_SMALLEST_SKEW = timedelta(minutes=1)
"""Less is within what any service allows: it measures against another clock than the one that it tells."""

_KEY_UNKNOWN = frozenset({"InvalidAccessKeyId", "NoSuchAccessKey", "Unauthorized", "InvalidSecurity"})
_SECRET_WRONG = frozenset({"SignatureDoesNotMatch"})
_TOKEN = frozenset({"ExpiredToken", "InvalidToken", "InvalidClientTokenId", "TokenRefreshRequired"})
_ACCOUNT = frozenset({"AccountProblem", "AllAccessDisabled", "NotSignedUp", "UserSuspended"})
_SKEW = frozenset({"RequestTimeTooSkewed", "RequestExpired"})
_REGION_WRONG = frozenset(
    {"AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "PermanentRedirect", "TemporaryRedirect"}
)
_SLOW = frozenset(
    {"SlowDown", "SlowDownRead", "SlowDownWrite", "TooManyRequests", "RequestLimitExceeded", "ServiceUnavailable"}
    | {"Throttling", "ThrottlingException", "BandwidthLimitExceeded", "TooManyRequestsException"}
)
_FULL = frozenset(
    {"QuotaExceeded", "InsufficientStorage", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded"}
    | {"EntityTooLarge", "OverQuota", "StorageLimitExceeded"}
)
_STALLED = frozenset({"RequestTimeout", "IncompleteBody"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service said that was no success."""

    status: int
    body: str = ""
    """The beginning of it. It may hold what was signed: nothing of it but the error's code is shown."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""

    @property
    def code(self) -> str:
        """The service's own error code, empty where it told none."""
        found = _CODE.search(self.body)
        return found[1] if found else ""


def failure(answer: Answer, /, *, path: str = "") -> CastCoreError:
    """Return the error that ``answer`` is. ``path`` is what was asked for; empty for the bucket as a whole."""
    code, status, now = answer.code, answer.status, datetime.now(UTC)
    if code in _SKEW:
        return _skew(answer, now)
    if code in _REGION_WRONG or status in (301, 307, 308):
        return _wrong_region(answer)
    if code == "NoSuchBucket":
        return ConfigurationError("s3.no_such_bucket", field="bucket")
    if code in ("NoSuchKey", "NoSuchVersion") or (status == 404 and not code):
        return NotFoundError("storage.not_found", params={"path": path})
    if code in _FULL or status == 507:
        return TemporaryError("s3.full")
    if status == 429 or code in _SLOW or (status == 503 and not code):
        return TemporaryError("s3.slow_down", retry_after=retry_after(answer.headers, now))
    if code in _STALLED:
        return TemporaryError("s3.interrupted")
    if status >= 500:
        return TemporaryError(
            "s3.server_error", params={"status": status}, retry_after=retry_after(answer.headers, now)
        )
    return _about_rights(code, status, path) or _refused(code, status, path)


def _about_rights(code: str, status: int, path: str) -> CastCoreError | None:
    if code in _KEY_UNKNOWN or (status == 401 and not code):
        return AuthenticationError("s3.key_unknown")
    if code in _SECRET_WRONG:
        return AuthenticationError("s3.secret_wrong")
    if code in _TOKEN:
        return AuthenticationError("s3.token_expired")
    if code in _ACCOUNT:
        return AuthenticationError("s3.account_closed")
    if code == "InvalidObjectState":
        return PermanentError("s3.archived", params={"path": path})
    if code == "AccessDenied" or status == 403:
        return PermanentError("s3.denied", params={"path": path or "/"})
    return None


def _refused(code: str, status: int, path: str) -> CastCoreError:
    if status == 412:
        return PermanentError("s3.changed", params={"path": path})
    if code == "KeyTooLongError":
        return PermanentError("s3.name_too_long", params={"path": path[:100]})
    if code in ("InvalidBucketName", "InvalidRegionName"):
        name = "bucket" if code == "InvalidBucketName" else "region"
        return ConfigurationError("s3.bucket_name" if name == "bucket" else "s3.wrong_region_unknown", field=name)
    if not code:
        return ConfigurationError("s3.not_s3", field="endpoint", params={"status": status})
    return PermanentError("s3.refused", params={"problem": code, "status": status})


def _skew(answer: Answer, now: datetime) -> CastCoreError:
    offset = clock_offset(answer, now)
    if offset is None or abs(offset) < _SMALLEST_SKEW:
        return TemporaryError("s3.clock_wrong")
    code, seconds = skew(offset)
    return TemporaryError(code, params={"seconds": seconds})


def clock_offset(answer: Answer, now: datetime, /) -> timedelta | None:
    """Return how far this machine's clock is ahead of the service's, as far as the service told its time."""
    told = _SERVER_TIME.search(answer.body)
    try:
        theirs = datetime.fromisoformat(told[1]) if told else parsedate_to_datetime(answer.headers.get("date", ""))
    except (ValueError, OverflowError):
        return None
    return now - (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC))


def skew(offset: timedelta, /) -> tuple[str, int]:
    """Return the code for a clock that is ``offset`` ahead of the service's, and the seconds that its message shows."""
    seconds = round(offset.total_seconds())
    return ("s3.clock_ahead" if seconds > 0 else "s3.clock_behind"), abs(seconds)


def _wrong_region(answer: Answer) -> CastCoreError:
    found = _REGION.search(answer.body)
    region = found[1] if found else answer.headers.get("x-amz-bucket-region", "")
    if not re.fullmatch(r"[a-z0-9-]{1,64}", region):
        return ConfigurationError("s3.wrong_region_unknown", field="region")
    return ConfigurationError("s3.wrong_region", field="region", params={"region": region})


def retry_after(headers: Mapping[str, str], now: datetime, /) -> timedelta | None:
    """Read ``Retry-After``, seconds or a date (RFC 9110, 10.2.3); an hour at most, None where it is neither."""
    text = headers.get("retry-after", "").strip()
    try:
        wait = timedelta(seconds=int(text)) if text.isdecimal() else parsedate_to_datetime(text) - now
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait, timedelta()), _LONGEST_WAIT)


def told_by_obstore(error: BaseException, /) -> Answer | None:
    """Return the answer that an error of obstore tells in its text; None where there was none (no connection).

    obstore has no fields for it: "… status code: 403 Forbidden: <?xml …" is all there is, and no headers.
    """
    text = str(error)
    status = _TOLD_STATUS.search(text)
    return Answer(int(status[1]), text[status.end() : status.end() + 4096]) if status else None


def unreachable(error: httpx.TransportError, host: str, /) -> CastCoreError:
    """Return why there was no answer at all."""
    if isinstance(error, httpx.ReadTimeout | httpx.WriteTimeout | httpx.PoolTimeout):
        return TemporaryError("s3.no_answer", params={"host": host})
    for cause in _causes(error):
        for kind, judge in _JUDGES.items():
            if isinstance(cause, kind):
                return judge(cause, host)
    return TemporaryError("s3.unreachable", params={"host": host})


def _certificate(error: BaseException, host: str) -> CastCoreError:
    number = getattr(error, "verify_code", 0)
    # X509_V_ERR_*: 9, 10 not yet or no longer valid; 62, 64 name or address does not match.
    code = {9: "s3.tls_date", 10: "s3.tls_date", 62: "s3.tls_name", 64: "s3.tls_name"}.get(number, "s3.tls_unknown")
    field_at_fault = {"s3.tls_unknown": "ca_file", "s3.tls_name": "endpoint"}.get(code)
    return ConfigurationError(code, field=field_at_fault, params={"host": host})


def _tls(error: BaseException, host: str) -> CastCoreError:
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return TemporaryError("s3.unreachable", params={"host": host})
    return ConfigurationError("s3.tls_failed", field="endpoint", params={"host": host})


def _name(error: BaseException, host: str) -> CastCoreError:
    return TemporaryError("s3.host_unknown", params={"host": host})


_JUDGES: Mapping[type[BaseException], Callable[[BaseException, str], CastCoreError]] = {
    ssl.SSLCertVerificationError: _certificate,
    ssl.SSLError: _tls,
    socket.gaierror: _name,
}


def _causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and len(found) < 10:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found
