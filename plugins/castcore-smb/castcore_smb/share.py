"""A share: connected on first use, and again when the connection was lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from smbprotocol.exceptions import AccessDenied, SMBException
from smbprotocol.open import (
    CreateDisposition,
    CreateOptions,
    DirectoryAccessMask,
    FilePipePrinterAccessMask,
)

from castcore_sdk import CastCoreError, PermanentError, StorageEntry, StoragePath, TemporaryError
from castcore_smb.config import SmbConfig
from castcore_smb.failure import Silent, is_lost, typed
from castcore_smb.handle import children, describe, opened, set_delete
from castcore_smb.link import Link
from castcore_smb.name import share_path

T = TypeVar("T")
FAULTS = (SMBException, OSError, ValueError)
"""What smbprotocol raises; ValueError for a server that cannot be reached."""


class Share:
    """The share of one configuration. All of it blocks, raises CastCoreError and may be used by several threads."""

    def __init__(self, config: SmbConfig) -> None:
        self.config = config
        self._lock = threading.Lock()
        self._link: Link | None = None
        self._closed = False
        self._failure: tuple[float, CastCoreError] | None = None
        """When connecting failed last, and why."""

    def run(self, call: Callable[[Link], T], path: str = "", *, writing: bool = False) -> T:
        """Return ``call(link)``. A server may have ended a connection that was idle: then once more, on a new one."""
        link = self.link()
        try:
            return call(link)
        except FAULTS as error:
            if not self.gone(link, error):
                if writing and isinstance(error, AccessDenied) and not link.may_add_files:
                    raise PermanentError("smb.share_read_only", params={"share": self.config.share}) from None
                raise typed(error, self.config, path) from None
        try:
            return call(self.link())
        except FAULTS as error:
            raise typed(error, self.config, path) from None

    def link(self) -> Link:
        """Return the connection, a new one where there is none or it was lost."""
        since = time.monotonic()
        with self._lock:
            if self._closed:
                raise TemporaryError("storage.closed")
            if self._link is None or not self._link.alive:
                self._link = self._connected(since)
            return self._link

    def _connected(self, since: float) -> Link:
        if self._failure is not None and self._failure[0] >= since:
            # Somebody else has tried while this caller waited: not one after the other for each of them.
            raise self._failure[1].with_traceback(None)
        try:
            return Link.open(self.config)
        except FAULTS as error:
            failure = typed(error, self.config)
        except CastCoreError as error:
            failure = error
        self._failure = time.monotonic(), failure
        raise failure from None

    def gone(self, link: Link, error: Exception) -> bool:
        """Give up a connection that ``error`` shows to be lost; tell whether a new one may help at once."""
        lost = is_lost(error) or not link.alive
        if lost:
            with self._lock:
                if self._link is link:
                    self._link = None
            link.connection.disconnect(False)
        return lost and not isinstance(error, Silent)

    def close(self) -> None:
        """Log off; nothing can be done afterwards."""
        with self._lock:
            link, self._link, self._closed = self._link, None, True
        if link is not None:
            link.close()

    def place(self, path: StoragePath) -> str:
        """Return what the server calls ``path``."""
        return share_path(self.config.folder, path)

    def entry(self, path: StoragePath) -> StorageEntry:
        """Describe one file or folder."""
        place = self.place(path)

        def look(link: Link) -> StorageEntry:
            with opened(link, place, FilePipePrinterAccessMask.FILE_READ_ATTRIBUTES) as found:
                return describe(path, found)

        return self.run(look, path)

    def entries(self, path: StoragePath) -> list[StorageEntry]:
        """Return the children of a folder."""
        place = self.place(path)

        def read(link: Link) -> list[StorageEntry]:
            access = DirectoryAccessMask.FILE_LIST_DIRECTORY | DirectoryAccessMask.FILE_READ_ATTRIBUTES
            with opened(link, place, access, options=CreateOptions.FILE_DIRECTORY_FILE) as folder:
                return list(children(folder, path))

        return self.run(read, path)

    def make_folders(self, place: str) -> None:
        """Make a folder and those above it, where they are missing."""
        names = place.split("\\") if place else []

        def make(link: Link) -> None:
            for count in range(1, len(names) + 1):
                above = "\\".join(names[:count])
                access, options = DirectoryAccessMask.FILE_READ_ATTRIBUTES, CreateOptions.FILE_DIRECTORY_FILE
                with opened(link, above, access, options=options, disposition=CreateDisposition.FILE_OPEN_IF):
                    pass

        self.run(make, place, writing=True)

    def remove(self, path: StoragePath) -> None:
        """Delete a file or an empty folder, never the root."""
        place = self.place(path)
        if not path:
            raise PermanentError("smb.root")
        access = FilePipePrinterAccessMask.DELETE | FilePipePrinterAccessMask.FILE_READ_ATTRIBUTES

        def remove(link: Link) -> None:
            with opened(link, place, access, options=CreateOptions.FILE_OPEN_REPARSE_POINT) as found:
                set_delete(found, delete=True)

        self.run(remove, path, writing=True)
