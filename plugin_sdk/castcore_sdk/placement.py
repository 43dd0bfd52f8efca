"""Where a job's runner process runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from castcore_sdk.encoder import HardwareInfo
from castcore_sdk.extension import ConfigT, Extension


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a job's runner needs of a machine."""

    cpu: float | None = None
    """Cores."""
    memory: int | None = None
    """Bytes."""
    devices: frozenset[str] = frozenset()


class Link(ABC):
    """A byte stream to a runner that speaks the runner protocol; plan and secrets travel on it."""

    reference: str
    """Finds the runner again through ``Placement.attach``."""

    @abstractmethod
    async def read(self, limit: int, /) -> bytes:
        """Return at most ``limit`` bytes; none at the end."""

    @abstractmethod
    async def write(self, data: bytes, /) -> None:
        """Send all of ``data``."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of the connection; the runner goes on. May be called twice."""


class Placement(Extension[ConfigT], ABC):
    """Where a job's runner process runs: this machine, a Ray cluster, Kubernetes."""

    @abstractmethod
    async def hardware(self) -> Sequence[HardwareInfo]:
        """Describe each machine it can use."""

    @abstractmethod
    async def launch(self, job_id: str, needs: Needs, /) -> Link:
        """Start a runner for the job, at most one in the whole installation."""

    @abstractmethod
    async def attach(self, reference: str, /) -> Link | None:
        """Find a runner of an earlier life of core, or None when it is gone."""
