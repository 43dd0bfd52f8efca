"""The rules of every extension, with a server that is not there; CastCore's own tests have a real one."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import pytest

from castcore_sdk import StoragePath, TemporaryError, parse_config
from castcore_sdk.testing import ExtensionConformance, MemoryContext
from castcore_smb.backend import SmbStorage
from castcore_smb.plugin import castcore_register_storage_backends


def closed_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class TestExtension(ExtensionConformance):
    extension = SmbStorage
    config: Mapping[str, Any] = {
        "host": "127.0.0.1",
        "share": "media",
        "port": closed_port(),
        "username": "studio",
        "password": "canary-of-the-nas",
    }


def test_it_is_registered() -> None:
    assert [backend.id for backend in castcore_register_storage_backends()] == ["smb"]


def test_nothing_is_connected_before_it_is_used_and_nothing_afterwards() -> None:
    async def main() -> None:
        async with MemoryContext() as context:
            storage = SmbStorage(parse_config(SmbStorage.config_model, dict(TestExtension.config)), context)
            await storage.start()
            with pytest.raises(TemporaryError) as down:
                await storage.stat(StoragePath(""))
            await storage.close()
            with pytest.raises(TemporaryError) as closed:
                await storage.stat(StoragePath(""))
        assert (down.value.code, closed.value.code) == ("smb.unreachable", "storage.closed")

    asyncio.run(main())
