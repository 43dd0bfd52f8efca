"""A folder that nothing leads out of: not ``..``, not a symbolic link, not a folder that becomes a link meanwhile."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from castcore_sdk import (
    CastCoreError,
    ConfigurationError,
    NotFoundError,
    PermanentError,
    StorageEntry,
    StoragePath,
    storage_path,
)


@dataclass(frozen=True, slots=True)
class Root:
    """The root of a local storage. All of it blocks; all of it raises CastCoreError with ``storage.*``."""

    folder: str

    def locate(self, path: StoragePath) -> Path:
        """Return the real path of something that exists inside."""
        with _errors(path):
            root = Path(self.folder).resolve()
            real = (root / storage_path(path)).resolve(strict=True)
        if not real.is_relative_to(root):
            raise ConfigurationError("storage.path_outside", params={"path": path})
        return real

    def open_file(self, path: StoragePath) -> int:
        """Open a regular file for reading."""
        # Not blocking: a named pipe would hold the thread until somebody writes.
        descriptor = self._open(path, os.O_RDONLY | os.O_NONBLOCK)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise PermanentError("storage.not_a_file", params={"path": path})
        return descriptor

    @contextmanager
    def parent(self, path: StoragePath, *, make: bool = False) -> Iterator[tuple[int, str]]:
        """Give the open folder that holds ``path``, and the name in it: nobody can move them apart any more."""
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

    def entries(self, path: StoragePath) -> Iterator[StorageEntry]:
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
                    # in a folder that is inside, it is inside: nothing is to be resolved
                    with _errors(place):
                        yield _described(place, child.stat(follow_symlinks=False))
                elif not self._leads_back(place):
                    yield self.entry(place)
            except CastCoreError:
                continue

    def entry(self, path: StoragePath) -> StorageEntry:
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
        if not opened.is_relative_to(Path(self.folder).resolve()):
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


@contextmanager
def _errors(path: str) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError) as error:  # RuntimeError: pathlib's word for links in a circle
        raise _error(error, path) from None


def _error(error: OSError | RuntimeError, path: str) -> PermanentError:
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return NotFoundError("storage.not_found", params={"path": path})
    reason = os.strerror(error.errno or 0) if isinstance(error, OSError) else str(error)
    return PermanentError("storage.refused", params={"path": path, "reason": reason})
