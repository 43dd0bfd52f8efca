"""Metadata over HTTP."""

from __future__ import annotations

from uuid import UUID

from quart import Blueprint
from quart_schema import validate_request, validate_response

from castcore_core.api.rule import current_core
from castcore_core.platforms.metadata import Metadata, Written
from castcore_core.platforms.metadata_schemas import (
    MetadataAnswer,
    MetadataBody,
    MetadataTexts,
    PlaceholderWarning,
    PushAnswer,
    PushResult,
    ResolveBody,
    ResolvedAnswer,
)
from castcore_core.platforms.push import push
from castcore_core.platforms.template import Texts

_PATH = "/stream-jobs/<uuid:job_id>/metadata/<platform>"


def add_to(blueprint: Blueprint) -> None:
    """Mount these routes."""
    blueprint.get(_PATH)(validate_response(MetadataAnswer)(get_metadata))
    blueprint.put(_PATH)(validate_request(MetadataBody)(validate_response(MetadataAnswer)(put_metadata)))
    blueprint.post(f"{_PATH}/push")(validate_response(PushAnswer)(push_metadata))
    blueprint.post("/metadata/resolve")(validate_request(ResolveBody)(validate_response(ResolvedAnswer)(resolve)))


async def get_metadata(job_id: UUID, platform: str) -> MetadataAnswer:
    """Return what viewers of a job read at a platform, or at one of its outputs."""
    return await _answer(job_id, platform, await _metadata().get(job_id, platform))


async def put_metadata(job_id: UUID, platform: str, data: MetadataBody) -> MetadataAnswer:
    """Keep what viewers are to read; on air it is shown with the next push or broadcast."""
    texts = _texts(data, data.thumbnail_id)
    return await _answer(
        job_id, platform, await _metadata().put(job_id, platform, texts, push_on_start=data.push_on_start)
    )


async def push_metadata(job_id: UUID, platform: str) -> PushAnswer:
    """Show it at the broadcasts that are on air."""
    found = await push(current_core(), job_id, platform)
    results = [
        PushResult(
            output_id=output.id,
            destination=output.destination.name,
            ok=error is None,
            code=error.code if error else "",
            params=error.params if error else {},
        )
        for output, error in found
    ]
    return PushAnswer(ok=all(each.ok for each in results), results=results)


async def resolve(data: ResolveBody) -> ResolvedAnswer:
    """Fill in placeholders; unknown ones stay and are warned about."""
    return await _resolved(_texts(data, None), data.job_id, data.platform)


def _metadata() -> Metadata:
    return current_core().get(Metadata)


def _texts(data: MetadataTexts, thumbnail_id: UUID | None) -> Texts:
    return Texts(
        title=data.title,
        description=data.description,
        category=data.category,
        tags=data.tags,
        language=data.language,
        thumbnail_id=thumbnail_id,
    )


async def _answer(job_id: UUID, platform: str, written: Written) -> MetadataAnswer:
    texts = written.texts
    return MetadataAnswer(
        title=texts.title,
        description=texts.description,
        category=texts.category,
        tags=list(texts.tags),
        language=texts.language,
        thumbnail_id=texts.thumbnail_id,
        push_on_start=written.push_on_start,
        platform=written.platform,
        resolved=await _resolved(texts, job_id, platform),
    )


async def _resolved(texts: Texts, job_id: UUID | None, platform: str | None) -> ResolvedAnswer:
    done, warned = await _metadata().resolved(texts, job_id, platform)
    warnings = [
        PlaceholderWarning(
            code="metadata.placeholder_unknown" if each.fault == "unknown" else "metadata.placeholder_no_value",
            params={"placeholder": each.placeholder, "field": each.field},
        )
        for each in warned
    ]
    return ResolvedAnswer(
        title=done.title,
        description=done.description,
        category=done.category,
        tags=list(done.tags),
        language=done.language,
        warnings=warnings,
    )
