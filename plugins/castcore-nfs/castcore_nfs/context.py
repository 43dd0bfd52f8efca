"""One mounted connection of libnfs. It belongs to one thread at a time."""

from __future__ import annotations

import ctypes
import errno
import os
import secrets
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress
from ctypes import byref, c_void_p, create_string_buffer, string_at
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from castcore_nfs.config import NfsConfig
from castcore_nfs.library import Library, Stat, library

PIECE = 1 << 20
"""Bytes of one request at most. Version 4 servers refuse larger ones; 4 MiB broke the connection to nfs-ganesha."""
KINDS = {
    1: stat.S_IFREG,
    2: stat.S_IFDIR,
    3: stat.S_IFBLK,
    4: stat.S_IFCHR,
    5: stat.S_IFLNK,
    6: stat.S_IFSOCK,
    7: stat.S_IFIFO,
}
"""Kinds of entries in a listing (RFC 1813, 2.5)."""


class Refused(OSError):
    """A call failed: the errno that libnfs made of it, and its own words."""


class Unmounted(Refused):
    """The export could not be mounted."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a server says of a file, directory or link."""

    name: str
    mode: int
    size: int
    modified_ns: int

    @property
    def modified(self) -> datetime | None:
        """When it was changed; None for what is no date."""
        try:
            return datetime.fromtimestamp(self.modified_ns / 1e9, UTC)
        except (OverflowError, ValueError, OSError):
            return None

    @property
    def etag(self) -> str:
        """Changes when the content changes."""
        return f"{self.modified_ns:x}-{self.size:x}"


