"""From what a user sends to what is kept of a job: checked, completed, and told apart by what it means on air."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import BaseModel, SecretStr, TypeAdapter, ValidationError

from castcore_core.accounts.role import Role
from castcore_core.assets.models import Asset
from castcore_core.core import Core
from castcore_core.destinations.models import StreamDestination
from castcore_core.error import InvalidError, InvalidField, UnavailableError
from castcore_core.extensions.secret import MASK, merge
from castcore_core.media.models import MediaItem
from castcore_core.profiles.models import FFmpegProfile
from castcore_core.storage.source import StorageSources
from castcore_core.streams.definition import (
    Fallback,
    FileInput,
    IngestInput,
    Input,
    MediaItemInput,
    Recording,
    StorageInput,
    UrlInput,
)
from castcore_core.streams.input import shown_url, source_of
from castcore_core.streams.models import StreamJob
from castcore_core.streams.port import free_port
from castcore_core.streams.reach import Reach
from castcore_core.streams.schemas import OutputDefinition
from castcore_sdk import NotFoundError

_reader: TypeAdapter[Input] = TypeAdapter(Input)
_KEY_BYTES = 18
"""24 characters of base64."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A source that may be kept, and whether its key was made just now and has to be shown."""

    input: Input
    new_key: str | None = None


async def prepare_input(core: Core, value: Input, role: Role, *, job_id: UUID | None = None) -> Prepared:
    """Check a source and complete it. Raises ConfigurationError, InvalidError, UnavailableError."""
    if isinstance(value, FileInput):
        await core.get(Reach).check_path(value.path, role, "source.path")
    elif isinstance(value, StorageInput):
        await _check_source(core, value)
    elif isinstance(value, MediaItemInput):
        if not await MediaItem.exists(id=value.media_id):
            raise InvalidError.at("source", "media_id", type="not_found")
    elif isinstance(value, UrlInput):
        url = value.url.get_secret_value()
        source_of(value)
        await core.get(Reach).check_address(url, "source.url")
    elif isinstance(value, IngestInput):
        return await _complete_ingest(core, value, job_id)
    else:
        source_of(value)
    return Prepared(value)


async def _check_source(core: Core, value: StorageInput) -> None:
    try:
        await core.get(StorageSources).get(value.source_id)
    except NotFoundError:
        raise InvalidError.at("source", "source_id", type="not_found") from None


def merge_input(before: Mapping[str, Any], given: Mapping[str, Any]) -> Input:
    """Return a source changed in part, or replaced where the kind is another one. Raises InvalidError.

    ``before`` is the whole source. An address that comes back as it was shown stays what it is.
    """
    same = given.get("kind", before["kind"]) == before["kind"]
    if same and "url" in before and given.get("url") == shown_url(before["url"]):
        given = {key: value for key, value in given.items() if key != "url"}
    whole = merge(before, given) if same else dict(given)
    if any(MASK in str(whole.get(field, "")) for field in ("url", "key")):
        raise InvalidError.at("source", type="masked_secret")
    value: Input = read(_reader.validate_python, whole, "source")
    return value


def merge_part(model: type[Any], before: Mapping[str, Any], given: Mapping[str, Any] | None, field: str) -> Any:
    """Return a part of a job changed field by field; null: its defaults. Raises InvalidError."""
    return read(model.model_validate, {} if given is None else merge(before, given), field)


def read(reader: Any, data: Mapping[str, Any], field: str) -> Any:
    """Return what ``reader`` makes of ``data``. Raises InvalidError with paths below ``field`` and no values."""
    try:
        return reader(data)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        found: list[InvalidField] = [{"path": [field, *fault["loc"]], "type": fault["type"]} for fault in faults]
    raise InvalidError(found)


async def check_parts(core: Core, fallback: Fallback, recording: Recording, role: Role) -> None:
    """Refuse what this version cannot do. Raises UnavailableError, InvalidError, ConfigurationError."""
    if fallback.return_ == "manual":
        raise UnavailableError("feature.not_available", params={"feature": "fallback"})
    await _check_asset(fallback)
    if recording.folder is not None:
        await core.get(Reach).check_path(recording.folder, role, "recording.folder")


async def _check_asset(fallback: Fallback) -> None:
    """See that a still shows a picture, and a video a film."""
    if (asset_id := fallback.shown_asset) is not None:
        asset = await Asset.get_or_none(id=asset_id).values("kind")
        if asset is None:
            raise InvalidError.at("fallback", "asset_id", type="not_found")
        if asset["kind"] != {"still": "image", "video": "video"}[fallback.kind]:
            raise InvalidError.at("fallback", "asset_id", type="wrong_kind")
    elif fallback.kind == "video":
        raise InvalidError.at("fallback", "asset_id", type="missing")


async def check_references(profile_id: UUID | None, outputs: Sequence[OutputDefinition]) -> None:
    """Raise InvalidError for profiles and destinations that do not exist, and for a destination that comes twice."""
    faults: list[InvalidField] = []
    wanted = {each for each in (profile_id, *(one.profile_id for one in outputs)) if each is not None}
    profiles = set(await FFmpegProfile.filter(id__in=list(wanted)).values_list("id", flat=True)) if wanted else set()
    ids = [one.destination_id for one in outputs]
    known = set(await StreamDestination.filter(id__in=ids).values_list("id", flat=True)) if ids else set()
    if profile_id is not None and profile_id not in profiles:
        faults.append({"path": ["profile_id"], "type": "not_found"})
    for place, one in enumerate(outputs):
        if one.destination_id not in known:
            faults.append({"path": ["outputs", place, "destination_id"], "type": "not_found"})
        elif one.destination_id in ids[:place]:
            faults.append({"path": ["outputs", place, "destination_id"], "type": "duplicate"})
        if one.profile_id is not None and one.profile_id not in profiles:
            faults.append({"path": ["outputs", place, "profile_id"], "type": "not_found"})
    if faults:
        raise InvalidError(faults)


def tag_index(tags: Sequence[str]) -> str:
    """Return the tags as one text to filter by."""
    return f"|{'|'.join(tags)}|" if tags else ""


def plain(part: BaseModel) -> dict[str, Any]:
    """Return a part as data, its secrets opened."""
    data = part.model_dump(mode="python", by_alias=True)
    return {key: _plain(value) for key, value in data.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value) if isinstance(value, UUID) else value


async def _complete_ingest(core: Core, value: IngestInput, job_id: UUID | None) -> Prepared:
    rows = await StreamJob.filter(source_kind="ingest").values("id", "source")
    taken = {row["source"].get("port") for row in rows if row["id"] != job_id}
    host = value.host or core.configuration.host
    port = value.port
    if port is None:
        port = await free_port(host, taken)
    elif port in taken or port == core.configuration.port:
        raise InvalidError.at("source", "port", type="duplicate")
    key = None if value.key else secrets.token_urlsafe(_KEY_BYTES)
    completed = value.model_copy(update={"port": port, "host": value.host, "key": SecretStr(key) if key else value.key})
    source_of(completed)
    return Prepared(completed, key)
