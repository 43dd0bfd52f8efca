"""Which database a URL means, and how Tortoise is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from castcore_sdk.errors import ConfigurationError

APP = "core"
"""The one Tortoise app: foreign keys name their target ``core.MODEL``."""
MIGRATIONS = "castcore_core.db.migrations"

_BUSY_MS = 5000
_POOL = 10
_CONNECT_S = 1.5
_COMMAND_S = 30
_OPTIONS = frozenset({"host", "port", "user", "password", "sslmode", "schema"})


@dataclass(frozen=True)
class Target:
    """A parsed database URL. ``credentials`` may hold a password and stays out of the repr."""

    dialect: Literal["sqlite", "postgres"]
    credentials: dict[str, Any] = field(repr=False)

    @classmethod
    def parse(cls, url: str) -> Target:
        """Return the target of ``sqlite:///PATH`` or ``postgresql://USER:PASSWORD@HOST:PORT/NAME?sslmode=…``.

        Raises ConfigurationError ``database.url_invalid``.
        """
        try:
            return _sqlite(url) if url.startswith("sqlite:///") else _postgres(url)
        except (ValueError, KeyError):
            raise ConfigurationError("database.url_invalid", field="database_url") from None

    @staticmethod
    def password(url: str) -> str | None:
        """Return the password in ``url``, of a database or of Redis."""
        try:
            parts = urlsplit(url)
            return unquote(parts.password or "") or dict(parse_qsl(parts.query)).get("password")
        except ValueError:
            return None

    @property
    def path(self) -> Path:
        """The file of a SQLite database."""
        return Path(self.credentials["file_path"])

    @property
    def place(self) -> str:
        """Where the database is, to show to people: without user and password."""
        if self.dialect == "sqlite":
            return str(self.path)
        return f"{self.credentials['host']}:{self.credentials['port']}/{self.credentials['database']}"

    def config(
        self, models: Sequence[str], *, migrations: str = MIGRATIONS, foreign_keys: bool = True
    ) -> dict[str, Any]:
        """Return Tortoise's configuration; ``foreign_keys`` is off only while the guard migrates SQLite."""
        credentials = dict(self.credentials)
        if self.dialect == "sqlite":
            credentials["foreign_keys"] = "ON" if foreign_keys else "OFF"
        engine = "castcore_core.db.sqlite" if self.dialect == "sqlite" else "tortoise.backends.asyncpg"
        return {
            "connections": {"default": {"engine": engine, "credentials": credentials}},
            "apps": {APP: {"models": list(models), "default_connection": "default", "migrations": migrations}},
            "use_tz": True,
            "timezone": "UTC",
        }


def _sqlite(url: str) -> Target:
    path = unquote(url.removeprefix("sqlite:///"))
    # busy_timeout comes first: the pragmas after it already need it. synchronous=FULL: what the API has confirmed
    # also survives a power cut; only transitions are written, so a sync per commit is affordable.
    return Target(
        "sqlite",
        {
            "file_path": path if path.startswith("/") else f"/{path}",
            "busy_timeout": _BUSY_MS,
            "journal_mode": "WAL",
            "journal_size_limit": 16 * 1024 * 1024,
            "synchronous": "FULL",
        },
    )


def _postgres(url: str) -> Target:
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    if parts.scheme not in ("postgres", "postgresql") or options.keys() - _OPTIONS:
        raise ValueError(url)
    credentials: dict[str, Any] = {
        "host": options.get("host") or parts.hostname or "localhost",
        "port": int(options.get("port") or parts.port or 5432),
        "user": options.get("user") or unquote(parts.username or "castcore"),
        "password": options.get("password") or unquote(parts.password or "") or None,
        "database": unquote(parts.path.lstrip("/")) or "castcore",
        "minsize": 1,
        "maxsize": _POOL,
        "timeout": _CONNECT_S,
        "command_timeout": _COMMAND_S,
        "application_name": "castcore",
    }
    if "sslmode" in options:
        credentials["ssl"] = options["sslmode"]
    if "schema" in options:
        credentials["schema"] = options["schema"]
    return Target("postgres", credentials)
