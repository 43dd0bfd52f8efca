"""The library on its way out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from castcore_core.api.page import PageQuery
from castcore_core.media.kind import Kind

MediaState = Literal["unread", "ready", "unreadable", "missing"]
ScanState = Literal["queued", "walking", "probing", "done", "failed"]
Seconds = Annotated[float, Field(ge=0, le=10_000_000)]


class MediaQuery(PageQuery):
    """Filters of the library. ``sort`` takes name, path, size, modified, duration and created_at."""

    source_id: UUID | None = None
    kind: Kind | None = None
    streamable: bool | None = None
    state: MediaState | None = None
    q: str | None = Field(default=None, min_length=1, max_length=200, description="Part of the path.")
    min_duration: Seconds | None = Field(default=None, description="Seconds.")
    max_duration: Seconds | None = Field(default=None, description="Seconds.")


class MediaAnswer(BaseModel):
    """One file of a source."""

    id: UUID
    source_id: UUID
    source_name: str
    path: str
    name: str
    kind: Kind
    size: int | None
    modified: datetime | None
    etag: str | None
    state: MediaState = Field(description="missing: it has vanished, and a job plays it.")
    code: str | None = Field(description="Why it is unreadable.")
    params: dict[str, Any]
    duration: float | None = Field(description="Seconds.")
    width: int | None = Field(description="As it is shown, in square pixels.")
    height: int | None
    video_codec: str | None
    audio_codec: str | None
    streamable: bool = Field(description="It has a picture, and no decoder with a known hole is needed.")
    flags: list[str] = Field(description="Codes of what should be known before it is played.")
    thumbnail: bool = Field(description="Whether it may be asked for a thumbnail.")
    probed_at: datetime | None
    created_at: datetime
    updated_at: datetime


class MediaDetail(MediaAnswer):
    """One file with everything that its probe has told."""

    info: dict[str, Any] | None


class ScanAnswer(BaseModel):
    """One scan."""

    id: UUID
    source_id: UUID
    state: ScanState
    origin: Literal["user", "interval"]
    counts: dict[str, int] = Field(description="found, added, changed, removed, to_read, read, unreadable.")
    code: str | None = Field(description="Why it failed.")
    params: dict[str, Any]
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class ScanStarted(BaseModel):
    """A scan that was asked for."""

    model_config = ConfigDict(extra="forbid")

    id: UUID
    state: ScanState


class ScanQuery(PageQuery):
    """``sort`` takes created_at."""
