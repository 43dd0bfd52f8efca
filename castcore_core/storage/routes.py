"""Storage sources and mounts over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from quart import Blueprint, Response
from quart_schema import tag_blueprint, validate_querystring, validate_request, validate_response

from castcore_core.accounts.actor import actor_role
from castcore_core.api.idempotency import idempotent
from castcore_core.api.page import Page
from castcore_core.api.precondition import etag_header, expectation
from castcore_core.api.rule import current_core
from castcore_core.storage.keeper import Mount
from castcore_core.storage.models import StorageSource
from castcore_core.storage.schemas import (
    BrowseQuery,
    Check,
    DeletionQuery,
    EntryAnswer,
    Failure,
    MountAnswer,
    SourceAnswer,
    SourceCreation,
    SourcePatch,
    SourceQuery,
    TestAnswer,
    TypeAnswer,
    TypeList,
    UnmountQuery,
)
from castcore_core.storage.service import Storage, folders_first
from castcore_core.storage.source import StorageSources
from castcore_sdk import Severity

blueprint = Blueprint("storage", __name__)
tag_blueprint(blueprint, ["storage"])

_SORTS = ("name", "type", "created_at", "updated_at")
_SETTINGS = ("read_only", "automount", "rescan_interval")


@blueprint.get("/storage-sources")
@validate_querystring(SourceQuery)
@validate_response(Page[SourceAnswer])
async def list_sources(query_args: SourceQuery) -> Page[SourceAnswer]:
    """List the kept sources."""
    order = query_args.order(_SORTS, "name")
    filters = {"name__icontains": query_args.q, "type": query_args.type}
    wanted = {key: value for key, value in filters.items() if value is not None}
    rows, total = await _sources().find(wanted, order=order, limit=query_args.limit, offset=query_args.offset)
    return Page[SourceAnswer].of([_answer(StorageSource(**row)) for row in rows], total, query_args)


@blueprint.post("/storage-sources")
@idempotent
@validate_request(SourceCreation)
@validate_response(SourceAnswer, 201)
async def create_source(data: SourceCreation) -> tuple[SourceAnswer, int, dict[str, str]]:
    """Keep a source."""
    values: dict[str, Any] = {name: getattr(data, name) for name in _SETTINGS}
    row = await _sources().create(data.name, data.type, data.config, actor_role(), **values)
    if row.automount:
        _storage().keep(row)
    return _answer(row), 201, {"Location": f"/api/v1/storage-sources/{row.id}", **etag_header(row.updated_at)}


@blueprint.get("/storage-sources/types")
@validate_response(TypeList)
async def list_types() -> TypeList:
    """List the types that plugins bring, each with the schema of its configuration."""
    return TypeList(items=[TypeAnswer.model_validate(each) for each in _sources().types()])


@blueprint.get("/storage-sources/<uuid:source_id>")
@validate_response(SourceAnswer)
async def get_source(source_id: UUID) -> tuple[SourceAnswer, int, dict[str, str]]:
    """Return one source."""
    row = await _sources().get(source_id)
    return _answer(row), 200, etag_header(row.updated_at)


@blueprint.patch("/storage-sources/<uuid:source_id>")
@validate_request(SourcePatch)
@validate_response(SourceAnswer)
async def change_source(source_id: UUID, data: SourcePatch) -> tuple[SourceAnswer, int, dict[str, str]]:
    """Change a source; whoever reads from it goes on with what is new."""
    given = {key: getattr(data, key) for key in data.model_fields_set}
    row = await _sources().change(source_id, given, expectation(), actor_role())
    await _storage().changed(row)
    return _answer(row), 200, etag_header(row.updated_at)


@blueprint.delete("/storage-sources/<uuid:source_id>")
@validate_querystring(DeletionQuery)
async def delete_source(source_id: UUID, query_args: DeletionQuery) -> Response:
    """Remove a source; with `force` also from jobs that are stopped. Its files stay where they are."""
    await _sources().delete(source_id, force=query_args.force)
    await _storage().forget(source_id)
    return Response(b"", 204)


@blueprint.post("/storage-sources/<uuid:source_id>/test")
@validate_response(TestAnswer)
async def test_source(source_id: UUID) -> TestAnswer:
    """Test the connection to a source; nothing is changed there."""
    found = await _storage().check(source_id)
    checks = [
        Check(code=each.code, severity=each.severity.value, params=dict(each.params), field=each.config_field)
        for each in found
    ]
    return TestAnswer(ok=all(each.severity is not Severity.ERROR for each in found), checks=checks)


@blueprint.get("/storage-sources/<uuid:source_id>/browse")
@validate_querystring(BrowseQuery)
@validate_response(Page[EntryAnswer])
async def browse_source(source_id: UUID, query_args: BrowseQuery) -> Page[EntryAnswer]:
    """List a directory of a source: folders first, by name."""
    entries = folders_first(await _storage().entries(source_id, query_args.path))
    shown = entries[query_args.offset : query_args.offset + query_args.limit]
    items = [
        EntryAnswer(
            name=each.path.rpartition("/")[2],
            path=each.path,
            is_dir=each.is_dir,
            size=each.size,
            modified=each.modified,
        )
        for each in shown
    ]
    return Page[EntryAnswer](items=items, total=len(entries), limit=query_args.limit, offset=query_args.offset)


@blueprint.post("/mounts/<uuid:source_id>/mount")
@validate_response(MountAnswer)
async def mount(source_id: UUID) -> MountAnswer:
    """Start the worker of a source and keep it, also one that was taken out of service."""
    return _mount(source_id, await _storage().mount(source_id))


@blueprint.post("/mounts/<uuid:source_id>/unmount")
@validate_querystring(UnmountQuery)
@validate_response(MountAnswer)
async def unmount(source_id: UUID, query_args: UnmountQuery) -> MountAnswer:
    """Take a source out of service until it is mounted again."""
    return _mount(source_id, await _storage().unmount(source_id, force=query_args.force))


@blueprint.get("/mounts/<uuid:source_id>/status")
@validate_response(MountAnswer)
async def mount_status(source_id: UUID) -> MountAnswer:
    """Return how a source does."""
    return _mount(source_id, _storage().status(await _sources().get(source_id)))


def _sources() -> StorageSources:
    return current_core().get(StorageSources)


def _storage() -> Storage:
    return current_core().get(Storage)


def _answer(row: StorageSource) -> SourceAnswer:
    configurations = _sources().configurations
    shown = ("id", "name", "type", *_SETTINGS, "mounted", "revision", "created_at", "updated_at")
    return SourceAnswer(
        config=configurations.shown(row.id, row.config, row.secrets),
        available=configurations.has_type(row.type),
        state=_storage().status(row).state,
        **{name: getattr(row, name) for name in shown},
    )


def _mount(source_id: UUID, found: Mount) -> MountAnswer:
    error = found.error
    failure = None
    if error is not None and found.error_at is not None:
        failure = Failure(code=error.code, params=error.params, at=found.error_at)
    return MountAnswer(
        source_id=source_id,
        state=found.state,
        since=found.since,
        last_error=failure,
        pid=found.pid,
        readers=found.readers,
        served=found.served,
        memory=found.memory,
        restarts=found.restarts,
    )
