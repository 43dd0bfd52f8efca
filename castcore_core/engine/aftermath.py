"""Decide what the end of a run means: the next attempt, or the end for good."""

from __future__ import annotations

import asyncio
import time

import structlog

from castcore_core.engine.attempt import Attempts
from castcore_core.engine.desk import Desk
from castcore_core.engine.ledger import Page
from castcore_core.engine.observer import Observer
from castcore_core.engine.outcome import settle
from castcore_core.engine.schemas import Params, Problem
from castcore_core.runner.client import forget
from castcore_core.streams.desired import WantedJob
from castcore_sdk import CheckResult, Severity

OVER_S = 3600.0
"""Seconds to wait where nothing is left to do: whoever wants more wakes the keeper."""

_log = structlog.get_logger(__name__)


class Aftermath:
    """What follows the runs of one job."""

    def __init__(self, desk: Desk, page: Page, observer: Observer) -> None:
        self.attempts = Attempts(page.attempts)
        self.untidy = False
        """There may be a journal to remove and broadcasts to close."""
        self._desk = desk
        self._page = page
        self._observer = observer

    async def judge(self, wanted: WantedJob | None, *, rebooted: bool) -> None:
        """Decide what the end of a runner means; ``rebooted``: it ran before the last start of the machine."""
        picture = self._observer.picture
        good = time.monotonic() - picture.delivering_since if picture.delivering_since is not None else 0.0
        self._observer.clear()
        if wanted is None or wanted.desired == "stopped":
            return
        if picture.state == "ended" and not picture.signalled:
            self._page.outcome = "ended"
            await self.finish(Problem(code="engine.ended"), None)
        elif picture.signalled or rebooted:
            self.attempts.reset()
            self._observer.enter("starting", Problem(code="engine.rebooted" if rebooted else "runner.signalled"))
        else:
            problem = Problem(code=picture.code or "engine.runner_gone", params=dict(picture.params))
            if picture.device_failure is not None:
                self.distrust(picture.device_failure)
            await self.fail(wanted, problem, picture.cause, good)

    async def fail(self, wanted: WantedJob, problem: Problem, cause: Problem | None = None, good: float = 0.0) -> float:
        """Note a failure after so many ``good`` seconds on air; return the seconds until there is more to do."""
        again = self.attempts.fail(wanted.restart, good)
        self._page.attempts = self.attempts.count
        if not again:
            params: Params = {"attempts": self.attempts.count, "reason": problem.code}
            self._page.outcome = "failed"
            await self.finish(Problem(code="engine.gave_up", params=params), problem)
            return OVER_S
        self._observer.enter("waiting", problem, cause, time.time() + self.attempts.wait)
        return self.attempts.wait

    async def finish(self, problem: Problem, cause: Problem | None) -> None:
        """Close a run that is over for good; nobody hears of it before a new start would be heard."""
        page = self._page
        page.code, page.params, page.dirty = problem.code, problem.params, True
        if page.outcome == "failed":
            _log.warning("job has failed", job=page.job_id, code=problem.code, params=problem.params)
        await self._desk.ledger.write()
        await settle(page.job_id, page.generation, page.restarts)
        self._observer.enter("failed" if page.outcome == "failed" else "stopped", problem, cause)
        if self.untidy:
            await self.leave()

    async def leave(self) -> None:
        """Nothing follows: store what was told, and tell the destinations."""
        await self._desk.ledger.write()
        await asyncio.to_thread(forget, self._desk.run, self._page.job_id)
        await self._desk.planner.release(self._page.job_id)
        self.untidy = False

    def distrust(self, failure: Problem) -> bool:
        """Let the next plan do without the encoder that failed, if something can stand in for it."""
        reason = CheckResult(code=failure.code, severity=Severity.ERROR, params=failure.params)
        return self._desk.planner.distrust(self._page.job_id, reason)
