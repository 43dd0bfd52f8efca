"""One file, written beside its place and moved there when it is whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import uuid4

from smbprotocol.exceptions import AccessDenied, ObjectNameCollision, SMBException
from smbprotocol.open import CreateDisposition, CreateOptions, FilePipePrinterAccessMask, ShareAccess

from castcore_sdk import CastCoreError, NotFoundError, PermanentError, StoragePath, TemporaryError
from castcore_smb.failure import typed
from castcore_smb.handle import Handle, open_place, rename, set_delete
from castcore_smb.link import Link
from castcore_smb.share import FAULTS, Share

LARGEST = 1 << 20
"""Bytes of one request."""


class Writer:
    """A new file. All of it blocks and raises CastCoreError.

    Until it is whole the server is told to delete it when it is closed: a broken connection leaves nothing.
    """

    def __init__(self, share: Share, path: StoragePath) -> None:
        self._share = share
        self._path = path
        self._place = share.place(path)
        if not path:
            raise PermanentError("smb.root")
        self._written = 0
        self._file = self._create()

    def add(self, data: bytes) -> None:
        """Write the next bytes."""
        rest = memoryview(data)
        with self._told():
            while rest:
                count = self._file.write(bytes(rest[: _most(self._file)]), self._written)
                if not count:  # for a broken server it would go on for ever
                    raise SMBException("nothing was taken")
                self._written += count
                rest = rest[count:]

    def finish(self) -> None:
        """Move it to its place; an older file goes."""
        with self._told():
            self._file.flush()
            set_delete(self._file, delete=False)
            try:
                rename(self._file, self._place)
            except (AccessDenied, ObjectNameCollision) as error:
                raise self._in_the_way(error) from None
            self._file.close()

    def abandon(self) -> None:
        """Leave nothing behind. No error where the server is gone."""
        with suppress(SMBException, OSError):
            set_delete(self._file, delete=True)
        with suppress(SMBException, OSError):
            self._file.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what goes wrong in the block into a CastCoreError."""
        try:
            yield
        except FAULTS as error:
            raise self._failure(error) from None

    def _create(self) -> Handle:
        folder, _, _ = self._place.rpartition("\\")
        place = "\\".join(filter(None, (folder, f".castcore-{uuid4().hex}")))
        mask = FilePipePrinterAccessMask
        access = mask.FILE_WRITE_DATA | mask.FILE_READ_ATTRIBUTES | mask.FILE_WRITE_ATTRIBUTES | mask.DELETE

        def create(link: Link) -> Handle:
            options, disposition = CreateOptions.FILE_NON_DIRECTORY_FILE, CreateDisposition.FILE_CREATE
            share = ShareAccess.FILE_SHARE_READ | ShareAccess.FILE_SHARE_DELETE
            file = open_place(link, place, access, options=options, disposition=disposition, share=share)
            set_delete(file, delete=True)
            return file

        try:
            return self._share.run(create, self._path, writing=True)
        except NotFoundError:
            self._share.make_folders(folder)
            return self._share.run(create, self._path, writing=True)

    def _in_the_way(self, error: Exception) -> CastCoreError:
        """Say why the place is not free, as the server's answer does not."""
        try:
            there = self._share.entry(self._path)
        except CastCoreError:
            return self._failure(error)
        params = {"path": self._path[:200]}
        if there.is_dir:
            return PermanentError("smb.not_a_file", params=params)
        return TemporaryError("smb.in_use", params=params)

    def _failure(self, error: Exception) -> CastCoreError:
        return typed(error, self._share.config, self._path)


def _most(file: Handle) -> int:
    """Return how many bytes the server takes in one request now."""
    connection = file.connection
    window = connection.sequence_window
    paid = max(1, window["high"] - window["low"] - 1) * (64 << 10)
    most: int = min(LARGEST, connection.max_write_size, paid)
    return most if connection.supports_multi_credit else min(most, 64 << 10)
