"""The rules of every extension, with a server that is not there; CastCore's own tests have a real one."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import pytest

from castcore_nfs.backend import NfsStorage
from castcore_nfs.library import library
from castcore_sdk import CastCoreError, StoragePath, TemporaryError, parse_config
from castcore_sdk.testing import ExtensionConformance, MemoryContext


def closed_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class TestExtension(ExtensionConformance):
    extension = NfsStorage
    config: Mapping[str, Any] = {"host": "127.0.0.1", "export": "/media", "port": closed_port()}


def installed() -> bool:
    try:
        library()
    except CastCoreError:
        return False
    return True


@pytest.mark.skipif(not installed(), reason="libnfs is not installed")
def test_nothing_is_connected_before_it_is_used_and_nothing_afterwards() -> None:
    async def main() -> None:
        async with MemoryContext() as context:
            storage = NfsStorage(parse_config(NfsStorage.config_model, dict(TestExtension.config)), context)
            await storage.start()
            with pytest.raises(TemporaryError) as down:
                await storage.stat(StoragePath(""))
            await storage.close()
            with pytest.raises(TemporaryError) as closed:
                await storage.stat(StoragePath(""))
        assert (down.value.code, closed.value.code) == ("nfs.unreachable", "storage.closed")

    asyncio.run(main())
