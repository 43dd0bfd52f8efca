"""What went wrong, in the words of CastCore: what passes by itself, and what needs a person."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

from smbprotocol.exceptions import (
    SMBAuthenticationError,
    SMBConnectionClosed,
    SMBException,
    SMBOSError,
    SMBResponseException,
)
from smbprotocol.header import NtStatus

from castcore_sdk import (
    AuthenticationError,
    CastCoreError,
    ConfigurationError,
    NotFoundError,
    Params,
    PermanentError,
    TemporaryError,
)
from castcore_smb.config import SmbConfig


class Silent(SMBException):  # type: ignore[misc]
    """The server did not answer in time."""


STOPPED_ON_SYMLINK = 0x8000002D
MEDIA_WRITE_PROTECTED = 0xC00000A2
DISK_FULL = {NtStatus.STATUS_DISK_FULL, 0xC0000044, 0xC0000802, 0xC0000904}
"""Disk full, quota exceeded (of the file system, of the share), file too large for it."""
MISSING = {
    NtStatus.STATUS_NO_SUCH_FILE,
    NtStatus.STATUS_NOT_FOUND,
    NtStatus.STATUS_OBJECT_NAME_NOT_FOUND,
    NtStatus.STATUS_OBJECT_PATH_NOT_FOUND,
    NtStatus.STATUS_OBJECT_NAME_INVALID,
    NtStatus.STATUS_OBJECT_PATH_INVALID,
    NtStatus.STATUS_OBJECT_PATH_SYNTAX_BAD,
    NtStatus.STATUS_NOT_A_DIRECTORY,
    NtStatus.STATUS_DELETE_PENDING,
}
LOST = {
    NtStatus.STATUS_NETWORK_NAME_DELETED,
    NtStatus.STATUS_USER_SESSION_DELETED,
    NtStatus.STATUS_FILE_CLOSED,
    0xC000035C,  # session expired
    0xC000020C,  # connection disconnected
    0xC000020D,  # connection reset
}
"""Answers after which a new connection may help at once."""

_Row = tuple[type[CastCoreError], str, str | None]
STATUSES: Mapping[int, _Row] = {
    NtStatus.STATUS_LOGON_FAILURE: (AuthenticationError, "smb.password_refused", "password"),
    NtStatus.STATUS_WRONG_PASSWORD: (AuthenticationError, "smb.password_refused", "password"),
    NtStatus.STATUS_PASSWORD_EXPIRED: (AuthenticationError, "smb.password_expired", "password"),
    0xC0000224: (AuthenticationError, "smb.password_expired", "password"),  # has to be changed first
    0xC000006E: (AuthenticationError, "smb.account_refused", "username"),  # restricted, such as an empty password
    0xC000006F: (AuthenticationError, "smb.account_refused", "username"),  # not at this hour
    0xC0000070: (AuthenticationError, "smb.account_refused", "username"),  # not from this machine
    0xC0000072: (AuthenticationError, "smb.account_refused", "username"),  # disabled
    0xC000015B: (AuthenticationError, "smb.account_refused", "username"),  # no right to log on over the network
    0xC0000193: (AuthenticationError, "smb.account_refused", "username"),  # expired
    0xC0000234: (AuthenticationError, "smb.account_refused", "username"),  # locked out
    0xC0000133: (TemporaryError, "smb.clock_skew", None),  # the server's and its domain controller's
    0xC000005E: (TemporaryError, "smb.no_domain_controller", "domain"),
    NtStatus.STATUS_BAD_NETWORK_NAME: (ConfigurationError, "smb.share_unknown", "share"),
    NtStatus.STATUS_PATH_NOT_COVERED: (ConfigurationError, "smb.dfs_link", "share"),
    NtStatus.STATUS_FILE_IS_A_DIRECTORY: (PermanentError, "smb.not_a_file", None),
    NtStatus.STATUS_DIRECTORY_NOT_EMPTY: (PermanentError, "smb.not_empty", None),
    NtStatus.STATUS_OBJECT_NAME_COLLISION: (TemporaryError, "smb.in_use", None),
    STOPPED_ON_SYMLINK: (PermanentError, "smb.link", None),
    MEDIA_WRITE_PROTECTED: (PermanentError, "smb.share_read_only", None),
    NtStatus.STATUS_ACCESS_DENIED: (PermanentError, "smb.access_denied", None),
    NtStatus.STATUS_PRIVILEGE_NOT_HELD: (PermanentError, "smb.access_denied", None),
    NtStatus.STATUS_CANNOT_DELETE: (PermanentError, "smb.access_denied", None),
    NtStatus.STATUS_SHARING_VIOLATION: (TemporaryError, "smb.in_use", None),
    0xC0000054: (TemporaryError, "smb.in_use", None),  # a lock on the bytes
    NtStatus.STATUS_REQUEST_NOT_ACCEPTED: (TemporaryError, "smb.busy", None),
    NtStatus.STATUS_INSUFF_SERVER_RESOURCES: (TemporaryError, "smb.busy", None),
    NtStatus.STATUS_INSUFFICIENT_RESOURCES: (TemporaryError, "smb.busy", None),
    NtStatus.STATUS_SERVER_UNAVAILABLE: (TemporaryError, "smb.busy", None),
    NtStatus.STATUS_IO_TIMEOUT: (TemporaryError, "smb.busy", None),
    **dict.fromkeys(DISK_FULL, (TemporaryError, "smb.disk_full", None)),
    **dict.fromkeys(MISSING, (NotFoundError, "smb.not_found", None)),
    **dict.fromkeys(LOST, (TemporaryError, "smb.connection_lost", None)),
}
"""Status of the server (MS-ERREF 2.3.1) → what it means here, and the setting at fault."""
FIELDS = {code: field for _, code, field in STATUSES.values() if field} | {
    "smb.encryption_impossible": "encryption",
    "smb.folder_missing": "folder",
    "smb.guest_cannot_sign": "username",
    "smb.host_unknown": "host",
    "smb.share_denied": "share",
    "smb.unreachable": "host",
    "smb.user_unknown": "username",
    "smb.no_smb": "host",
}
"""Code → the setting that an operator would look at."""


def status_of(error: BaseException) -> int | None:
    """Return the status that the server answered with, None where it did not answer."""
    if isinstance(error, SMBResponseException):
        return int(error.status)
    return int(error.ntstatus) if isinstance(error, SMBOSError) else None


def is_lost(error: BaseException) -> bool:
    """Tell whether a new connection may help at once: the server ended this one."""
    return status_of(error) in LOST or isinstance(error, (SMBConnectionClosed, ConnectionError))


def typed(error: Exception, config: SmbConfig, path: str = "") -> CastCoreError:
    """Return ``error`` as a CastCoreError. It holds no secret: no text of the library is shown."""
    if isinstance(error, CastCoreError):
        return error
    params: Params = {"host": config.host, "port": config.port, "share": config.share, "path": path[:200]}
    status = status_of(error)
    if status is not None:
        return _answered(status, params)
    if isinstance(error, SMBAuthenticationError):
        # Kerberos tells it in words alone (RFC 4120, KRB_AP_ERR_SKEW).
        if "skew" in str(error).lower():
            return TemporaryError("smb.clock_skew", params=params)
        return AuthenticationError("smb.password_refused", params=params)
    cause = error.__cause__ if isinstance(error, ValueError) else error
    if isinstance(cause, socket.gaierror):
        return TemporaryError("smb.host_unknown", params=params, detail=cause.strerror or "")
    if isinstance(cause, OSError) and not isinstance(error, SMBException):
        reason = "timed out" if isinstance(cause, TimeoutError) else os.strerror(cause.errno or 0)
        code = "smb.connection_lost" if cause is error else "smb.unreachable"
        return TemporaryError(code, params={**params, "reason": reason})
    if isinstance(error, Silent):
        return TemporaryError("smb.silent", params={**params, "seconds": config.timeout})
    return TemporaryError("smb.connection_lost", params=params, detail=type(error).__name__)


def _answered(status: int, params: Params) -> CastCoreError:
    kind, code, field = STATUSES.get(status, (TemporaryError, "smb.refused", None))
    params = {**params, "status": f"0x{status:08X}"}
    if issubclass(kind, ConfigurationError):
        return kind(code, field=field, params=params)
    return kind(code, params=params)
