"""What an operator sees when the share is tested."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from castcore_sdk import CastCoreError, CheckResult, ConfigurationError, NotFoundError, Params, Severity, StoragePath
from castcore_smb.failure import FIELDS
from castcore_smb.link import Link
from castcore_smb.share import Share

SKEW = 300
"""Seconds that the clocks may differ: Kerberos refuses more (RFC 4120, 1.6)."""


def examine(share: Share) -> Sequence[CheckResult]:
    """Connect, look at the clock, list the folder, and see whether it can be written to. It blocks."""
    config = share.config
    try:
        link = share.link()
    except CastCoreError as error:
        return [_failed(error)]
    params: Params = {"host": config.host, "share": config.share, "version": link.dialect}
    code = "smb.connected_encrypted" if link.encrypted else "smb.connected"
    results = [CheckResult(code=code, severity=Severity.OK, params=params), *_clock(link, config.host)]
    folder: Params = {"folder": config.folder or "/", "share": config.share}
    try:
        share.entries(StoragePath(""))
    except NotFoundError:
        return [*results, _result("smb.folder_missing", Severity.ERROR, folder)]
    except CastCoreError as error:
        return [*results, _failed(error)]
    return [*results, _result("smb.writable" if link.may_add_files else "smb.readable", Severity.OK, folder)]


def skew_of(server: datetime | None, now: float) -> int:
    """Return by how many seconds the server's clock is ahead of ``now``; 0 where it does not tell."""
    return round(server.timestamp() - now) if server and server.tzinfo and server.year > 1970 else 0


def _clock(link: Link, host: str) -> Sequence[CheckResult]:
    seconds = skew_of(link.connection.server_time, link.since)
    if abs(seconds) <= SKEW:
        return []
    return [_result("smb.clock_differs", Severity.WARNING, {"host": host, "seconds": seconds})]


def _failed(error: CastCoreError) -> CheckResult:
    field = error.field if isinstance(error, ConfigurationError) else None
    return CheckResult(
        code=error.code, severity=Severity.ERROR, params=error.params, config_field=field or FIELDS.get(error.code)
    )


def _result(code: str, severity: Severity, params: Params) -> CheckResult:
    return CheckResult(code=code, severity=severity, params=params, config_field=FIELDS.get(code))
