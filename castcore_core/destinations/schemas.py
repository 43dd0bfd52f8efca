"""Destinations on their way in and out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from castcore_core.api.page import PageQuery

Name = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+$", min_length=1, max_length=100)]
TypeId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*([._-][a-z0-9]+)*$", max_length=48)]


class DestinationCreation(BaseModel):
    """A destination to keep; ``config`` follows the schema of its type."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    type: TypeId = Field(description="Id of a type; see /destinations/types.")
    config: dict[str, Any] = Field(default_factory=dict)
    enabled: bool = True
    account: UUID | None = Field(default=None, description="A platform account of the same type.")


class DestinationPatch(BaseModel):
    """What is to change; inside of ``config`` too, absent keeps and null clears."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    config: dict[str, Any] | None = None
    enabled: bool | None = None
    account: UUID | None = Field(default=None, description="Null: none any more.")


class DestinationAnswer(BaseModel):
    """A kept destination; secrets are masked."""

    id: UUID
    name: str
    type: str
    available: bool = Field(description="Whether the plugin of its type is loaded.")
    enabled: bool
    config: dict[str, Any]
    account: UUID | None = Field(description="The platform account that it works on behalf of.")
    account_name: str | None
    account_state: Literal["disconnected", "connected", "reauthentication"] | None
    revision: int
    created_at: datetime
    updated_at: datetime


class DestinationQuery(PageQuery):
    """Filters of the list. ``sort`` takes name, type, created_at and updated_at."""

    q: str | None = Field(default=None, max_length=100, description="Part of the name.")
    type: TypeId | None = None
    enabled: bool | None = None


class DeletionQuery(BaseModel):
    """How to delete."""

    model_config = ConfigDict(extra="forbid")

    force: bool = Field(default=False, description="Also where it is in use, as far as that is safe.")


class Limits(BaseModel):
    """What a type takes; null: it names no limit."""

    max_video_bitrate: int | None
    max_audio_bitrate: int | None
    max_width: int | None
    max_height: int | None
    max_fps: int | None
    keyframe_interval: float | None = Field(description="Seconds, the longest it allows.")
    video_codecs: list[str]
    audio_codecs: list[str]
    constant_bitrate: bool = Field(description="Whether it asks for a constant bit rate.")
    max_duration: float | None = Field(description="Seconds, the longest broadcast; a new one is begun before.")


class TypeAnswer(BaseModel):
    """A type of destination that a plugin brings."""

    id: str
    plugin: str
    protocols: list[str]
    capabilities: list[Literal["oauth", "metadata", "status", "thumbnail"]]
    limits: Limits
    config_schema: dict[str, Any] = Field(description="JSON Schema of the configuration, with hints for a form.")


class TypeList(BaseModel):
    """Every type."""

    items: list[TypeAnswer]


class Check(BaseModel):
    """One line of a test."""

    code: str
    severity: Literal["ok", "warning", "error"]
    params: dict[str, str | int | float | bool] = Field(default_factory=dict)
    field: str | None = Field(default=None, description="Field of the configuration that would have to change.")


class TestAnswer(BaseModel):
    """What a test has found; nothing was published."""

    ok: bool
    checks: list[Check]
