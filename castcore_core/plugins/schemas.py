"""Plugins on their way out."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Params = dict[str, str | int | float | bool]


class ReasonAnswer(BaseModel):
    """Why a plugin is in its state."""

    code: str
    params: Params


class OfferAnswer(BaseModel):
    """One thing that a plugin brings."""

    kind: str
    id: str


class PluginAnswer(BaseModel):
    """One installed plugin."""

    id: str
    distribution: str
    version: str
    builtin: bool
    state: Literal["loaded", "disabled", "incompatible", "failed", "quarantined", "left_out"]
    reason: ReasonAnswer | None
    restart: ReasonAnswer | None = Field(description="Why the server has to be restarted for it; streams go on.")
    offers: list[OfferAnswer]


class PluginList(BaseModel):
    """Every installed plugin, the builtin first."""

    items: list[PluginAnswer]
    safe_mode: ReasonAnswer | None = Field(description="Why only the builtin plugin is loaded.")


class InstallRequest(BaseModel):
    """What is to be installed."""

    model_config = ConfigDict(extra="forbid")

    requirement: str = Field(
        min_length=1, max_length=300, description="Name of a distribution, with a range of versions where wanted."
    )


class ChangeAnswer(BaseModel):
    """One distribution; a version is empty where it is not installed."""

    name: str
    before: str
    after: str
    plugin: bool


class InstallationAnswer(BaseModel):
    """A change of what is installed, under way or over."""

    id: str
    action: Literal["install", "upgrade", "uninstall"]
    requirement: str
    state: Literal["running", "done", "failed"]
    step: str = Field(description="What it is at: plan, keep, install, try, remove or take_back.")
    started_at: datetime
    ended_at: datetime | None
    changes: list[ChangeAnswer]
    plugins: list[str]
    stays: list[str] = Field(description="Folders and libraries that a removed plugin leaves behind.")
    restart: bool = Field(description="The server has to be restarted for it; streams go on.")
    error: ReasonAnswer | None


class RescanAnswer(BaseModel):
    """Which plugins have changed."""

    changed: list[str]


class ExtensionSchema(BaseModel):
    """One thing that is configured, with the schema of its configuration."""

    kind: str
    id: str
    config_schema: dict[str, Any]


class SchemaList(BaseModel):
    """Everything of a plugin that is configured."""

    items: list[ExtensionSchema]
