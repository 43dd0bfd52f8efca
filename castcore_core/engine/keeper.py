"""Make one job what is wanted of it, and keep it so; every job has a task of its own, so none waits for another."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog

from castcore_core.db import utc_now
from castcore_core.engine import link
from castcore_core.engine.aftermath import OVER_S, Aftermath
from castcore_core.engine.conform import Conformer, prepared
from castcore_core.engine.desk import Desk
from castcore_core.engine.observer import Observer
from castcore_core.engine.outcome import told_before
from castcore_core.engine.schemas import Problem
from castcore_core.engine.verdict import BroadcastWatch
from castcore_core.platforms.event import REAUTHENTICATION
from castcore_core.runner.client import RunnerClient, launch, open_runner
from castcore_core.runner.error import RunnerError
from castcore_core.runner.identity import Identity
from castcore_core.streams.desired import WantedJob
from castcore_core.streams.planning import PlannedJob
from castcore_sdk.errors import AuthenticationError, CastCoreError, ConfigurationError

STOP_SECONDS = 3.0
_STOPPED_WITHIN = 6.0
_HURRIED_WITHIN = 2.0
_SILENT_SECONDS = 30.0
"""Seconds without a word after which a runner counts as frozen: it speaks once a second."""
_REFUSALS = 3
_AGAIN_S = 5.0
_HOPELESS = (ConfigurationError, AuthenticationError)
"""What another attempt would not mend.

