"""The functions of libnfs that are used, as its header declares them.

The binding of the same name holds Python's lock during each call: a server that hangs would stop the whole process.
Calls through ctypes give it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from ctypes import CDLL, POINTER, Structure, c_char_p, c_int, c_long, c_uint32, c_uint64, c_void_p
from dataclasses import dataclass
from functools import cache
from typing import Any

from castcore_sdk import ConfigurationError


@dataclass(frozen=True, slots=True)
class Edition:
    """What differs between the versions of the library."""

    soname: str
    buffer_first: bool = False
    """Whether reads and writes name the buffer before the place in the file."""
    longest_write_4: int = 1 << 20
    """Bytes that NFS 4 can write in one request. libnfs 4.0 has room for 4 KiB with everything around them."""


EDITIONS = (
    Edition("libnfs.so.16", buffer_first=True),  # 6.0
    Edition("libnfs.so.14"),  # 5.0
    Edition("libnfs.so.13", longest_write_4=3840),  # 4.0
)
"""The libraries that are known, the newest first."""


class Stat(Structure):
    """``struct nfs_stat_64``."""

    _fields_ = [
        (name, c_uint64)
        for name in (
            *("dev", "ino", "mode", "nlink", "uid", "gid", "rdev", "size", "blksize", "blocks"),
            *("atime", "mtime", "ctime", "atime_nsec", "mtime_nsec", "ctime_nsec", "used"),
        )
    ]


class Time(Structure):
    """``struct timeval``."""

    _fields_ = [("seconds", c_long), ("micros", c_long)]


class DirectoryEntry(Structure):
    """``struct nfsdirent``."""

    _fields_ = [
        *(("next", c_void_p), ("name", c_char_p), ("inode", c_uint64), ("type", c_uint32), ("mode", c_uint32)),
        *(("size", c_uint64), ("atime", Time), ("mtime", Time), ("ctime", Time)),
        *((name, c_uint32) for name in ("uid", "gid", "nlink")),
        *((name, c_uint64) for name in ("dev", "rdev", "blksize", "blocks", "used")),
        *((name, c_uint32) for name in ("atime_nsec", "mtime_nsec", "ctime_nsec")),
    ]


_CONTEXT = c_void_p
_HANDLE = c_void_p
_SIGNATURES: Mapping[str, tuple[Any, list[Any]]] = {
    "nfs_init_context": (_CONTEXT, []),
    "nfs_destroy_context": (None, [_CONTEXT]),
    "nfs_get_error": (c_char_p, [_CONTEXT]),
    "nfs_set_version": (c_int, [_CONTEXT, c_int]),
    "nfs_set_uid": (None, [_CONTEXT, c_int]),
    "nfs_set_gid": (None, [_CONTEXT, c_int]),
    "nfs_set_timeout": (None, [_CONTEXT, c_int]),
    "nfs_set_autoreconnect": (None, [_CONTEXT, c_int]),
    "nfs_set_dircache": (None, [_CONTEXT, c_int]),
    "nfs_set_tcp_syncnt": (None, [_CONTEXT, c_int]),
    "nfs4_set_client_name": (None, [_CONTEXT, c_char_p]),
    "nfs_parse_url_incomplete": (c_void_p, [_CONTEXT, c_char_p]),
    "nfs_destroy_url": (None, [c_void_p]),
    "nfs_mount": (c_int, [_CONTEXT, c_char_p, c_char_p]),
    "nfs_get_readmax": (c_uint64, [_CONTEXT]),
    "nfs_get_writemax": (c_uint64, [_CONTEXT]),
    "nfs_access": (c_int, [_CONTEXT, c_char_p, c_int]),
    "nfs_lstat64": (c_int, [_CONTEXT, c_char_p, POINTER(Stat)]),
    "nfs_fstat64": (c_int, [_CONTEXT, _HANDLE, POINTER(Stat)]),
    "nfs_opendir": (c_int, [_CONTEXT, c_char_p, POINTER(c_void_p)]),
    "nfs_readdir": (POINTER(DirectoryEntry), [_CONTEXT, c_void_p]),
    "nfs_closedir": (None, [_CONTEXT, c_void_p]),
    "nfs_open": (c_int, [_CONTEXT, c_char_p, c_int, POINTER(_HANDLE)]),
    "nfs_open2": (c_int, [_CONTEXT, c_char_p, c_int, c_int, POINTER(_HANDLE)]),
    "nfs_close": (c_int, [_CONTEXT, _HANDLE]),
    "nfs_fsync": (c_int, [_CONTEXT, _HANDLE]),
    "nfs_mkdir": (c_int, [_CONTEXT, c_char_p]),
    "nfs_rmdir": (c_int, [_CONTEXT, c_char_p]),
    "nfs_unlink": (c_int, [_CONTEXT, c_char_p]),
    "nfs_rename": (c_int, [_CONTEXT, c_char_p, c_char_p]),
}


class Library:
    """libnfs, loaded."""

    def __init__(self, edition: Edition) -> None:
        """Load it. Raise OSError where it is not there, AttributeError where it is another library."""
        self._loaded = loaded = CDLL(edition.soname)
        self.edition = edition
        place = [c_void_p, c_uint64, c_uint64] if edition.buffer_first else [c_uint64, c_uint64, c_void_p]
        signatures = {**_SIGNATURES, "nfs_pread": (c_int, [_CONTEXT, _HANDLE, *place])}
        signatures["nfs_pwrite"] = signatures["nfs_pread"]
        for name, (result, arguments) in signatures.items():
            function = getattr(loaded, name)
            function.restype, function.argtypes = result, arguments

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loaded, name)

    def pread(self, context: int, handle: int, buffer: int, offset: int, count: int) -> int:
        """Read into the buffer; return the bytes read, or a negative errno."""
        return self._moved(self._loaded.nfs_pread, context, handle, buffer, offset, count)

    def pwrite(self, context: int, handle: int, buffer: int, offset: int, count: int) -> int:
        """Write from the buffer; return the bytes written, or a negative errno."""
        return self._moved(self._loaded.nfs_pwrite, context, handle, buffer, offset, count)

    def _moved(self, call: Any, context: int, handle: int, buffer: int, offset: int, count: int) -> int:
        if self.edition.buffer_first:
            return int(call(context, handle, buffer, count, offset))
        return int(call(context, handle, offset, count, buffer))


@cache
def library() -> Library:
    """Load libnfs. Raise ConfigurationError ``nfs.library_missing``."""
    for edition in EDITIONS:
        with suppress(OSError, AttributeError):
            return Library(edition)
    known = ", ".join(edition.soname for edition in EDITIONS)
    raise ConfigurationError("nfs.library_missing", params={"known": known})
