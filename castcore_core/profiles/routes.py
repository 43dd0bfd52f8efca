"""Profiles over HTTP."""

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
from castcore_core.ffmpeg.profile import COPY, PRESETS
from castcore_core.plugins.host import PluginHost
from castcore_core.profiles.expert import OPTIONS
from castcore_core.profiles.models import FFmpegProfile
from castcore_core.profiles.schemas import (
    EncoderAnswer,
    EncoderList,
    PresetList,
    ProfileAnswer,
    ProfileCreation,
    ProfilePatch,
    ProfileQuery,
    Reason,
)
from castcore_core.profiles.service import Profiles
from castcore_core.profiles.toolchain import Toolchain
from castcore_sdk import config_schema

blueprint = Blueprint("profiles", __name__)
tag_blueprint(blueprint, ["ffmpeg-profiles"])

_SORTS = ("name", "created_at", "updated_at")
_SHOWN = ("id", "name", "settings", "expert_args", "revision", "created_at", "updated_at")


@blueprint.get("/ffmpeg-profiles")
@validate_querystring(ProfileQuery)
@validate_response(Page[ProfileAnswer])
async def list_profiles(query_args: ProfileQuery) -> Page[ProfileAnswer]:
    """List the kept profiles."""
    order = query_args.order(_SORTS, "name")
    profiles = current_core().get(Profiles)
    rows, total = await profiles.find(q=query_args.q, order=order, limit=query_args.limit, offset=query_args.offset)
    return Page[ProfileAnswer].of([_answer(row) for row in rows], total, query_args)


@blueprint.post("/ffmpeg-profiles")
@idempotent
@validate_request(ProfileCreation)
@validate_response(ProfileAnswer, 201)
async def create_profile(data: ProfileCreation) -> tuple[ProfileAnswer, int, dict[str, str]]:
    """Keep a profile."""
    row = await current_core().get(Profiles).create(data, data.expert_args, actor_role())
    headers = {"Location": f"/api/v1/ffmpeg-profiles/{row.id}", **etag_header(row.updated_at)}
    return _of(row), 201, headers


@blueprint.get("/ffmpeg-profiles/<uuid:profile_id>")
@validate_response(ProfileAnswer)
async def get_profile(profile_id: UUID) -> tuple[ProfileAnswer, int, dict[str, str]]:
    """Return one profile."""
    row = await current_core().get(Profiles).get(profile_id)
    return _of(row), 200, etag_header(row.updated_at)


@blueprint.patch("/ffmpeg-profiles/<uuid:profile_id>")
@validate_request(ProfilePatch)
@validate_response(ProfileAnswer)
async def change_profile(profile_id: UUID, data: ProfilePatch) -> tuple[ProfileAnswer, int, dict[str, str]]:
    """Change a profile; jobs on air keep what they have until they are restarted."""
    given = {key: getattr(data, key) for key in data.model_fields_set}
    row = await current_core().get(Profiles).change(profile_id, given, expectation(), actor_role())
    return _of(row), 200, etag_header(row.updated_at)


@blueprint.delete("/ffmpeg-profiles/<uuid:profile_id>")
async def delete_profile(profile_id: UUID) -> Response:
    """Remove a profile that no job uses."""
    await current_core().get(Profiles).delete(profile_id)
    return Response(b"", 204)


@blueprint.get("/ffmpeg-profiles/presets")
@validate_response(PresetList)
async def list_presets() -> PresetList:
    """List the profiles that are always there, to begin with."""
    return PresetList(items=[*PRESETS.values(), COPY])


@blueprint.get("/ffmpeg-profiles/encoders")
@validate_response(EncoderList)
async def list_encoders() -> EncoderList:
    """List every encoder and whether it works here; the first call tries each of them out."""
    found = await current_core().get(Toolchain).encoders()
    known = current_core().get(PluginHost).registry.encoder_profiles
    items = [
        EncoderAnswer(
            id=each.id,
            plugin=each.plugin,
            codecs=list(each.codecs),
            available=each.works,
            reasons=[Reason(code=each.reason.code, params=dict(each.reason.params))] if each.reason else [],
            config_schema=config_schema(known[each.id].item.config_model) if each.id in known else {},
        )
        for each in found
    ]
    return EncoderList(items=items, expert_options=sorted(OPTIONS))


def _of(row: FFmpegProfile) -> ProfileAnswer:
    return _answer({name: getattr(row, name) for name in _SHOWN})


def _answer(row: dict[str, Any]) -> ProfileAnswer:
    return ProfileAnswer.model_validate({**row["settings"], **{key: row[key] for key in _SHOWN if key != "settings"}})
