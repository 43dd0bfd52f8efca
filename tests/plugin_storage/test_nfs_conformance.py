"""castcore-nfs keeps the contract of storages on a real nfs-ganesha, in versions 4 and 3."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from castcore_nfs import backend as nfs
from castcore_sdk import StoragePath
from castcore_sdk.testing import StorageConformance
from servers.ganesha import Ganesha

SETTINGS = "CASTCORE_TEST_NFS"
"""Environment of the run in a network of its own: the configuration that is served there."""


@pytest.fixture(scope="module")
def server() -> Iterator[Ganesha]:
    with Ganesha() as server:
        yield server


class TestVersion4(StorageConformance):
    extension = nfs.NfsStorage

    @pytest.fixture(autouse=True)
    def _server(self, server: Ganesha) -> None:
        self.server = server
        self.config = server.settings()


class TestPutBesideTheServer(TestVersion4):
    """What others write is read as well."""

    async def put(self, storage: Any, path: StoragePath, data: bytes) -> None:
        place = self.server.folder("media") / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)


if SETTINGS in os.environ:

    class TestVersion3(StorageConformance):
        extension = nfs.NfsStorage

        @pytest.fixture(autouse=True)
        def _server(self) -> None:
            self.config = json.loads(os.environ[SETTINGS])


def test_version_3(server: Ganesha) -> None:
    """The port mapper of version 3 has one port for a whole machine: the suite runs in a network of its own."""
    settings = {"host": "127.0.0.1", "export": f"{server.root}/media", "version": "3", "timeout": 5}
    folder = Path(__file__).parents[2]
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={folder}"]
    found = server.run_in_version_3([*argv, f"{__file__}::TestVersion3"], **{SETTINGS: json.dumps(settings)})
    assert found.returncode == 0, found.stdout + found.stderr
    assert " passed" in found.stdout, found.stdout
