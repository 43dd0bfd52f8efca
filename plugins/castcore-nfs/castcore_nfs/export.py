"""An export: as many connections as are in use, kept for a while afterwards."""

from __future__ import annotations

import errno
import stat
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from castcore_nfs.config import NfsConfig
from castcore_nfs.context import Context, Found, Refused
from castcore_nfs.failure import is_answer, may_pass, typed
from castcore_sdk import NotFoundError, PermanentError, StorageEntry, StoragePath, TemporaryError, storage_path

T = TypeVar("T")
KEPT = 4
"""Connections that wait for the next call."""
IDLE = 20.0
"""Seconds for which they wait. Version 4 servers forget a silent client (RFC 7530, 9.5), most after 90 s."""


class Export:
    """The export of one configuration. All of it blocks, raises CastCoreError and may be used by several threads."""

    def __init__(self, config: NfsConfig) -> None:
        self.config = config
        self._lock = threading.Lock()
        self._idle: list[tuple[float, Context]] = []
        self._closed = False

    def run(self, call: Callable[[Context], T], path: str = "") -> T:
        """Return ``call(context)``."""
        context, result = self.hold(call, path)
        self.give(context)
        return result

    def hold(self, call: Callable[[Context], T], path: str = "", *, fresh: bool = False) -> tuple[Context, T]:
        """Return a connection for the caller alone, and ``call(context)``.

        A connection that was idle may be gone: then once more, on a new one.
        """
        context, new = self._take(path, fresh=fresh)
        try:
            return context, call(context)
        except Refused as error:
            if is_answer(error):
                self.give(context)
            else:
                context.close()
                if may_pass(error) and not new:
                    return self.hold(call, path, fresh=True)
            raise typed(error, self.config, path) from None
        except BaseException:
            context.close()
            raise

    def give(self, context: Context) -> None:
        """Take back a connection that is sound."""
        with self._lock:
            if not self._closed and len(self._idle) < KEPT:
                self._idle.append((time.monotonic(), context))
                return
        context.close()

    def _take(self, path: str, *, fresh: bool) -> tuple[Context, bool]:
        """Return a connection that nobody else uses, and whether it is new."""
        now = time.monotonic()
        while True:
            with self._lock:
                if self._closed:
                    raise TemporaryError("storage.closed")
                if fresh or not self._idle:
                    break
                since, context = self._idle.pop()
            if now - since < IDLE:
                return context, False
            context.close()
        try:
            return Context(self.config), True
        except OSError as error:
            raise typed(error, self.config, path) from None

    def close(self) -> None:
        """Disconnect; nothing can be done afterwards."""
        with self._lock:
            idle, self._idle, self._closed = self._idle, [], True
        for _, context in idle:
            context.close()

    def entry(self, path: StoragePath) -> StorageEntry:
        """Describe one file or directory."""
        place = located(path)
        return described(path, self.run(lambda context: context.plain(place), path))

    def entries(self, path: StoragePath) -> list[StorageEntry]:
        """Return the children of a directory; what is neither file nor directory is left out."""
        place = located(path)

        def read(context: Context) -> list[StorageEntry]:
            found = [child for child in context.entries(place) if child.name not in (".", "..")]
            return [entry for child in found for entry in _listed(context, path, child)]

        return self.run(read, path)

    def remove(self, path: StoragePath) -> None:
        """Delete a file, a link or an empty directory, never the root."""
        place = located(path)
        if not path:
            raise PermanentError("nfs.root")

        def remove(context: Context) -> None:
            context.remove(place, directory=stat.S_ISDIR(context.stat(place).mode))

        self.run(remove, path)

    def make_directories(self, place: bytes) -> None:
        """Make a directory and those above it, where they are missing."""
        names = place.strip(b"/").split(b"/")

        def make(context: Context) -> None:
            for count in range(1, len(names) + 1):
                try:
                    context.make_directory(b"/" + b"/".join(names[:count]))
                except Refused as error:
                    if error.errno != errno.EEXIST:
                        raise

        self.run(make, place.decode())


def located(path: StoragePath) -> bytes:
    """Return the path on the export. Raise NotFoundError for what no server could hold."""
    place = b"/" + storage_path(path).encode()
    if len(place) > 4096 or any(len(name) > 255 for name in place.split(b"/")):
        raise NotFoundError("nfs.not_found", params={"path": path[:200]})
    return place


def described(path: StoragePath, found: Found) -> StorageEntry:
    """Return what was found as an entry. Raise PermanentError ``nfs.not_a_file`` for devices and the like."""
    is_dir = stat.S_ISDIR(found.mode)
    if not is_dir and not stat.S_ISREG(found.mode):
        raise PermanentError("nfs.not_a_file", params={"path": path[:200]})
    return StorageEntry(
        path=path,
        is_dir=is_dir,
        size=None if is_dir else found.size,
        modified=found.modified,
        etag=None if is_dir else found.etag,
    )


def _listed(context: Context, path: StoragePath, child: Found) -> list[StorageEntry]:
    place = StoragePath(f"{path}/{child.name}" if path else child.name)
    try:
        # A server may list a name and say nothing of it.
        return [described(place, child if stat.S_IFMT(child.mode) else context.plain(located(place)))]
    except (PermanentError, Refused) as error:
        if isinstance(error, Refused) and not is_answer(error):
            raise
        return []
