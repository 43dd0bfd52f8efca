"""castcore-smb keeps the contract of storages on a real smbd, in every kind of connection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pytest

from castcore_sdk import StoragePath
from castcore_sdk.testing import StorageConformance
from castcore_smb import backend as smb
from servers.samba import Samba


@pytest.fixture(scope="module")
def server() -> Iterator[Samba]:
    with Samba() as server:
        yield server


class TestSigned(StorageConformance):
    extension = smb.SmbStorage
    share: ClassVar[str] = "media"
    other: ClassVar[Mapping[str, Any]] = {}

    @pytest.fixture(autouse=True)
    def _server(self, server: Samba) -> None:
        self.server = server
        self.config = server.settings(self.share, **self.other)


class TestEncrypted(TestSigned):
    """Files are put beside the server: what others write is read as well."""

    share = "sealed"

    async def put(self, storage: Any, path: StoragePath, data: bytes) -> None:
        place = self.server.folder(self.share) / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)


class TestGuestInAFolder(TestSigned):
    share = "guests"
    other: ClassVar[Mapping[str, Any]] = {"username": "", "password": None, "folder": "deep/er"}

    @pytest.fixture(autouse=True)
    def _folder(self, server: Samba) -> None:
        (server.folder("guests") / "deep/er").mkdir(parents=True, exist_ok=True)


class TestVersion2:
    """SMB 2.0.2 has small requests and no encryption."""

    def test_it_keeps_the_contract(self) -> None:
        with Samba(["server max protocol = SMB2_02"]) as server:
            suite = TestSigned()
            suite.config = server.settings()
            suite.test_listing_gives_the_children()
            suite.test_ranges_are_exact()
            suite.test_what_is_written_is_there()
            suite.test_a_reader_may_leave()
