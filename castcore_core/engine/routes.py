"""How the jobs are, over HTTP and live."""

from __future__ import annotations

import asyncio
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field
from quart import Blueprint
from quart_schema import tag_blueprint, validate_querystring, validate_response

from castcore_core.accounts.actor import Account
from castcore_core.api.gate import current_actor
from castcore_core.api.live import Message, Outbox, send_live
from castcore_core.api.rule import current_core
from castcore_core.core import Core
from castcore_core.engine.board import Board
from castcore_core.engine.diagnosis import explain
from castcore_core.engine.logbook import Logbook
from castcore_core.engine.schemas import JobStatus, JobStatusAnswer
from castcore_core.i18n import LANGUAGES
from castcore_core.media.live import tell_scans
from castcore_core.streams.desired import job_wanted
from castcore_sdk.errors import NotFoundError

blueprint = Blueprint("engine", __name__)
tag_blueprint(blueprint, ["stream-jobs"])


class StatusQuery(BaseModel):
    """What may be asked."""

    lang: Literal["en", "de"] | None = Field(default=None, description="Language of the diagnosis; default: your own.")


@blueprint.get("/stream-jobs/<uuid:job_id>/status")
@validate_querystring(StatusQuery)
@validate_response(JobStatusAnswer)
async def status(job_id: UUID, query_args: StatusQuery) -> JobStatusAnswer:
    """Tell how a job, its encoder and each of its outputs are, and what is wrong in plain words."""
    core = current_core()
    found = await status_of(core, job_id)
    actor = current_actor()
    own = actor.language if isinstance(actor, Account) else None
    language = next(each for each in (query_args.lang, own, core.configuration.language) if each in LANGUAGES)
    return JobStatusAnswer(**found.model_dump(), diagnosis=explain(found, language))


@blueprint.websocket("/ws/status")
async def live_status() -> None:
    """Send every job's status and the scans that run, then each change.

    What a slow client missed is replaced by what came later.
    """
    core, outbox = current_core(), Outbox()
    with core.get(Board).listen(lambda job_id, message: outbox.put(message, job_id)) as known:
        jobs = [each.model_dump(mode="json") for each in known]
        outbox.put(Message("snapshot", {"jobs": jobs}))
        async with asyncio.TaskGroup() as group:
            telling = group.create_task(tell_scans(core, outbox))
            await send_live(core, outbox)
            telling.cancel()


@blueprint.websocket("/ws/logs/<uuid:job_id>")
async def live_log(job_id: UUID) -> None:
    """Send the last 200 lines of a job's log, then each that comes."""
    core, outbox = current_core(), Outbox()
    await status_of(core, job_id)
    logbook = core.get(Logbook)
    await logbook.open(str(job_id))
    with logbook.listen(str(job_id), outbox.put) as lines:
        outbox.put(Message("snapshot", {"lines": lines}))
        await send_live(core, outbox)


async def status_of(core: Core, job_id: UUID) -> JobStatus:
    """Return a job's status, also of one that is stopped. Raises NotFoundError ``streams.not_found``."""
    known = core.get(Board).get(str(job_id))
    if known is not None:
        return known
    wanted = await job_wanted(job_id)
    if wanted is None:
        raise NotFoundError("streams.not_found")
    # It may just have been started, and the engine has not looked yet.
    state: JobStatus = JobStatus(job_id=wanted.id, name=wanted.name, desired=wanted.desired)
    return state if wanted.desired == "stopped" else state.model_copy(update={"state": "starting"})
