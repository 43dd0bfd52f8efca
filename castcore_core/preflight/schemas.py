"""Preflights and dry runs on their way in and out."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from castcore_core.api.page import PageQuery
from castcore_core.preflight.check import Category, Level

Params = dict[str, str | int | float | bool]


class CheckAnswer(BaseModel):
    """One line of a report."""

    code: str
    category: Category
    level: Level
    blocking: bool = Field(description="Whether the job cannot run as it is.")
    params: Params
    docs: str = Field(description="Where the documentation tells more.")


class ReportAnswer(BaseModel):
    """A preflight."""

    id: UUID
    job_id: UUID
    state: Literal["running", "done", "failed"]
    level: Level | None
    can_start: bool | None
    checks: list[CheckAnswer]
    created_at: datetime
    finished_at: datetime | None
    stale: bool = Field(description="Whether the job has changed since, or much time has gone by.")


class PreflightQuery(BaseModel):
    """How to ask."""

    model_config = ConfigDict(extra="forbid")

    wait: bool = Field(default=False, description="Answer with the whole report.")


class HistoryQuery(PageQuery):
    """``sort`` takes created_at."""


class DryRunRequest(BaseModel):
    """How long to encode."""

    model_config = ConfigDict(extra="forbid")

    seconds: int = Field(default=10, ge=3, le=30)


class EncoderFigures(BaseModel):
    """What the encoder said at the end."""

    fps: float | None
    speed: float | None = Field(description="Below 1 it does not keep up.")
    dropped: int | None


class RenditionFigures(BaseModel):
    """What one version of the programme was like."""

    id: str
    seconds: float
    bitrate: int = Field(description="Bits per second, sound and picture.")
    peak_bitrate: int = Field(description="The same of the highest second.")
    keyframe_interval: float | None = Field(description="Seconds between keyframes, on average.")
    longest_keyframe_interval: float | None


class LimitFigures(BaseModel):
    """A limit of a destination and what was measured."""

    destination: str
    what: Literal["video_bitrate", "keyframe_interval"]
    value: float
    limit: float
    kept: bool


class Problem(BaseModel):
    """Why it ended early."""

    code: str
    params: Params


class DryRunAnswer(BaseModel):
    """What the machine makes of the job."""

    level: Level
    problem: Problem | None
    seconds: float
    encoder: EncoderFigures | None
    cpu_percent: float = Field(description="Of one core, all processes of the job together, on average.")
    cpu_cores: int
    memory: int = Field(description="Bytes at the highest.")
    renditions: list[RenditionFigures]
    limits: list[LimitFigures]
    log: list[dict[str, Any]]
