"""Assets on their way in and out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from castcore_core.api.page import PageQuery

AssetKind = Literal["image", "video"]


class AssetUpload(BaseModel):
    """The parts of a multipart/form-data body."""

    name: str | None = Field(default=None, max_length=100, description="For people; the file's own name otherwise.")
    file: Annotated[bytes, Field(description="A PNG, JPEG, GIF or WebP picture, or an MP4 film.")]


class AssetAnswer(BaseModel):
    """One kept picture or film."""

    id: UUID
    name: str
    kind: AssetKind
    media_type: str
    size: int = Field(description="Bytes.")
    width: int
    height: int
    duration: float | None = Field(description="Seconds of a film.")
    created_at: datetime
    updated_at: datetime


class AssetQuery(PageQuery):
    """Filters of the list. ``sort`` takes name, kind, size and created_at."""

    q: str | None = Field(default=None, max_length=100, description="Part of the name.")
    kind: AssetKind | None = None
