"""Single requests on an open file or folder."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from smbprotocol.exceptions import NoMoreFiles, NoSuchFile, SMBException
from smbprotocol.file_info import (
    FileAttributes,
    FileDispositionInformation,
    FileInformationClass,
    FileRenameInformation,
)
from smbprotocol.open import (
    CreateDisposition,
    ImpersonationLevel,
    Open,
    QueryDirectoryFlags,
    ShareAccess,
    SMB2QueryDirectoryResponse,
    SMB2SetInfoRequest,
)

from castcore_sdk import StorageEntry, StoragePath
from castcore_smb.link import Link
from castcore_smb.name import is_name

Handle: TypeAlias = Any
"""An open file or folder: smbprotocol's ``Open``, which has no types."""
LISTING = 64 << 10
"""Bytes of one part of a listing, about 400 names: what one credit pays for."""
EVERYBODY = ShareAccess.FILE_SHARE_READ | ShareAccess.FILE_SHARE_WRITE | ShareAccess.FILE_SHARE_DELETE
SYMLINK = 0xA000000C
"""The tag of links that the server leaves to its clients (MS-FSCC 2.1.2.1)."""
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_ENTRY = struct.Struct("<I 20x Q 8x Q 8x III")
"""FileFullDirectoryInformation (MS-FSCC 2.4.14): next, last write, size, attributes, length of the name, tag."""


@contextmanager
def opened(
    link: Link,
    place: str,
    access: int,
    *,
    options: int = 0,
    disposition: int = CreateDisposition.FILE_OPEN,
    share: int = EVERYBODY,
) -> Iterator[Handle]:
    """Open a file or folder for the time of the block."""
    found = open_place(link, place, access, options=options, disposition=disposition, share=share)
    try:
        yield found
    finally:
        # What happened in the block counts; a handle that cannot be closed goes with its connection.
        with suppress(SMBException, OSError):
            found.close()


def open_place(
    link: Link,
    place: str,
    access: int,
    *,
    options: int = 0,
    disposition: int = CreateDisposition.FILE_OPEN,
    share: int = EVERYBODY,
) -> Handle:
    """Open a file or folder."""
    found = Open(link.tree, place)
    kind = FileAttributes.FILE_ATTRIBUTE_NORMAL
    found.create(ImpersonationLevel.Impersonation, access, kind, share, disposition, options)
    return found


def send_close(link: Link, found: Handle) -> None:
    """Close a file without waiting for the answer, which comes behind everything else that is under way."""
    tree = found.tree_connect
    request, _ = found.close(send=False)
    link.forget(link.connection.send(request, tree.session.session_id, tree.tree_connect_id))
    tree.session.open_table.pop(found.file_id, None)


def describe(path: StoragePath, found: Handle) -> StorageEntry:
    """Return what the server said when it opened ``found``."""
    modified = found.last_write_time if found.last_write_time.tzinfo else None
    return _entry(path, found.file_attributes, found.end_of_file, modified)


def children(folder: Handle, path: StoragePath) -> Iterator[StorageEntry]:
    """Yield the children of an open folder; links that the server leaves to its clients are left out."""
    flags = QueryDirectoryFlags.SMB2_RESTART_SCANS
    while True:
        request, _ = folder.query_directory(
            "*", FileInformationClass.FILE_FULL_DIRECTORY_INFORMATION, flags=flags, max_output=LISTING, send=False
        )
        try:
            data = _ask(folder, request)
        except (NoMoreFiles, NoSuchFile):
            return
        answer = SMB2QueryDirectoryResponse()
        answer.unpack(data)
        yield from parse_listing(answer["buffer"].get_value(), path)
        flags = 0


def parse_listing(data: bytes, path: StoragePath) -> Iterator[StorageEntry]:
    """Yield the entries of one part of a listing. Raise SMBException for what is none."""
    offset = 0
    while True:
        if offset + _ENTRY.size > len(data):
            raise SMBException("a listing ends in the middle")
        step, written, size, attributes, length, tag = _ENTRY.unpack_from(data, offset)
        start = offset + _ENTRY.size
        name = data[start : start + length].decode("utf-16-le", "replace")
        linked = attributes & FileAttributes.FILE_ATTRIBUTE_REPARSE_POINT and tag == SYMLINK
        if is_name(name) and not linked:
            place = StoragePath(f"{path}/{name}" if path else name)
            yield _entry(place, attributes, size, _time(written))
        if not step:
            return
        offset += step


def set_delete(found: Handle, *, delete: bool) -> None:
    """Say whether the server removes the file when it is closed, also when the connection breaks."""
    info = FileDispositionInformation()
    info["delete_pending"] = delete
    _set(found, info)


def rename(found: Handle, place: str) -> None:
    """Move an open file to ``place``; an older file goes."""
    info = FileRenameInformation()
    info["replace_if_exists"] = True
    info["file_name"] = place
    _set(found, info)


def _set(found: Handle, info: Any) -> None:
    request = SMB2SetInfoRequest()
    request["info_type"] = info.INFO_TYPE
    request["file_info_class"] = info.INFO_CLASS
    request["file_id"] = found.file_id
    request["buffer"] = info
    _ask(found, request)


def _ask(found: Handle, request: Any) -> bytes:
    tree = found.tree_connect
    sent = found.connection.send(request, tree.session.session_id, tree.tree_connect_id)
    data: bytes = found.connection.receive(sent)["data"].get_value()
    return data


def _entry(path: StoragePath, attributes: int, size: int, modified: datetime | None) -> StorageEntry:
    is_dir = bool(attributes & FileAttributes.FILE_ATTRIBUTE_DIRECTORY)
    stamp = int(modified.timestamp() * 1_000_000) if modified else 0
    return StorageEntry(
        path=path,
        is_dir=is_dir,
        size=None if is_dir else size,
        modified=modified,
        etag=None if is_dir else f"{stamp:x}-{size:x}",
    )


def _time(filetime: int) -> datetime | None:
    """Return 100 ns since 1601 as a time; None for what is no date."""
    try:
        return _EPOCH + timedelta(microseconds=filetime // 10)
    except OverflowError:
        return None
