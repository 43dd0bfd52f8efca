"""A folder of this machine that nothing leads out of, and a storage that is one."""

from __future__ import annotations

import errno
import os
import stat
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from castcore_sdk.blocking import BlockingReader, BlockingWriter, WritableBlockingStorage
from castcore_sdk.errors import CastCoreError, ConfigurationError, NotFoundError, PermanentError, TemporaryError
from castcore_sdk.extension import ConfigT
from castcore_sdk.storage import StorageEntry, StoragePath, storage_path

CHUNK = 1 << 20
_PASSING = frozenset(
    {
        *(errno.EAGAIN, errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.ESTALE, errno.ETIMEDOUT),
        *(errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENOTCONN, errno.ECONNRESET, errno.ENODEV),
    }
)
"""What a full disk and a mount of a server that is away answer."""


@dataclass(frozen=True, slots=True)
class Folder:
    """The root of a storage: not ``..``, no symbolic link and no folder that becomes one meanwhile leads out of it.

    All of it blocks; all of it raises CastCoreError with ``storage.*``.
    """

    path: str

    def locate(self, path: StoragePath, /) -> Path:
        """Return the real path of something that exists inside."""
        with _errors(path):
            root = Path(self.path).resolve()
            real = (root / storage_path(path)).resolve(strict=True)
        if not real.is_relative_to(root):
            raise ConfigurationError("storage.path_outside", params={"path": path})
        return real

    def open_file(self, path: StoragePath, /) -> int:
        """Open a regular file for reading."""
        # Not blocking: a named pipe would hold the thread until somebody writes.
        descriptor = self._open(path, os.O_RDONLY | os.O_NONBLOCK)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise PermanentError("storage.not_a_file", params={"path": path})
        return descriptor

    @contextmanager
    def parent(self, path: StoragePath, /, *, make: bool = False) -> Iterator[tuple[int, str]]:
        """Give the open folder that holds ``path``, and the name in it: nobody can move them apart any more.

        An OSError in the block becomes a CastCoreError.
        """
        folder, _, name = storage_path(path).rpartition("/")
        if not name:
            raise ConfigurationError("storage.path_invalid")
        if make:
            self._make_folders(folder)
        descriptor = self._open(StoragePath(folder), os.O_RDONLY | os.O_DIRECTORY)
        try:
            with _errors(path):
                yield descriptor, name
        finally:
            os.close(descriptor)

    def entries(self, path: StoragePath, /) -> Iterator[StorageEntry]:
        """Yield the children by name.

        Left out are links out of the root, links to a folder that they lie in, special files, and names that are no
        text.
        """
        real = self.locate(path)
        with _errors(path), os.scandir(real) as scanned:
            children = sorted(scanned, key=lambda child: child.name)
        for child in children:
            try:
                place = storage_path(f"{path}/{child.name}" if path else child.name)
                if not child.is_symlink():
                    # In a folder that is inside, it is inside: nothing has to be resolved.
                    with _errors(place):
                        yield _described(place, child.stat(follow_symlinks=False))
                elif not self._leads_back(place):
                    yield self.entry(place)
            except CastCoreError:
                continue

    def entry(self, path: StoragePath, /) -> StorageEntry:
        """Describe one file or directory."""
        with _errors(path):
            return _described(path, self.locate(path).stat())

    def _leads_back(self, link: StoragePath) -> bool:
        """Say whether a link leads to a folder on the way to itself: whoever follows it never comes to an end."""
        target = self.locate(link)
        parts = link.split("/")
        return any(self.locate(StoragePath("/".join(parts[:depth]))) == target for depth in range(len(parts)))

    def _open(self, path: StoragePath, flags: int) -> int:
        real = self.locate(path)
        with _errors(path):
            descriptor = os.open(real, flags | os.O_CLOEXEC | os.O_NOFOLLOW)
            # A folder may have become a link since it was looked at: what counts is what was opened.
            opened = Path(f"/proc/self/fd/{descriptor}").readlink()
        if not opened.is_relative_to(Path(self.path).resolve()):
            os.close(descriptor)
            raise ConfigurationError("storage.path_outside", params={"path": path})
        return descriptor

    def _make_folders(self, folder: str) -> None:
        made = ""
        for name in filter(None, folder.split("/")):
            parent = self._open(StoragePath(made), os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.mkdir(name, dir_fd=parent)
            except FileExistsError:
                pass
            except OSError as error:
                raise _error(error, folder) from None
            finally:
                os.close(parent)
            made = f"{made}/{name}" if made else name


def _described(path: StoragePath, found: os.stat_result) -> StorageEntry:
    is_dir = stat.S_ISDIR(found.st_mode)
    if not is_dir and not stat.S_ISREG(found.st_mode):
        raise PermanentError("storage.not_a_file", params={"path": path})
    return StorageEntry(
        path=path,
        is_dir=is_dir,
        size=None if is_dir else found.st_size,
        modified=datetime.fromtimestamp(found.st_mtime, UTC),
        etag=None if is_dir else f"{found.st_mtime_ns:x}-{found.st_size:x}",
    )


class FolderStorage(WritableBlockingStorage[ConfigT]):
    """A storage whose files are a folder of this machine, or what is mounted there: say which in ``folder``."""

    @abstractmethod
    def folder(self) -> Folder:
        """Return the root. It is asked for each use, in a thread: raise TemporaryError where it is not there now."""

    def entries(self, path: StoragePath, /) -> Iterator[StorageEntry]:
        """Yield the children that can be reached; links out of the root and special files are left out."""
        return self.folder().entries(path)

    def entry(self, path: StoragePath, /) -> StorageEntry:
        """Describe one file or directory."""
        return self.folder().entry(path)

    def reader(self, path: StoragePath, offset: int, length: int | None, /) -> BlockingReader:
        """Open a file."""
        return _Reader(self.folder(), path, offset, length)

    def writer(self, path: StoragePath, /) -> BlockingWriter:
        """Begin a new file."""
        return _Writer(self.folder(), path)

    def remove(self, path: StoragePath, /) -> None:
        """Remove a file, a link or an empty directory, never the root."""
        with self.folder().parent(path) as (folder, name):
            try:
                os.unlink(name, dir_fd=folder)
            except IsADirectoryError:
                os.rmdir(name, dir_fd=folder)


class _Reader:
    def __init__(self, folder: Folder, path: StoragePath, offset: int, length: int | None) -> None:
        self._descriptor = folder.open_file(path)
        self._path = path
        self._offset = offset
        self._end = None if length is None else offset + length

    def piece(self) -> bytes:
        wanted = CHUNK if self._end is None else min(CHUNK, self._end - self._offset)
        with _errors(self._path):
            data = os.pread(self._descriptor, max(wanted, 0), self._offset)
        self._offset += len(data)
        return data

    def close(self) -> None:
        os.close(self._descriptor)


class _Writer:
    def __init__(self, folder: Folder, path: StoragePath) -> None:
        self._part = f".castcore-{uuid4().hex}"
        self._path = path
        with ExitStack() as stack:
            self._folder, self._name = stack.enter_context(folder.parent(path, make=True))
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            self._descriptor = os.open(self._part, flags, 0o666, dir_fd=self._folder)
            self._open = stack.pop_all()

    def add(self, data: bytes, /) -> None:
        rest = memoryview(data)
        with _errors(self._path):
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]

    def finish(self) -> None:
        with _errors(self._path):
            os.fsync(self._descriptor)
            os.replace(self._part, self._name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        os.close(self._descriptor)
        self._open.close()

    def abandon(self) -> None:
        os.close(self._descriptor)
        with self._open, suppress(OSError):
            os.unlink(self._part, dir_fd=self._folder)


@contextmanager
def _errors(path: str) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError) as error:  # RuntimeError: pathlib's word for links in a circle
        raise _error(error, path) from None


def _error(error: OSError | RuntimeError, path: str) -> CastCoreError:
    path = path or "/"  # an empty name in a sentence tells nobody that it is the root
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return NotFoundError("storage.not_found", params={"path": path})
    reason = os.strerror(error.errno or 0) if isinstance(error, OSError) else str(error)
    passing = isinstance(error, OSError) and error.errno in _PASSING
    return (TemporaryError if passing else PermanentError)("storage.refused", params={"path": path, "reason": reason})
