"""Sources that resolve to something ffmpeg opens."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from pydantic import SecretStr

from castcore_sdk.extension import ConfigT, Extension


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRequest:
    """Which source, with the parameters of the job."""

    source_id: str
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaInput:
    """What ffmpeg opens: a local path or a URL, with private options kept out of logs."""

    location: str
    options: tuple[str, ...] = ()
    secret_options: tuple[SecretStr, ...] = ()
    expires_at: datetime | None = None


class IngestSource(Extension[ConfigT], ABC):
    """Something that can be played."""

    live: ClassVar[bool] = True
    """A live source that ends is awaited again."""

    @abstractmethod
    async def open(self, request: SourceRequest, /) -> MediaInput:
        """Resolve the source. Safe to repeat: core asks again when the address has expired."""
