"""The log on its way out."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from castcore_core.api.page import PageQuery
from castcore_core.audit.service import Filter


class AuditFilter(BaseModel):
    """Which entries are wanted."""

    model_config = ConfigDict(extra="forbid")

    actor: str | None = Field(default=None, max_length=36, description="Id of the user who acted.")
    action: str | None = Field(
        default=None, pattern=r"^[a-z_]+\.([a-z_]+|\*)$", max_length=64, description="Such as users.created or users.*"
    )
    outcome: Literal["done", "denied", "failed"] | None = None
    target_kind: str | None = Field(default=None, max_length=32)
    target: str | None = Field(default=None, max_length=64, description="Id of what it was done to.")
    address: str | None = Field(default=None, max_length=64)
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None

    def wanted(self) -> Filter:
        """Return the filter as the service takes it."""
        return Filter(**{key: getattr(self, key) for key in Filter.__dataclass_fields__})


class AuditQuery(PageQuery, AuditFilter):
    """``sort`` takes at."""


class ExportQuery(AuditFilter):
    """The whole log, or what fits the filters."""

    format: Literal["csv", "jsonl"] = "jsonl"


class AuditAnswer(BaseModel):
    """One entry."""

    id: int
    at: datetime
    actor_kind: Literal["user", "token", "anonymous", "command", "system"]
    actor_id: str | None
    actor_name: str
    address: str
    action: str
    outcome: Literal["done", "denied", "failed"]
    target_kind: str | None
    target_id: str | None
    target_name: str | None
    fields_changed: list[str]
    params: dict[str, Any]
