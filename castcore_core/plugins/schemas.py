"""Plugins on their way out."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

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


class ExtensionSchema(BaseModel):
    """One thing that is configured, with the schema of its configuration."""

    kind: str
    id: str
    config_schema: dict[str, Any]


class SchemaList(BaseModel):
    """Everything of a plugin that is configured."""

    items: list[ExtensionSchema]
