"""Carry one run: start the runner, show what it tells, pass signals on, and say how it ended."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from castcore_core.cli.display import Display
from castcore_core.cli.message import still_there
from castcore_core.runner.client import RunnerClient, forget, launch
from castcore_core.runner.error import Problem, RunnerError
from castcore_core.runner.event import JobState, OutputStatistics, Progress
from castcore_core.streams.planner import Planned

STOP_SECONDS = 2.5
"""Time in which every destination may end in order."""

_GRACE_SECONDS = 0.4
"""Beyond its time, a runner that does not end is killed: after the first signal, and at once after the second."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(slots=True)
class Outcome:
    """How a run ended."""

    problem: Problem | None = None
    """Why the job failed, None where it ended as asked."""
    cause: Problem | None = None
    totals: dict[str, OutputStatistics] = field(default_factory=dict)
    aborted: bool = False
    """A second signal ended it at once."""

    @property
    def never_up(self) -> bool:
        """Say whether no destination was ever up."""
        return bool(self.totals) and all(one.sessions == 0 for one in self.totals.values())

    @property
    def incomplete(self) -> bool:
        """Say whether a destination was down at the end or never up."""
        return any(one.sessions == 0 or one.state == "failed" or one.code for one in self.totals.values())


async def conduct(planned: Planned, folder: Path, display: Display, on_stopping: Callable[[], None]) -> Outcome:
    """Run the plan to its end. ``folder`` is the run folder; ``on_stopping`` is called at the first signal.

    Raises RunnerError where no runner can be started.
    """
    client = await launch(folder, planned.plan, planned.secrets)
    outcome = Outcome()
    stopper = _Stopper(client, outcome, on_stopping)
    try:
        with stopper:
            await _follow_in_time(client, display, outcome, stopper.overdue)
        if not await client.wait_gone():
            outcome.problem = outcome.problem or Problem("runner.silent", {"seconds": 5})
    finally:
        await client.close()
        await stopper.finish()
    forget(folder, planned.plan.job_id)
    return outcome


async def _follow_in_time(client: RunnerClient, display: Display, outcome: Outcome, overdue: asyncio.Event) -> None:
    """Take in events until the last; kill a runner that does not stop in time. Its children die with it."""
    following = asyncio.ensure_future(_follow(client, display, outcome))
    waiting = asyncio.ensure_future(overdue.wait())
    try:
        await asyncio.wait({following, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not following.done():
            client.hello.identity.kill_group()
        await following
    finally:
        waiting.cancel()
        following.cancel()
        await asyncio.gather(waiting, following, return_exceptions=True)


async def _follow(client: RunnerClient, display: Display, outcome: Outcome) -> None:
    """Take in events until the last."""
    ended = False
    async for event in client:
        with still_there():
            display.show(event)
        if isinstance(event, Progress):
            outcome.totals = dict(event.outputs)
        elif isinstance(event, JobState) and event.state in ("ended", "failed"):
            ended = True
            outcome.totals = dict(event.totals)
            if event.state == "failed":
                outcome.problem = Problem(event.code, event.params, event.detail)
                outcome.cause = event.cause
    if not ended and not outcome.aborted:
        outcome.problem = Problem("runner.gone")


class _Stopper:
    """Turns signals into stops: the first in order, the second at once."""

    def __init__(self, client: RunnerClient, outcome: Outcome, on_stopping: Callable[[], None]) -> None:
        self._client = client
        self._outcome = outcome
        self._on_stopping = on_stopping
        self._requests: list[asyncio.Task[None]] = []
        self.overdue = asyncio.Event()
        """Set when there is nothing left to wait for."""

    def __enter__(self) -> None:
        for number in _SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._signalled)

    def __exit__(self, *_: object) -> None:
        for number in _SIGNALS:
            asyncio.get_running_loop().remove_signal_handler(number)

    async def finish(self) -> None:
        """Wait for the requests that were sent."""
        await asyncio.gather(*self._requests)

    def _signalled(self) -> None:
        self._outcome.aborted = bool(self._requests)
        self._requests.append(asyncio.create_task(self._stop()))
        seconds = _GRACE_SECONDS if self._outcome.aborted else STOP_SECONDS + _GRACE_SECONDS
        asyncio.get_running_loop().call_later(seconds, self.overdue.set)
        if not self._outcome.aborted:
            with still_there():
                self._on_stopping()

    async def _stop(self) -> None:
        with contextlib.suppress(RunnerError):  # where it has ended meanwhile, that is what was wanted
            await self._client.stop(STOP_SECONDS)
