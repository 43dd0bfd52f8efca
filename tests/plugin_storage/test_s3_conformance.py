"""castcore-s3 keeps the contract of storages on a real server (Swift) and on moto's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from castcore_s3 import storage as s3
from castcore_sdk.testing import StorageConformance
from servers.s3 import BUCKET, MotoServer, S3Server, moto_server


@pytest.fixture(scope="module")
def swift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with S3Server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoServer]:
    with moto_server(tmp_path_factory.mktemp("moto")) as server:
        yield server


class TestSwift(StorageConformance):
    extension = s3.S3Storage

    @pytest.fixture(autouse=True)
    def _server(self, swift: S3Server) -> Iterator[None]:
        self.config = swift.config()
        yield
        assert "Uploads" not in swift.client().list_multipart_uploads(Bucket=BUCKET), "parts are left behind"


class TestMoto(StorageConformance):
    extension = s3.S3Storage

    @pytest.fixture(autouse=True)
    def _server(self, moto: MotoServer) -> None:
        self.config = moto.config(prefix="in a/folder")
