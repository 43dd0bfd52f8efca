"""What every part of the server may ask for."""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass, field
from typing import TypeVar, cast

from castcore_core.config import Configuration, DataFolder
from castcore_core.db import Database
from castcore_core.events import Bus
from castcore_core.secrets import KeyRing

T = TypeVar("T")


@dataclass
class Core:
    """The open resources of this server's life, and the services that the features add."""

    configuration: Configuration
    folder: DataFolder
    ring: KeyRing
    database: Database
    bus: Bus
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set at the first stop signal: long answers (WebSocket, SSE) end on it."""
    life: str = field(default_factory=lambda: str(uuid.uuid4()))
    """This life of the server; another after every start."""
    started: float = field(default_factory=time.monotonic)
    announcements: list[tuple[str, dict[str, str | int]]] = field(default_factory=list, repr=False)
    """Codes with parameters that are printed on the terminal once at the start, never logged: the setup token."""
    _services: dict[type[object], object] = field(default_factory=dict, repr=False)

    def provide(self, service: object) -> None:
        """Offer ``service`` to everybody by its class; once per class."""
        if type(service) in self._services:
            raise RuntimeError(f"{type(service).__name__} is provided already")
        self._services[type(service)] = service

    def get(self, kind: type[T]) -> T:
        """Return the service of class ``kind``. Raises LookupError where no feature provides it."""
        try:
            return cast(T, self._services[kind])
        except KeyError:
            raise LookupError(f"no {kind.__name__} is provided") from None
