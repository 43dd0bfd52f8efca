"""Fixtures: a real OAuth server, a server of ours with a platform for tests, and its people."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from castcore_core.accounts.role import Role
from platforms.scene import CALLBACK, Stage, with_provider
from servers.house import admin, operator, viewer
from servers.media import clips
from servers.oidc import OpenIDProvider, openid_provider
from servers.platform import register
from servers.staff import Staff, Visitor, staffed

__all__ = ["admin", "clips", "house", "operator", "page", "provider", "rotating", "viewer"]


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenIDProvider]:
    """An OAuth server whose refresh tokens stay good, and whose device codes live for five seconds."""
    folder = tmp_path_factory.mktemp("oidc")
    with openid_provider(folder, f"http://localhost{CALLBACK}", rotate=False, access=600, device=5) as running:
        yield running


@pytest.fixture(scope="session")
def rotating(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenIDProvider]:
    """An OAuth server whose refresh tokens are good once: a second use ends the permission."""
    folder = tmp_path_factory.mktemp("rotating")
    with openid_provider(folder, f"http://localhost{CALLBACK}", rotate=True, access=600, device=60) as running:
        yield running


@pytest.fixture
async def house(tmp_path: Path, provider: OpenIDProvider) -> AsyncIterator[Staff]:
    """A server with one user per role and the platform; no engine runs."""
    async with staffed(tmp_path / "data", CASTCORE_ROLE="web") as staff:
        register(staff.core, with_provider(Stage, provider.issuer))
        yield staff


@pytest.fixture
async def page(house: Staff) -> Visitor:
    """An admin's browser."""
    return await house.page(Role.ADMIN)
