"""Profiles on their way in and out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from castcore_core.api.page import PageQuery
from castcore_core.ffmpeg.profile import Profile

Name = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+$", min_length=1, max_length=100)]
Tokens = Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=40)]


class ProfileCreation(Profile):
    """A profile to keep."""

    name: Name
    expert_args: Tokens = Field(default_factory=list)
    """Tokens for the video encoder: options of a list, each followed by its value."""


class ProfilePatch(BaseModel):
    """What is to change; absent keeps, null clears or goes back to the default."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    encoder: str | None = Field(default=None, max_length=48)
    video: dict[str, Any] | None = Field(default=None, description="Fields of the picture; null: sound alone.")
    audio: dict[str, Any] | None = Field(default=None, description="Fields of the sound; null: picture alone.")
    filters: dict[str, Any] | None = None
    copy_mode: str | None = Field(default=None, max_length=16)
    latency: str | None = Field(default=None, max_length=16)
    encoder_options: dict[str, Any] | None = Field(default=None, description="Settings of the encoder, field by field.")
    encoder_fallback: str | None = Field(default=None, max_length=16)
    expert_args: Tokens | None = None


class ProfileAnswer(ProfileCreation):
    """A kept profile."""

    id: UUID
    revision: int
    """Raised when what is encoded changes."""
    created_at: datetime
    updated_at: datetime


class ProfileQuery(PageQuery):
    """Filters of the list. ``sort`` takes name, created_at and updated_at."""

    q: str | None = Field(default=None, max_length=100, description="Part of the name.")


class Reason(BaseModel):
    """A code with its parameters."""

    code: str
    params: dict[str, str | int | float | bool] = Field(default_factory=dict)


class EncoderAnswer(BaseModel):
    """One encoder of a plugin."""

    id: str
    plugin: str
    codecs: list[str]
    available: bool
    reasons: list[Reason] = Field(description="Why it does not work here.")
    config_schema: dict[str, Any] = Field(description="JSON Schema of a profile's encoder_options.")


class EncoderList(BaseModel):
    """Every encoder, and the options that experts may add."""

    items: list[EncoderAnswer]
    expert_options: list[str]


class PresetList(BaseModel):
    """The profiles that are always there, to begin with; the first encodes jobs without a profile."""

    items: list[Profile]