class Context:
    """A mounted export. Its methods block and raise Refused."""

    def __init__(self, config: NfsConfig) -> None:
        """Connect and mount. Raise OSError of a socket, Unmounted, or ConfigurationError without libnfs."""
        self._lib: Library = library()
        # libnfs waits long for who does not answer, and tells little of it.
        socket.create_connection((config.host, config.first_port), config.timeout).close()
        self._nfs: int | None = self._lib.nfs_init_context()
        if not self._nfs:
            raise Unmounted(errno.ENOMEM, os.strerror(errno.ENOMEM))
        try:
            self._configure(config)
            self._call("nfs_mount", config.host.encode(), config.export.encode(), error=Unmounted)
        except BaseException:
            self.close()
            raise
        self.piece = min(PIECE, self._lib.nfs_get_readmax(self._nfs) or PIECE)
        longest = self._lib.edition.longest_write_4 if config.version == "4" else PIECE
        self._longest_write = min(longest, self._lib.nfs_get_writemax(self._nfs) or PIECE)
        self._buffer = create_string_buffer(PIECE)
        self._start = ctypes.addressof(self._buffer)

    def close(self) -> None:
        """Disconnect. May be called twice."""
        nfs, self._nfs = self._nfs, None
        if nfs:
            self._lib.nfs_destroy_context(nfs)

    def stat(self, path: bytes) -> Found:
        """Describe what is at a path. Raise Refused with ELOOP where a link is on the way.

        libnfs is never let follow a link: 4.0 reads beyond the end of what version 4 servers call its target, and dies
        of opening a link to a directory.
        """
        place, found = b"", self._lstat(b"/")
        for name in filter(None, path.split(b"/")):
            if stat.S_ISLNK(found.mode):
                raise Refused(errno.ELOOP, os.strerror(errno.ELOOP))
            place += b"/" + name
            found = self._lstat(place)
        return found

    def plain(self, path: bytes) -> Found:
        """Describe what is at a path and is no link. Raise Refused with ELOOP for one, or with one on the way."""
        found = self.stat(path)
        if stat.S_ISLNK(found.mode):
            raise Refused(errno.ELOOP, os.strerror(errno.ELOOP))
        return found

    def entries(self, path: bytes) -> Iterator[Found]:
        """Yield the children of a directory; names that are no text are left out."""
        self.plain(path)
        folder = c_void_p()
        self._call("nfs_opendir", path, byref(folder))
        try:
            while entry := self._lib.nfs_readdir(self._nfs, folder):
                child = entry.contents
                with suppress(UnicodeDecodeError):
                    mode = KINDS.get(child.type, 0) | child.mode & 0o7777
                    modified = child.mtime.seconds * 1_000_000_000 + child.mtime_nsec
                    yield Found(child.name.decode(), mode, child.size, modified)
        finally:
            self._lib.nfs_closedir(self._nfs, folder)

    def open(self, path: bytes, *, create: bool = False) -> int:
        """Open a file for reading, or make a new one for writing, and return its handle."""
        handle = c_void_p()
        if create:
            self.plain(path.rpartition(b"/")[0])
            self._call("nfs_open2", path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o664, byref(handle))
        else:
            if not stat.S_ISREG(self.plain(path).mode):
                raise Refused(errno.EISDIR, os.strerror(errno.EISDIR))
            self._call("nfs_open", path, os.O_RDONLY, byref(handle))
        return handle.value or 0

    def stat_open(self, handle: int) -> Found:
        """Describe an open file."""
        found = Stat()
        self._call("nfs_fstat64", handle, byref(found))
        return _found(found)

    def read(self, handle: int, offset: int, count: int) -> bytes:
        """Return up to ``count`` bytes, none at the end."""
        return string_at(self._buffer, self._done(self._lib.pread(self._alive, handle, self._start, offset, count)))

    def write(self, handle: int, offset: int, data: bytes) -> None:
        """Write up to 1 MiB."""
        ctypes.memmove(self._buffer, data, len(data))
        done = 0
        while done < len(data):
            count = min(len(data) - done, self._longest_write)
            taken = self._done(self._lib.pwrite(self._alive, handle, self._start + done, offset + done, count))
            if not taken:  # for a broken server it would go on for ever
                raise Refused(errno.EIO, os.strerror(errno.EIO))
            done += taken

    def sync(self, handle: int) -> None:
        """Have the server put everything on its disk."""
        self._call("nfs_fsync", handle)

    def close_file(self, handle: int) -> None:
        """Close an open file."""
        self._call("nfs_close", handle)

    def make_directory(self, path: bytes) -> None:
        """Make one directory."""
        self.plain(path.rpartition(b"/")[0])
        self._call("nfs_mkdir", path)

    def remove(self, path: bytes, *, directory: bool) -> None:
        """Remove a file or link, or an empty directory."""
        self.plain(path.rpartition(b"/")[0])
        self._call("nfs_rmdir" if directory else "nfs_unlink", path)

    def rename(self, old: bytes, new: bytes) -> None:
        """Move a file; what was at the new place goes."""
        self._call("nfs_rename", old, new)

    def may(self, path: bytes, mode: int) -> bool:
        """Tell whether the server lets this user read, write or enter (``os.R_OK`` and so on)."""
        try:
            self._call("nfs_access", path, mode)
        except Refused as error:
            if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
                return False
            raise
        return True

    def _lstat(self, path: bytes) -> Found:
        found = Stat()
        self._call("nfs_lstat64", path, byref(found))
        return _found(found)

    @property
    def _alive(self) -> int:
        if self._nfs is None:
            raise Refused(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
        return self._nfs

    def _configure(self, config: NfsConfig) -> None:
        lib, nfs = self._lib, self._alive
        lib.nfs_set_version(nfs, int(config.version))
        lib.nfs_set_timeout(nfs, config.timeout * 1000)
        lib.nfs_set_autoreconnect(nfs, 0)
        lib.nfs_set_dircache(nfs, 0)
        lib.nfs_set_tcp_syncnt(nfs, 3)
        # Two connections of one name would end each other's open files (RFC 7530, 9.1.1).
        lib.nfs4_set_client_name(nfs, f"castcore-{secrets.token_hex(8)}".encode())
        if config.uid is not None:
            lib.nfs_set_uid(nfs, ctypes.c_int(config.uid))
        if config.gid is not None:
            lib.nfs_set_gid(nfs, ctypes.c_int(config.gid))
        ports = {"nfsport": config.port, "mountport": config.mount_port}
        options = "&".join(f"{name}={port}" for name, port in ports.items() if port)
        if options:
            # There is no other way to name the ports; only they are read from it.
            lib.nfs_destroy_url(lib.nfs_parse_url_incomplete(nfs, f"nfs://server/?{options}".encode()))

    def _call(self, name: str, *arguments: Any, error: type[Refused] = Refused) -> None:
        self._done(getattr(self._lib, name)(self._alive, *arguments), error)

    def _done(self, result: int, error: type[Refused] = Refused) -> int:
        if result < 0:
            words = self._lib.nfs_get_error(self._nfs) or b""
            raise error(-result, words.decode("utf-8", "replace"))
        return result


def _found(found: Stat) -> Found:
    return Found("", found.mode, found.size, found.mtime * 1_000_000_000 + found.mtime_nsec)
