"""A server's core and application inside the test, without a process: ``async with application(folder) as client``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from quart import Quart

from castcore_core.api.app import create_app
from castcore_core.api.gate import Gate
from castcore_core.config import load_configuration
from castcore_core.core import Core
from castcore_core.feature import FEATURES, Feature
from castcore_core.server.life import live


class OpenGate:
    """Let everybody pass: for tests of what is behind the gate."""

    async def admit(self, rule: str, method: str) -> None:
        """Admit."""


@asynccontextmanager
async def running_core(
    folder: Path, *, features: Iterable[Feature] = FEATURES, **environment: str
) -> AsyncIterator[Core]:
    """Open a core on ``folder``; ``environment`` are keys such as ``CASTCORE_METRICS``."""
    configuration = load_configuration(environment={"CASTCORE_DATA_DIR": str(folder)} | environment)
    async with live(configuration, features=features) as core:
        yield core


@asynccontextmanager
async def application(
    folder: Path, *, features: Iterable[Feature] = FEATURES, gate: Gate | None = None, **environment: str
) -> AsyncIterator[Quart]:
    """Open core and application; ask it through ``app.test_client()``. The gate is open unless one is given."""
    async with running_core(folder, features=features, **environment) as core:
        yield create_app(core, features=features, gate=gate or OpenGate())
