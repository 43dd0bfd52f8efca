"""Sources that resolve to something ffmpeg opens."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from castcore_sdk.extension import ConfigT, Extension
from castcore_sdk.storage import MediaInput


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRequest:
    """Which source, with the parameters of the job."""

    source_id: str
    parameters: Mapping[str, str] = field(default_factory=dict)


class IngestSource(Extension[ConfigT], ABC):
    """Something that can be played."""

    live: ClassVar[bool] = True
    """A live source that ends is awaited again."""

    @abstractmethod
    async def open(self, request: SourceRequest, /) -> MediaInput:
        """Resolve the source. Safe to repeat: core asks again when the address has expired."""
