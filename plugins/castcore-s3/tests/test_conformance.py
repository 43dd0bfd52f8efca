"""The conformance suite against the double."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from s3_double import Double, double

from castcore_s3.storage import S3Storage
from castcore_sdk.testing import StorageConformance


class TestS3(StorageConformance):
    extension = S3Storage

    @pytest.fixture(autouse=True, scope="class")
    @staticmethod
    def server() -> Iterator[Double]:
        with double() as running:
            yield running

    @pytest.fixture(autouse=True)
    def _reach(self, server: Double) -> None:
        self.config = server.config(prefix="folder", session_token="token-canary-4e1b66d0")
