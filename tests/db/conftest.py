"""A real PostgreSQL for the tests of the database, and an empty database of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from castcore_core.db import Target
from servers.postgres import PostgresServer, postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    with postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Target:
    """An empty database."""
    if request.param == "sqlite":
        return Target.parse(f"sqlite:///{tmp_path}/castcore.db")
    return Target.parse(request.getfixturevalue("postgres_server").database())
