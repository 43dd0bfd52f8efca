"""Notification targets on their way in and out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from castcore_core.api.page import PageQuery
from castcore_core.notifications.quiet import QuietHours
from castcore_core.notifications.rule import is_pattern
from castcore_core.settings.model import Language


def _known(text: str) -> str:
    if not is_pattern(text):
        raise PydanticCustomError("event_unknown", "neither an event nor an area such as output.*")
    return text


Name = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+$", min_length=1, max_length=100)]
TypeId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*([._-][a-z0-9]+)*$", max_length=48)]
Level = Literal["info", "warning", "error"]
State = Literal["queued", "sent", "failed", "dropped"]
Pattern = Annotated[str, Field(max_length=64), AfterValidator(_known)]
Patterns = Annotated[list[Pattern], Field(min_length=1, max_length=50)]


class TargetCreation(BaseModel):
    """A target to keep; ``config`` follows the schema of its type."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    type: TypeId = Field(description="Id of a notifier; see /notifications/types.")
    config: dict[str, Any] = Field(default_factory=dict)
    enabled: bool = True
    events: Patterns = Field(default=["*"], description="Events such as job.failed, or job.*, or *.")
    min_level: Level = Field(default="warning", description="What is less important is left out.")
    language: Language | None = Field(default=None, description="null: the server's own.")
    quiet_hours: QuietHours | None = None


class TargetPatch(BaseModel):
    """What is to change; inside of ``config`` too, absent keeps and null clears."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    config: dict[str, Any] | None = None
    enabled: bool | None = None
    events: Patterns | None = None
    min_level: Level | None = None
    language: Language | None = None
    quiet_hours: QuietHours | None = None


class Outcome(BaseModel):
    """How sending went."""

    state: Literal["sent", "failed"]
    code: str = Field(description="Why nothing arrives; empty where it does.")
    params: dict[str, str | int | float | bool]
    at: datetime


class TargetAnswer(BaseModel):
    """A kept target; secrets are masked."""

    id: UUID
    name: str
    type: str
    available: bool = Field(description="Whether the plugin of its type is loaded.")
    enabled: bool
    config: dict[str, Any]
    events: list[str]
    min_level: Level
    language: Language | None
    quiet_hours: QuietHours | None
    last: Outcome | None = Field(description="How the last message fared; null where there was none.")
    created_at: datetime
    updated_at: datetime


class TargetQuery(PageQuery):
    """Filters of the list. ``sort`` takes name, type, created_at and updated_at."""

    q: str | None = Field(default=None, max_length=100, description="Part of the name.")
    type: TypeId | None = None
    enabled: bool | None = None


class TypeAnswer(BaseModel):
    """A type of target that a plugin brings."""

    id: str
    plugin: str
    config_schema: dict[str, Any] = Field(description="JSON Schema of the configuration, with hints for a form.")


class TypeList(BaseModel):
    """Every type."""

    items: list[TypeAnswer]


class EventAnswer(BaseModel):
    """Something that people can be told of, in the language of whoever asks."""

    name: str
    level: Level
    ends: bool = Field(description="It ends an incident: whoever was told of that one is told, whatever the rules.")
    title: str
    text: str


class EventList(BaseModel):
    """Every event."""

    items: list[EventAnswer]


class EventQuery(BaseModel):
    """The language of the texts."""

    model_config = ConfigDict(extra="forbid")

    language: Language = "en"


class TestAnswer(BaseModel):
    """What came of a message that was really sent."""

    ok: bool
    answer: str = Field(description="What the other side said, shortened, without secrets.")
    code: str = Field(default="", description="Why it was not sent.")
    params: dict[str, str | int | float | bool] = Field(default_factory=dict)


class DeliveryAnswer(BaseModel):
    """One message to one target."""

    id: UUID
    key: UUID = Field(description="The same for all messages of one incident.")
    event: str
    level: Level
    title: str
    body: str
    link: str | None
    state: State
    attempts: int
    next_attempt: datetime | None = Field(description="null: it is not attempted again.")
    answer: str = Field(description="What the other side said, shortened, without secrets.")
    code: str = Field(description="Why it was not sent, or not yet.")
    code_params: dict[str, Any]
    happened_at: datetime
    created_at: datetime
    done_at: datetime | None


class DeliveryQuery(PageQuery):
    """Filters of the log, the newest first. ``sort`` takes created_at."""

    state: State | None = None
    event: Annotated[str, Field(max_length=64)] | None = None
    key: UUID | None = None
