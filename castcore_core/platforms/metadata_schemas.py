"""Metadata on its way in and out."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from castcore_core.platforms.schemas import Text

_LONGEST_TITLE = 500
Title = Annotated[Text, Field(min_length=1, max_length=_LONGEST_TITLE)]
Paragraphs = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$", max_length=10_000)]
Tags = Annotated[list[Annotated[Text, Field(min_length=1, max_length=100)]], Field(max_length=60)]
LanguageTag = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", max_length=35)]


class MetadataTexts(BaseModel):
    """What viewers read; placeholders such as `{stream_title}` are filled in when it is sent."""

    model_config = ConfigDict(extra="forbid")

    title: Title = "{stream_title}"
    description: Paragraphs = ""
    category: Annotated[Text, Field(min_length=1, max_length=200)] | None = None
    tags: Tags = Field(default_factory=list)
    language: LanguageTag | None = Field(default=None, description="BCP 47.")


class MetadataBody(MetadataTexts):
    """All of it; what is missing has its default."""

    thumbnail_id: UUID | None = Field(default=None, description="An asset: a PNG or JPEG.")
    push_on_start: bool = Field(default=True, description="Show it from the start of each broadcast.")


class PlaceholderWarning(BaseModel):
    """A placeholder that stays as it is."""

    code: Literal["metadata.placeholder_unknown", "metadata.placeholder_no_value"]
    params: dict[str, str]


class ResolvedAnswer(BaseModel):
    """What viewers read."""

    title: str
    description: str
    category: str | None
    tags: list[str]
    language: str | None
    warnings: list[PlaceholderWarning]


class ResolveBody(MetadataTexts):
    """Texts, and what they are about."""

    job_id: UUID | None = None
    platform: str | None = Field(
        default=None, min_length=1, max_length=48, description="A type of destination, or an output of the job."
    )


class MetadataAnswer(MetadataBody):
    """What counts for a platform or an output of a job."""

    platform: str | None = Field(
        description="Where it is kept: what was asked for, or the platform of that output; null: nowhere."
    )
    resolved: ResolvedAnswer


class PushResult(BaseModel):
    """What came of it at one output."""

    output_id: UUID
    destination: str
    ok: bool
    code: str = Field(description="Why not.")
    params: dict[str, str | int | float | bool] = Field(default_factory=dict)


class PushAnswer(BaseModel):
    """What came of it at every output that is on air."""

    ok: bool
    results: list[PushResult]
