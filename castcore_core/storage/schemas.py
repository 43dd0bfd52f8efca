"""Storage sources and mounts on their way in and out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from castcore_core.api.page import PageQuery

Name = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+$", min_length=1, max_length=100)]
TypeId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*([._-][a-z0-9]+)*$", max_length=48)]
Interval = Annotated[int, Field(ge=60, le=31_536_000)]


class SourceCreation(BaseModel):
    """A storage source to keep; ``config`` follows the schema of its type."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    type: TypeId = Field(description="Id of a type; see /storage-sources/types.")
    config: dict[str, Any] = Field(default_factory=dict)
    read_only: bool = Field(default=True, description="Nothing is ever written there.")
    automount: bool = Field(default=False, description="Start its worker with the server and keep it.")
    rescan_interval: Interval | None = Field(default=None, description="Seconds between two scans; null: none.")


class SourcePatch(BaseModel):
    """What is to change; inside of ``config`` too, absent keeps and null clears."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    config: dict[str, Any] | None = None
    read_only: bool | None = None
    automount: bool | None = None
    rescan_interval: Interval | None = None


class Failure(BaseModel):
    """Why a storage could not be used."""

    code: str
    params: dict[str, str | int | float | bool] = Field(default_factory=dict)
    at: datetime


class MountAnswer(BaseModel):
    """How a source does."""

    source_id: UUID
    state: Literal["unmounted", "starting", "mounted", "failing"]
    since: datetime
    last_error: Failure | None = Field(description="The last one, also when all is well again.")
    pid: int | None = Field(description="Process id of its worker.")
    readers: int = Field(description="Files that are read through its gateway at this moment.")
    served: int = Field(description="Bytes that its worker has served.")
    memory: int = Field(description="Bytes of memory that its worker takes.")
    restarts: int = Field(description="How often its worker had to be replaced since the server started.")


class SourceAnswer(BaseModel):
    """A kept storage source; secrets are masked."""

    id: UUID
    name: str
    type: str
    available: bool = Field(description="Whether the plugin of its type is loaded.")
    config: dict[str, Any]
    read_only: bool
    automount: bool
    rescan_interval: int | None
    mounted: bool = Field(description="False where somebody has taken it out of service.")
    state: Literal["unmounted", "starting", "mounted", "failing"]
    revision: int
    created_at: datetime
    updated_at: datetime


class SourceQuery(PageQuery):
    """Filters of the list. ``sort`` takes name, type, created_at and updated_at."""

    q: str | None = Field(default=None, max_length=100, description="Part of the name.")
    type: TypeId | None = None


class BrowseQuery(BaseModel):
    """Which directory, and which part of it."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(default="", max_length=4096, description="Relative to the root of the source.")
    limit: int = Field(default=50, ge=1, le=500)
    offset: int = Field(default=0, ge=0, le=2**31 - 1)


class DeletionQuery(BaseModel):
    """How to delete."""

    model_config = ConfigDict(extra="forbid")

    force: bool = Field(default=False, description="Also where it is in use, as far as that is safe.")


class UnmountQuery(BaseModel):
    """How to unmount."""

    model_config = ConfigDict(extra="forbid")

    force: bool = Field(default=False, description="Also while jobs play, or somebody reads, from it.")


class EntryAnswer(BaseModel):
    """A file or folder."""

    name: str
    path: str
    is_dir: bool
    size: int | None
    modified: datetime | None


class TypeAnswer(BaseModel):
    """A type of storage that a plugin brings."""

    id: str
    plugin: str
    capabilities: list[Literal["write"]]
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
    """What a test has found; nothing was changed."""

    ok: bool
    checks: list[Check]
