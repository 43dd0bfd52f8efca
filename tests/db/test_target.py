"""What a database URL means."""

from __future__ import annotations

import pytest

from castcore_core.db import Target
from castcore_core.db.probe import probe
from castcore_sdk.errors import CastCoreError, ConfigurationError
from servers.postgres import PASSWORD, PostgresServer


def test_postgres_parts() -> None:
    target = Target.parse("postgres://u%40x:p%2Fw@[::1]:6543/cast%20core?sslmode=require&schema=s")
    credentials = target.credentials
    assert (credentials["user"], credentials["password"], credentials["host"]) == ("u@x", "p/w", "::1")
    assert (credentials["port"], credentials["database"], credentials["ssl"]) == (6543, "cast core", "require")
    assert credentials["schema"] == "s"
    assert "p/w" not in f"{target!r}{target.place}"


@pytest.mark.parametrize("url", ["sqlite:///rel.db", "sqlite:////rel.db"])
def test_sqlite_path_is_absolute(url: str) -> None:
    assert Target.parse(url).place in ("/rel.db", "//rel.db")


@pytest.mark.parametrize("url", ["postgres://h:x/", "postgres://h/d?unknown=1", "mysql://h/d", "sqlite://x", ""])
def test_anything_else_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Target.parse(url)
    assert caught.value.code == "database.url_invalid"
    assert caught.value.params == {}


@pytest.mark.parametrize(
    ("url", "password"),
    [
        ("postgresql://u:p%40w@h/d", "p@w"),
        ("postgresql://u@h/d?password=x", "x"),
        ("redis://:y@h", "y"),
        ("sqlite:///a", None),
    ],
)
def test_the_password_is_found_for_the_scrubber(url: str, password: str | None) -> None:
    assert Target.password(url) == password


async def test_why_postgres_cannot_be_opened(postgres_server: PostgresServer) -> None:
    url = postgres_server.database()
    await probe(Target.parse(url))
    for wrong, code in (
        (url.replace(PASSWORD, "wrong"), "database.refused"),
        (postgres_server.url("nowhere"), "database.missing"),
    ):
        with pytest.raises(CastCoreError) as caught:
            await probe(Target.parse(wrong))
        assert caught.value.code == code
        assert str(postgres_server.port) in str(caught.value.params["place"])
        assert "wrong" not in f"{caught.value}{caught.value.params}"
