"""Destinations that can say where they would send without touching anything: for previews and dry runs."""

from __future__ import annotations

from abc import ABC, abstractmethod

from castcore_sdk import PublishTarget


class Foreseen(ABC):
    """A destination whose target follows from its configuration alone."""

    @abstractmethod
    def target(self, reference: str) -> PublishTarget:
        """Return what ``open_broadcast`` would return. Pure: no I/O."""
