"""Keep profiles."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from castcore_core.accounts.role import Role
from castcore_core.audit import Audit
from castcore_core.audit.service import Target
from castcore_core.core import Core
from castcore_core.db.revision import Expectation
from castcore_core.error import ConflictError, InvalidError, InvalidField
from castcore_core.ffmpeg.profile import Profile
from castcore_core.plugins.host import PluginHost
from castcore_core.profiles.choice import Encoders
from castcore_core.profiles.expert import check_expert_args
from castcore_core.profiles.models import FFmpegProfile
from castcore_core.profiles.toolchain import Toolchain
from castcore_core.streams.desired import wake
from castcore_core.streams.models import JobOutput, StreamJob
from castcore_core.streams.reach import Reach
from castcore_sdk.errors import NotFoundError


class Profiles:
    """All kept profiles. A change restarts nobody: jobs on air show that a restart would bring it."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._audit = core.get(Audit)

    async def find(
        self, *, q: str | None, order: Sequence[str], limit: int, offset: int
    ) -> tuple[list[dict[str, Any]], int]:
        """Return rows and how many there are."""
        query = FFmpegProfile.filter(name__icontains=q) if q else FFmpegProfile.all()
        return await query.order_by(*order).limit(limit).offset(offset).values(), await query.count()

    async def get(self, profile_id: UUID) -> FFmpegProfile:
        """Return one. Raises NotFoundError ``profiles.not_found``."""
        found = await FFmpegProfile.get_or_none(id=profile_id)
        if found is None:
            raise NotFoundError("profiles.not_found")
        return found

    async def create(self, profile: Profile, expert_args: Sequence[str], role: Role) -> FFmpegProfile:
        """Keep a profile; ``role`` is that of whoever asks.

        Raises InvalidError, ConfigurationError, ConflictError ``conflict.duplicate``.
        """
        self._check(profile, expert_args)
        await self._check_logo(profile, role)
        try:
            async with in_transaction():
                made = await FFmpegProfile.create(
                    name=profile.name, settings=_settings(profile), expert_args=list(expert_args)
                )
                await self._audit.record("profiles.created", target=_target(made))
        except IntegrityError:
            raise _duplicate() from None
        return made

    async def change(
        self, profile_id: UUID, given: Mapping[str, Any], expected: Expectation, role: Role
    ) -> FFmpegProfile:
        """Change the ``given`` fields; ``video``, ``audio`` and ``filters`` field by field.

        Raises NotFoundError, PreconditionError, InvalidError, ConfigurationError, ConflictError.
        """
        await self._check_logo(_parsed("-", _merged(await self.get(profile_id), given)[0]), role, given)
        try:
            async with in_transaction():
                row = await self.get(profile_id)
                expected.check(row.updated_at)
                settings, expert_args = _merged(row, given)
                profile = _parsed(given.get("name") or row.name, settings)
                self._check(profile, expert_args)
                after = _settings(profile)
                if (after, expert_args) != (row.settings, row.expert_args):
                    row.revision += 1
                row.name, row.settings, row.expert_args = profile.name, after, expert_args
                await row.save()
                await self._audit.record("profiles.changed", target=_target(row), changed=given)
        except IntegrityError:
            raise _duplicate() from None
        await wake(self._core.bus, "*")
        return row

    async def delete(self, profile_id: UUID) -> None:
        """Remove one. Raises NotFoundError, ConflictError ``conflict.in_use`` with the jobs that use it."""
        async with in_transaction():
            row = await self.get(profile_id)
            users = await StreamJob.filter(profile_id=profile_id).values_list("name", flat=True)
            users += await JobOutput.filter(profile_id=profile_id).values_list("job__name", flat=True)
            if users:
                raise in_use([str(name) for name in users])
            await row.delete()
            await self._audit.record("profiles.deleted", target=_target(row))

    async def _check_logo(self, profile: Profile, role: Role, given: Mapping[str, Any] | None = None) -> None:
        """Look at the path of a logo where one is given; files are looked at outside of any transaction."""
        if profile.filters.logo is not None and (given is None or "filters" in given):
            await self._core.get(Reach).check_path(profile.filters.logo.path, role, "filters.logo.path")

    def _check(self, profile: Profile, expert_args: Sequence[str]) -> None:
        check_expert_args(expert_args)
        if profile.video is None and profile.audio is None:
            raise InvalidError.at("audio", type="nothing_left")
        encoders = self._core.get(PluginHost).registry.encoder_profiles
        if profile.video is None or profile.copies_video:
            return
        if profile.encoder not in encoders:
            raise InvalidError.at("encoder", type="encoder_unknown")
        # Its own schema judges what is set for it.
        self._core.get(PluginHost).parse_config(encoders[profile.encoder], profile.encoder_options)


def in_use(names: Sequence[str]) -> ConflictError:
    """Return the error that says who uses something."""
    distinct = sorted(set(names))
    return ConflictError("conflict.in_use", params={"by": ", ".join(distinct)[:500], "count": len(distinct)})


def _settings(profile: Profile) -> dict[str, Any]:
    return profile.model_dump(mode="json", include=set(Profile.model_fields) - {"name"})


def _merged(row: FFmpegProfile, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    settings = dict(row.settings)
    for key, value in given.items():
        if key in ("name", "expert_args"):
            continue
        if value is None and key not in ("video", "audio"):
            settings.pop(key, None)
        elif isinstance(value, dict):
            kept = {**(settings.get(key) or {}), **value}
            settings[key] = {name: item for name, item in kept.items() if item is not None}
        else:
            settings[key] = value
    args = row.expert_args if "expert_args" not in given else given["expert_args"] or []
    return settings, list(args)


def _parsed(name: str, settings: Mapping[str, Any]) -> Profile:
    try:
        return Profile.model_validate({"name": name, **settings})
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        found: list[InvalidField] = [{"path": list(fault["loc"]), "type": fault["type"]} for fault in faults]
    raise InvalidError(found)


def _target(row: FFmpegProfile) -> Target:
    return Target("profile", row.id, row.name)


def _duplicate() -> ConflictError:
    return ConflictError("conflict.duplicate", params={"field": "name"})


@asynccontextmanager
async def run(core: Core) -> AsyncIterator[None]:
    """Provide :class:`Toolchain` and :class:`Profiles`."""
    core.provide(Toolchain(core))
    core.provide(Encoders(core))
    core.provide(Profiles(core))
    yield
