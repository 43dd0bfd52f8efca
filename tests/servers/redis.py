"""A real redis-server with a password, on a free port, that a test may stop and start again."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from servers.process import free_port, listens, require, running

PASSWORD = "redis-canary-password"


class RedisServer:
    """``with RedisServer(folder) as redis: redis.url``."""

    def __init__(self, folder: Path) -> None:
        (self._program,) = require("redis-server")
        self._folder = folder
        self._stack = ExitStack()
        self.port = free_port()
        self.url = f"redis://:{PASSWORD}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, or start it again on the same port."""
        settings = {"port": self.port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "requirepass": PASSWORD}
        settings["dir"] = str(self._folder)
        argv = [self._program, *(part for key, value in settings.items() for part in (f"--{key}", str(value)))]
        self._stack.enter_context(running(argv, lambda: listens(self.port), self._folder / "redis.log"))

    def stop(self) -> None:
        """Stop it; its clients lose their connections."""
        self._stack.close()

    def __enter__(self) -> RedisServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