Not so a file that is missing (its storage may come back), an ffmpeg that is (an upgrade may be under way), and an
account that somebody will connect again.
"""

T = TypeVar("T")

_log = structlog.get_logger(__name__)


class Keeper:
    """One job's task. :meth:`want` tells it what is wanted; :meth:`run` returns when nothing is, and none is left."""

    def __init__(self, job_id: str, desk: Desk) -> None:
        self.job_id = job_id
        self.settled = asyncio.Event()
        """Set once it has looked what there is."""
        self._desk = desk
        self._page = desk.ledger.page(job_id)
        self._observer = Observer(self._page, desk.board, desk.logbook)
        self._aftermath = Aftermath(desk, self._page, self._observer)
        self._wanted: WantedJob | None = None
        self._wake = asyncio.Event()
        self._looked = False
        self._refusals = 0
        self._client: RunnerClient | None = None
        self._blank: RunnerClient | None = None
        self._conformer: Conformer | None = None
        self._reading: asyncio.Task[None] | None = None
        self._watch = BroadcastWatch(desk, self._observer, self._sent)
        desk.board.add(job_id, self._observer.status)

    def want(self, wanted: WantedJob | None) -> None:
        """Take what is wanted now; None: nothing."""
        if wanted != self._wanted:
            self._wanted = wanted
            self._observer.want(wanted)
            self._wake.set()

    async def run(self) -> None:
        """Keep the job until it is stopped and unwanted."""
        while True:
            self._wake.clear()
            try:
                wait = await self._step()
            except (CastCoreError, RunnerError) as error:
                _log.warning("job not settled", job=self.job_id, code=error.code)
                wait = 0.2 if error.code == "runner.gone" else _AGAIN_S
            except Exception as error:  # one job's trouble, an outage of the database for instance, is no other's
                _log.error("job not settled", job=self.job_id, exc_info=error)
                wait = _AGAIN_S
            self.settled.set()
            if wait is None:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._wake.wait()

    async def let_go(self) -> None:
        """Close the connection; the runner goes on. Called after the task has been cancelled."""
        await self._watch.stop()
        for client in (self._client, self._blank):
            if client is not None:
                await client.close()
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _step(self) -> float | None:
        """Do what is next and return the seconds until there may be more, None when all is done."""
        if not self._looked:
            return await self._look()
        if self._client is not None and self._reading is not None and self._reading.done():
            await self._conclude(self._client)
        wanted = self._wanted
        if wanted is None or wanted.desired == "stopped":
            await self._stop()
            return None if self._wanted is wanted else 0.0
        if self._client is None or self._conformer is None:
            return await self._begin(wanted)
        if self._conformer.generation != wanted.revisions["generation"]:
            await self._end(self._client)
            await self._aftermath.leave()
            return 0.0
        return await self._conform(self._client, self._conformer, wanted)

    async def _while_wanted(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Return what comes of ``work``; None where the job was stopped meanwhile: nobody waits for a plugin then."""
        task, missed = asyncio.ensure_future(work), False
        try:
            while not task.done():
                woken = asyncio.ensure_future(self._wake.wait())
                await asyncio.wait({task, woken}, return_when=asyncio.FIRST_COMPLETED)
                woken.cancel()
                if self._wanted is None or self._wanted.desired == "stopped":
                    break
                # Whatever else has changed is compared afterwards.
                missed = missed or self._wake.is_set()
                self._wake.clear()
        finally:
            if missed:
                self._wake.set()
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        return None if task.cancelled() else task.result()

    async def _look(self) -> float:
        """Find the job's runner, or what it left."""
        await self._desk.logbook.open(self.job_id)
        try:
            client = await link.find(self._desk.run, self.job_id)
        except RunnerError as error:
            return await self._face(error)
        self._refusals, self._looked = 0, True
        if client is None:
            await self._read_left()
        elif client.hello.lifetime == "attached":
            # A run of the command line, which is nobody else's.
            await client.close()
        elif not client.hello.job_id:
            self._blank = client
        else:
            await self._adopt(client)
        return 0.0

    async def _face(self, error: RunnerError) -> float:
        """Deal with a runner that is there and does not answer as it should."""
        self._refusals += 1
        unwanted = self._wanted is None or self._wanted.desired == "stopped"
        foreign = error.code == "runner.protocol_unknown"
        if unwanted or (not foreign and self._refusals >= _REFUSALS):
            identity = await asyncio.to_thread(link.identity_in, self._desk.run, self.job_id)
            if identity is not None:
                await link.end_by_force(identity)
            return 0.0
        self._observer.enter("waiting", Problem(code=error.code, params=dict(error.params)))
        return _AGAIN_S if foreign else 0.5

    async def _adopt(self, client: RunnerClient) -> None:
        """Take a running job over, whoever started it."""
        page, hello = self._page, client.hello
        page.begin(_key_of(hello.identity))
        page.generation = int(hello.revisions.get("generation", 0))
        page.restarts = int(hello.revisions.get("restarts", 0))
        page.outcome, page.acknowledge = "", client.ack
        self._aftermath.untidy = True
        self._observer.clear()
        self._client, self._conformer = client, Conformer(self._desk, self._observer, client)
        standing = await client.status()
        self._observer.picture.enter(standing.state)
        self._observer.recall(standing.source)
        # Before the figures are taken: what they say is no news of a job that is stopped.
        self._observer.phase = "live"
        self._observer.take(standing.figures)
        self._observer.enter("live")
        self._reading = asyncio.create_task(self._read(client), name=f"runner of {self.job_id}")

    async def _read(self, client: RunnerClient) -> None:
        observer = self._observer
        known = (observer.picture.state, observer.picture.device_failure)
        try:
            async for event in client:
                observer.take(event)
                now = (observer.picture.state, observer.picture.device_failure)
                if now != known:
                    known = now
                    self._wake.set()
        finally:
            self._wake.set()

    async def _begin(self, wanted: WantedJob) -> float:
        """Start the job, if its time has come."""
        page, attempts = self._page, self._aftermath.attempts
        if (page.generation, page.restarts) != (wanted.generation, wanted.restarts):
            attempts.reset()
        elif page.outcome:
            await self._aftermath.finish(*told_before(page.code, page.params))
            return _AGAIN_S
        if attempts.wait > 0:
            return attempts.wait
        page.generation, page.restarts, page.outcome = wanted.generation, wanted.restarts, ""
        page.started_at, page.attempts, page.dirty = utc_now(), attempts.count, True
        self._aftermath.untidy = True
        self._observer.enter("starting")
        client: RunnerClient | None = None
        await self._desk.ledger.write()
        # The process starts while the job is planned: each takes 100 ms.
        opening = asyncio.ensure_future(self._open())
        try:
            planned = await self._while_wanted(self._desk.planner.plan(self.job_id))
            if planned is None:
                return 0.0
            client = await self._launch(planned, opening)
        except CastCoreError as error:
            if isinstance(error, _HOPELESS) and not error.code.startswith(("ffmpeg.", REAUTHENTICATION)):
                page.outcome = "failed"
                await self._aftermath.finish(Problem(code=error.code, params=dict(error.params)), None)
                return OVER_S
            return await self._aftermath.fail(wanted, Problem(code=error.code, params=dict(error.params)))
        except RunnerError as error:
            if error.code in ("runner.job_locked", "runner.already_started"):
                self._looked = False
                return 0.2
            return await self._aftermath.fail(wanted, Problem(code=error.code, params=dict(error.params)))
        finally:
            if client is None:
                await _put_away(opening)
        await self._adopt(client)
        if self._conformer is not None:
            self._conformer.note(planned)
        return 0.0

    async def _open(self) -> RunnerClient:
        """Return a runner without a plan: one that an earlier engine left when it died, else a new one."""
        blank, self._blank = self._blank, None
        return blank or await open_runner(self._desk.run, self.job_id)

    async def _launch(self, planned: PlannedJob, opening: asyncio.Future[RunnerClient]) -> RunnerClient:
        plan, client = prepared(planned), await opening
        try:
            await client.start(plan, planned.secrets)
        except RunnerError as error:
            if error.code != "runner.gone":
                raise
            # Planning took longer than a runner waits.
            await client.close()
            client = await launch(self._desk.run, plan, planned.secrets)
        await client.greet(after=None)
        return client

    async def _conform(self, client: RunnerClient, conformer: Conformer, wanted: WantedJob) -> float:
        """Change what can be changed on air."""
        if time.monotonic() - self._observer.picture.heard > _SILENT_SECONDS:
            _log.warning("runner is silent", job=self.job_id, pid=client.hello.identity.pid)
            await link.end_by_force(client.hello.identity)
            return 0.2
        if self._observer.picture.state in ("stopping", "ended", "failed"):
            return _AGAIN_S
        try:
            failure = self._observer.picture.device_failure
            if failure is not None and self._aftermath.distrust(failure):
                await conformer.restart(wanted)
            wait = await self._while_wanted(conformer.conform(wanted))
            self._watch.follow({each.id for each in wanted.outputs})
            return 0.0 if wait is None else wait
        except RunnerError as error:
            if error.code not in ("runner.restart_refused", "runner.protocol_error"):
                raise
            await self._end(client)
            return 0.0

    def _sent(self, output_id: str) -> str | None:
        """Return the revision with which an output is on air."""
        return self._conformer.have.get(output_id) if self._conformer is not None else None

    async def _conclude(self, client: RunnerClient) -> None:
        """The runner's connection is over: read why."""
        await self._watch.stop()
        await client.close()
        self._client = self._conformer = None
        self._page.acknowledge = None
        if not await client.wait_gone():
            self._looked = False
            await self._look()
            return
        await self._aftermath.judge(self._wanted, rebooted=False)

    async def _read_left(self) -> None:
        """Read what a runner told last that has ended while nobody listened."""
        left = await asyncio.to_thread(link.left_behind, self._desk.run, self.job_id)
        here = Identity.of(1).boot
        if left is None:
            if self._page.process and not self._page.process.startswith(here):
                self._aftermath.attempts.reset()
            return
        self._page.begin(_key_of(left.identity))
        self._aftermath.untidy = True
        if self._page.outcome:
            return
        for event in left.events:
            self._observer.take(event)
        if self._wanted is not None and self._wanted.desired != "stopped":
            await self._aftermath.judge(self._wanted, rebooted=left.identity.boot != here)

    async def _stop(self) -> None:
        """End the job and all that is left of it."""
        page = self._page
        over = bool(page.outcome) and self._client is None
        known = self._client or self._blank or (page.state != "stopped" and not over)
        if self._aftermath.untidy and over:
            await self._aftermath.leave()
        if self._blank is not None:
            blank, self._blank = self._blank, None
            await blank.close()
            await link.end_by_force(blank.hello.identity)
        if self._client is not None:
            await self._end(self._client)
        self._aftermath.attempts.reset()
        if known or self._aftermath.untidy:
            page.attempts, page.outcome = 0, ""
            self._observer.clear()
            self._observer.enter("stopped")
            await self._aftermath.leave()

    async def _end(self, client: RunnerClient) -> None:
        """End the runner in order, else by force; nobody else waits meanwhile."""
        self._observer.enter("stopping")
        await self._watch.stop()
        reading = self._reading
        with contextlib.suppress(RunnerError):
            await client.stop(STOP_SECONDS)
            if not await _over(reading, _STOPPED_WITHIN):
                await client.stop(0.0)
                await _over(reading, _HURRIED_WITHIN)
        await client.close()
        if not await client.wait_gone(1.0):
            await link.end_by_force(client.hello.identity)
            await client.wait_gone()
        self._client = self._conformer = None
        self._page.acknowledge = None
        self._observer.clear()


async def _put_away(opening: asyncio.Future[RunnerClient]) -> None:
    """End a runner that gets no plan."""
    with contextlib.suppress(RunnerError):
        blank = await opening
        await blank.close()
        await link.end_by_force(blank.hello.identity)


async def _over(reading: asyncio.Task[None] | None, seconds: float) -> bool:
    if reading is None:
        return True
    done, _ = await asyncio.wait({reading}, timeout=seconds)
    return bool(done)


def _key_of(identity: Identity) -> str:
    return f"{identity.boot}/{identity.pid}/{identity.start}"
