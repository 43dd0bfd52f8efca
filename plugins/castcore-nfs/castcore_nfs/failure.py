"""What went wrong, in the words of CastCore: what passes by itself, and what needs a person."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Mapping

from castcore_nfs.config import NfsConfig
from castcore_nfs.context import Refused, Unmounted
from castcore_sdk import (
    CastCoreError,
    ConfigurationError,
    NotFoundError,
    Params,
    PermanentError,
    TemporaryError,
)

ANSWERS: Mapping[int, tuple[type[CastCoreError], str]] = {
    errno.ENOENT: (NotFoundError, "nfs.not_found"),
    errno.ENOTDIR: (NotFoundError, "nfs.not_found"),
    errno.ENAMETOOLONG: (NotFoundError, "nfs.not_found"),
    errno.EISDIR: (PermanentError, "nfs.not_a_file"),
    errno.EACCES: (PermanentError, "nfs.access_denied"),
    errno.EPERM: (PermanentError, "nfs.access_denied"),
    errno.EROFS: (PermanentError, "nfs.read_only"),
    errno.ENOTEMPTY: (PermanentError, "nfs.not_empty"),
    errno.EEXIST: (PermanentError, "nfs.not_empty"),
    errno.EINVAL: (PermanentError, "nfs.refused"),
    errno.ELOOP: (PermanentError, "nfs.link"),
    errno.EFBIG: (PermanentError, "nfs.refused"),
    errno.ENOSPC: (TemporaryError, "nfs.disk_full"),
    errno.EDQUOT: (TemporaryError, "nfs.disk_full"),
}
"""Answers of the server (RFC 1813, 2.6) that a new connection would not change."""
SILENT = {errno.EINTR, errno.ETIMEDOUT}
"""What libnfs says when nobody answered within the time limit."""
FIELDS: Mapping[str, str] = {
    "nfs.access_denied": "uid",
    "nfs.export_denied": "export",
    "nfs.export_unknown": "export",
    "nfs.host_unknown": "host",
    "nfs.security": "export",
    "nfs.unreachable": "host",
    "nfs.version_refused": "version",
}
"""Code → the setting that an operator would look at."""


def may_pass(error: OSError) -> bool:
    """Tell whether a new connection may help at once: the old one broke, and nobody was waited for in vain."""
    return not is_answer(error) and error.errno not in SILENT


def is_answer(error: OSError) -> bool:
    """Tell whether the server answered, so that the connection is sound and asking again is no use."""
    return isinstance(error, Refused) and not isinstance(error, Unmounted) and error.errno in ANSWERS


def typed(error: OSError, config: NfsConfig, path: str = "") -> CastCoreError:
    """Return ``error`` as a CastCoreError."""
    params: Params = {"host": config.host, "export": config.export, "version": config.version, "path": path[:200]}
    number = error.errno or 0
    reason = "timed out" if number in SILENT or isinstance(error, TimeoutError) else os.strerror(number)
    params = {**params, "reason": reason}
    if isinstance(error, socket.gaierror):
        return TemporaryError("nfs.host_unknown", params=params, detail=error.strerror or "")
    if not isinstance(error, Refused):
        return TemporaryError("nfs.unreachable", params={**params, "port": config.first_port})
    if number in SILENT:
        return TemporaryError("nfs.silent", params={**params, "seconds": config.timeout})
    if isinstance(error, Unmounted):
        return _unmounted(error, params)
    if number in ANSWERS:
        kind, code = ANSWERS[number]
        return kind(code, params=params, detail=error.strerror or "")
    return TemporaryError("nfs.connection_lost", params=params, detail=error.strerror or "")


def _unmounted(error: Unmounted, params: Params) -> CastCoreError:
    words = (error.strerror or "").lower()
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return ConfigurationError("nfs.export_unknown", field="export", params=params, detail=words)
    if "wrongsec" in words or "auth" in words:
        return ConfigurationError("nfs.security", field="export", params=params, detail=words)
    if error.errno in (errno.EACCES, errno.EPERM):
        return ConfigurationError("nfs.export_denied", field="export", params=params, detail=words)
    if "mismatch" in words or "not available" in words:
        return ConfigurationError("nfs.version_refused", field="version", params=params, detail=words)
    return TemporaryError("nfs.connection_lost", params=params, detail=words)
