"""Jobs on their way in and out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from castcore_core.api.page import PageQuery
from castcore_core.streams.definition import Fallback, Input, Name, Recording, Restart, Tag

SourceKind = Literal["file", "storage", "url", "ingest", "device", "test", "media_item", "playlist"]
Desired = Literal["stopped", "running", "paused"]
Tags = Annotated[list[Tag], Field(max_length=32)]


class OutputDefinition(BaseModel):
    """One destination of a job."""

    model_config = ConfigDict(extra="forbid")

    destination_id: UUID
    profile_id: UUID | None = Field(default=None, description="Null: the job's own.")
    enabled: bool = True


Outputs = Annotated[list[OutputDefinition], Field(max_length=64)]


class JobCreation(BaseModel):
    """A job to keep."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    source: Input
    profile_id: UUID | None = Field(default=None, description="Null: the default profile, which follows the source.")
    outputs: Outputs = Field(default_factory=list)
    fallback: Fallback = Fallback()
    restart: Restart = Restart()
    recording: Recording = Recording()
    schedule: dict[str, Any] | None = Field(default=None, description="Not available yet.")
    autostart: bool = Field(default=False, description="Start it with the server.")
    tags: Tags = Field(default_factory=list)


class JobPatch(BaseModel):
    """What is to change; absent keeps, null goes back to the default.

    Inside of ``source`` (of the same kind), ``fallback``, ``restart`` and ``recording`` too; ``outputs`` as a whole.
    """

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    source: dict[str, Any] | None = Field(default=None, description="As in the creation; of the same kind, in part.")
    profile_id: UUID | None = None
    outputs: Outputs | None = None
    fallback: dict[str, Any] | None = None
    restart: dict[str, Any] | None = None
    recording: dict[str, Any] | None = None
    schedule: dict[str, Any] | None = Field(default=None, description="Not available yet.")
    autostart: bool | None = None
    tags: Tags | None = None


class OutputAnswer(BaseModel):
    """One destination of a job."""

    id: UUID
    destination_id: UUID
    destination_name: str
    destination_type: str
    destination_enabled: bool
    profile_id: UUID | None
    enabled: bool


class JobAnswer(BaseModel):
    """A kept job; secrets are masked, but for a key that the server has just made."""

    id: UUID
    name: str
    source: dict[str, Any]
    profile_id: UUID | None
    profile_name: str | None
    outputs: list[OutputAnswer]
    fallback: dict[str, Any]
    restart: dict[str, Any]
    recording: dict[str, Any]
    schedule: None = None
    autostart: bool
    tags: list[str]
    desired: Desired = Field(description="What is wanted; /stream-jobs/{id}/status tells what is.")
    desired_at: datetime | None
    revision: int
    created_at: datetime
    updated_at: datetime


class JobQuery(PageQuery):
    """Filters of the list. ``sort`` takes name, created_at, updated_at, desired and desired_at."""

    q: str | None = Field(default=None, max_length=100, description="Part of the name.")
    tag: Tag | None = None
    desired: Desired | None = None
    source: SourceKind | None = Field(default=None, description="Kind of the source.")
    destination_id: UUID | None = None
    profile_id: UUID | None = None
    autostart: bool | None = None


class StartQuery(BaseModel):
    """How to start."""

    model_config = ConfigDict(extra="forbid")

    override: bool = Field(default=False, description="Start in spite of a red preflight; admins only, audited.")


class DuplicationQuery(BaseModel):
    """How to copy; without a name it is the job's with a number."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
