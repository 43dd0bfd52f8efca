"""Which addresses and paths of this machine and its network users may name, by ``api-v1.md``."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from castcore_core.accounts.role import Role
from castcore_core.core import Core
from castcore_core.settings import Settings
from castcore_core.streams.network import Address, is_metadata, is_private, plain
from castcore_sdk import ConfigurationError

_LOOKUP_S = 3.0
_PORTS = {"http": 80, "https": 443, "rtmp": 1935, "rtmps": 443, "rtsp": 554, "rtsps": 322}
_DATAGRAMS = frozenset({"udp", "srt"})
_SYSTEM = ("/proc", "/sys", "/dev", "/run")


@asynccontextmanager
async def run(core: Core) -> AsyncIterator[None]:
    """Provide :class:`Reach`, before whatever keeps configurations: storage uses them at once."""
    core.provide(Reach(core))
    yield


class Reach:
    """Judges what users name. It is asked when something is kept, and again before it is used."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def check_address(self, url: str, field: str) -> None:
        """Raise ConfigurationError ``streams.address_forbidden`` for an address that may not be used.

        A name is looked up; one that is not known at the moment passes.
        """
        try:
            parts = urlsplit(url)
            host, scheme = parts.hostname, parts.scheme.lower()
            port = parts.port or _PORTS.get(scheme)
        except ValueError:
            raise ConfigurationError("streams.address_invalid", field=field) from None
        if not host:
            return
        private_allowed = (await self._core.get(Settings).read()).private_addresses
        for address in await _addresses(host):
            reason = self._refusal(address, port if scheme not in _DATAGRAMS else None, private_allowed)
            if reason:
                raise ConfigurationError(
                    "streams.address_forbidden", field=field, params={"host": host[:255], "reason": reason}
                )

    async def check_path(self, path: str, role: Role, field: str) -> None:
        """Raise ConfigurationError ``streams.path_forbidden`` for a path that ``role`` may not use.

        Links are followed. Nobody names what the server keeps for itself.
        """
        if not path.startswith("/"):
            raise ConfigurationError("streams.path_not_absolute", field=field)
        roots = [Path(root) for root in (await self._core.get(Settings).read()).media_roots]
        if not await asyncio.to_thread(self._may_use, Path(path), roots, role):
            raise ConfigurationError("streams.path_forbidden", field=field, params={"path": path[:255]})

    def _may_use(self, path: Path, roots: list[Path], role: Role) -> bool:
        try:
            real = path.resolve()
        except (OSError, RuntimeError, ValueError):
            return False
        if real.is_relative_to(self._core.folder.media.resolve()):
            return True
        own = (self._core.folder.root.resolve(), self._core.configuration.key_ring_file.resolve())
        if any(real.is_relative_to(each) for each in (*own, *map(Path, _SYSTEM))):
            return False
        if any(each.is_relative_to(real) for each in own):
            return False  # a folder is named with all that lies in it
        if roots:
            return any(real.is_relative_to(root.resolve()) for root in roots)
        return role >= Role.ADMIN

    def _refusal(self, address: Address, port: int | None, private_allowed: bool) -> str | None:
        address = plain(address)
        if is_metadata(address):
            return "link_local"
        here = address.is_loopback or address.is_unspecified or str(address) in _own_addresses()
        if here and port is not None and port == self._core.configuration.port:
            return "own_port"
        if not private_allowed and (here or is_private(address)):
            return "private"
        return None


async def _addresses(host: str) -> list[Address]:
    try:
        return [ip_address(host.partition("%")[0])]
    except ValueError:
        pass
    try:
        async with asyncio.timeout(_LOOKUP_S):
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError):
        return []
    return [ip_address(str(each[4][0]).partition("%")[0]) for each in found]


def _own_addresses() -> set[str]:
    return {each.address.partition("%")[0] for found in psutil.net_if_addrs().values() for each in found}
