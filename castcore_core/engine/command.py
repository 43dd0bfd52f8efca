"""What ``castcore jobs`` does, without a command line: beside a running server, and without one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from castcore_core.accounts.role import Role
from castcore_core.audit import acting_as
from castcore_core.audit.caller import COMMAND
from castcore_core.config import Configuration, DataFolder, load_configuration
from castcore_core.core import Core
from castcore_core.engine import link
from castcore_core.engine.lock import has_engine
from castcore_core.engine.models import EngineRun
from castcore_core.feature import FEATURES, load
from castcore_core.preflight.service import Preflights
from castcore_core.runner.error import RunnerError
from castcore_core.server.life import live
from castcore_core.settings import Settings
from castcore_core.streams.command import Commands
from castcore_core.streams.models import StreamJob
from castcore_sdk.errors import CastCoreError, NotFoundError

_FOUNDATION = ("audit", "settings")
_EXAMINERS = ("plugins", "reach", "profiles", "platforms", "destinations", "storage", "media", "assets", "streams")
"""What a preflight needs besides."""

_STOP_SECONDS = 3.0
_GONE_SECONDS = 6.0
_ENGINE_SECONDS = 15.0
"""Time in which a running engine is to end what is wanted no more; it looks every 2 s and kills after 8 s."""
_STEP = 0.1


@dataclass(frozen=True, slots=True)
class JobLine:
    """One job: what is wanted of it, what its state is, and whether a process carries it."""

    id: str
    name: str
    desired: str
    state: str
    code: str
    params: Mapping[str, Any]
    """What the texts of ``code`` show."""
    on_air: bool


@dataclass(frozen=True, slots=True)
class Stopped:
    """What became of a stop."""

    jobs: Sequence[str]
    """Names of the jobs that are wanted no more."""
    ended: int
    """Runners that have ended."""
    left: int
    """Runners that have not."""
    problem: CastCoreError | None = None
    """Why the database could not be told: a server would start those jobs again."""


def list_jobs(overrides: Mapping[str, object]) -> list[JobLine]:
    """Return all jobs by name. Raises whatever keeps a server from opening its database."""
    return asyncio.run(_list(load_configuration(overrides)))


def start_job(overrides: Mapping[str, object], wanted: str, *, override: bool) -> str:
    """Want a job on air and return its name; an engine starts it when there is one.

    ``wanted`` is an id or a name, ``override`` passes a red preflight. Raises as `Commands.start`.
    """
    return asyncio.run(_start(load_configuration(overrides), wanted, override=override))


def stop_jobs(overrides: Mapping[str, object], wanted: str | None) -> Stopped:
    """Want a job (None: every job) no more, and end its runner where no engine does, also without a database.

    Raises NotFoundError ``streams.not_found``.
    """
    return asyncio.run(_stop(load_configuration(overrides), wanted))


async def end_runners(run: Path, jobs: Collection[str] | None = None) -> tuple[int, int]:
    """End the runners of ``jobs`` (None: all) in a run folder; return how many have ended and how many have not.

    Runs of ``castcore run`` are left alone: they belong to a terminal.
    """
    found = await asyncio.to_thread(link.jobs_in, run, ())
    chosen = found if jobs is None else found & set(jobs)
    ends = await asyncio.gather(*(_end(run, job_id) for job_id in chosen))
    return ends.count(True), ends.count(False)


async def _list(configuration: Configuration) -> list[JobLine]:
    run = DataFolder(configuration.data_dir).run
    async with _house(configuration):
        told = {row.job_id: row for row in await EngineRun.all()}
        jobs = await StreamJob.all().order_by("name").values("id", "name", "desired")
    kept = has_engine(run)
    lines = []
    for job in jobs:
        row, on_air = told.get(job["id"]), link.is_held(run, str(job["id"]))
        state, code, params = (row.state, row.code, row.params) if row else ("stopped", "", {})
        if row and not (kept or on_air or row.outcome):
            # Nobody is left to say that it has ended.
            state, code, params = "stopped", "", {}
        lines.append(JobLine(str(job["id"]), job["name"], job["desired"], state, code, params, on_air))
    return lines


async def _start(configuration: Configuration, wanted: str, *, override: bool) -> str:
    async with AsyncExitStack() as stack:
        core = await stack.enter_async_context(_house(configuration))
        job = await _find(wanted)
        if (await core.get(Settings).read()).preflight_gate:
            await _enter(stack, core, _EXAMINERS)
        preflights = Preflights(core)
        core.provide(preflights)
        stack.push_async_callback(preflights.aclose)
        await Commands(core).start(job.id, Role.ADMIN, override=override)
        return job.name


async def _stop(configuration: Configuration, wanted: str | None) -> Stopped:
    run = DataFolder(configuration.data_dir).run
    names: list[str] = []
    jobs: set[str] | None = None
    problem = None
    try:
        async with _house(configuration) as core:
            if wanted is None:
                chosen = await StreamJob.exclude(desired="stopped").order_by("name")
            else:
                chosen = [await _find(wanted)]
                jobs = {str(chosen[0].id)}
            for job in chosen:
                await Commands(core).stop(job.id)
                names.append(job.name)
    except NotFoundError:
        raise
    except CastCoreError as error:
        if wanted is not None:
            raise
        problem = error
    before = _held(run, jobs)
    if problem is None and has_engine(run):
        await _await_engine(run, jobs)
    await end_runners(run, jobs)
    after = _held(run, jobs)
    return Stopped(names, len(before - after), len(after), problem)


@asynccontextmanager
async def _house(configuration: Configuration) -> AsyncIterator[Core]:
    """Open the database without being a server."""
    features = [replace(one, run=one.run if one.name in _FOUNDATION else None) for one in FEATURES]
    async with live(configuration, features=features) as core:
        with acting_as(COMMAND):
            yield core


async def _enter(stack: AsyncExitStack, core: Core, names: Collection[str]) -> None:
    for feature in FEATURES:
        if feature.name in names and feature.run:
            await stack.enter_async_context(load(feature.run)(core))


async def _find(wanted: str) -> StreamJob:
    found = None
    with contextlib.suppress(ValueError):
        found = await StreamJob.get_or_none(id=UUID(wanted))
    found = found or await StreamJob.get_or_none(name=wanted)
    if found is None:
        raise NotFoundError("streams.not_found")
    return found


def _held(run: Path, jobs: Collection[str] | None) -> set[str]:
    found = link.jobs_in(run, ())
    return {job_id for job_id in found if (jobs is None or job_id in jobs) and link.is_held(run, job_id)}


async def _await_engine(run: Path, jobs: Collection[str] | None) -> None:
    until = asyncio.get_running_loop().time() + _ENGINE_SECONDS
    while asyncio.get_running_loop().time() < until:
        await asyncio.sleep(_STEP)
        if not (_held(run, jobs) and has_engine(run)):
            return


async def _end(run: Path, job_id: str) -> bool | None:
    """End one runner in order, else by force; None where there is none to end."""
    try:
        client = await link.find(run, job_id)
    except RunnerError:
        identity = await asyncio.to_thread(link.identity_in, run, job_id)
        if identity is None or not identity.is_alive():
            return None
        await link.end_by_force(identity)
        return True
    if client is None:
        return None
    try:
        if client.hello.lifetime == "attached":
            return None
        with contextlib.suppress(RunnerError):
            await client.stop(_STOP_SECONDS)
        if await client.wait_gone(_GONE_SECONDS):
            return True
        await link.end_by_force(client.hello.identity)
        return await client.wait_gone()
    finally:
        await client.close()
