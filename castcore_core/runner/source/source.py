"""What the job needs of a source, whatever its kind."""

from __future__ import annotations

from typing import Protocol

from castcore_core.runner.error import Problem
from castcore_core.runner.event import EncoderStatistics


class Source(Protocol):
    """Puts tags on the renditions until it ends or is closed."""

    async def run(self) -> None:
        """Return when a source that ends has ended. Raise RunnerError where it cannot go on."""

    async def close(self, seconds: float) -> None:
        """End it, by force after ``seconds``."""

    def diagnose(self) -> Problem | None:
        """Return why nothing comes, as far as it is known."""

    def statistics(self) -> EncoderStatistics | None:
        """Return the encoder's figures, None where there is no encoder."""
