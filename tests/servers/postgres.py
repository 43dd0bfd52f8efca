"""A real PostgreSQL on a free port with an own data folder; ``database()`` makes an empty database in it."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import pytest

from servers.process import free_port, require, running, service_user

PASSWORD = "pg-canary-password"
_FOLDERS = [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]


class PostgresServer:
    """A running server; the superuser is ``castcore``."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port

    @cached_property
    def _psql(self) -> str:
        return require("psql", folders=_FOLDERS)[0]

    def sql(self, text: str, database: str = "postgres") -> str:
        """Run SQL and return what psql prints, rows unaligned."""
        argv = [self._psql, "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", database, "-f", "-"]
        environment = {
            "PATH": os.environ["PATH"],
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGUSER": "castcore",
            "PGPASSWORD": PASSWORD,
        }
        done = subprocess.run(argv, input=text, capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def dump(self, database: str) -> str:
        """Return schema and rows of a database as SQL."""
        (program,) = require("pg_dump", folders=_FOLDERS)
        argv = [program, "--inserts", "--no-owner", "--no-privileges", "--no-comments", self.url(database)]
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
        lines = done.stdout.splitlines()
        # Version lines change with the server, and `restrict` lines at every dump.
        return "\n".join(line for line in lines if line and not line.startswith(("--", "\\"))) + "\n"

    def url(self, database: str) -> str:
        """Return the URL of a database of this server."""
        return f"postgresql://castcore:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def database(self, template: str | None = None) -> str:
        """Create a database, empty or a copy of another, and return its URL."""
        name = f"t{secrets.token_hex(6)}"
        self.sql(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))
        return self.url(name)


@contextmanager
def postgres() -> Iterator[PostgresServer]:
    """Start a server; its durability is off, for it lives as long as the tests."""
    initdb, program = require("initdb", "postgres", folders=_FOLDERS)
    user = service_user("postgres")
    folder = Path(tempfile.mkdtemp(prefix="castcore-pg-"))
    try:
        password = folder / "password"
        password.write_text(PASSWORD)
        if user:
            shutil.chown(folder, user)
            shutil.chown(password, user)
        data, port = folder / "data", free_port()
        argv = [initdb, "-D", str(data), "-U", "castcore", "--auth=scram-sha-256", f"--pwfile={password}", "--no-sync"]
        made = subprocess.run(
            [*argv, "-E", "UTF8", "--locale=C"], capture_output=True, text=True, user=user, check=False
        )
        if made.returncode:
            pytest.fail(made.stderr)
        settings = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_connections": "60"}
        settings |= {"unix_socket_directories": "", "listen_addresses": "127.0.0.1", "port": str(port)}
        argv = [
            program,
            "-D",
            str(data),
            *(part for key, value in settings.items() for part in ("-c", f"{key}={value}")),
        ]
        server = PostgresServer(folder, port)

        def ready() -> bool:
            try:
                return server.sql("SELECT 1").strip() == "1"
            except AssertionError:
                return False

        with running(argv, ready, folder / "postgres.log", user=user):
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)
