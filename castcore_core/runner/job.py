"""Carry one job: renditions, source and outputs, from the plan to the last tag."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from castcore_core.runner.argument import Filling
from castcore_core.runner.error import Param, Problem, RunnerError, problem_of
from castcore_core.runner.event import BusStatistics, JobState, JobStateName, OutputStatistics, Progress
from castcore_core.runner.outputs import Outputs
from castcore_core.runner.plan import JobPlan, OutputPlan, RenditionPlan, SlatePlan
from castcore_core.runner.rendition import Rendition
from castcore_core.runner.report import Reporter
from castcore_core.runner.slate import Slate, build_slate
from castcore_core.runner.source.choice import open_source
from castcore_core.runner.source.source import Source

STOP_SECONDS = 3.0
_DRAIN_SECONDS = 10.0
_TRAILER_SECONDS = 5.0
_RENEW_SECONDS = 1.0
"""Time in which a source that is restarted may end in order."""


class Job:
    """One job in this process; `run` returns after its last event."""

    def __init__(self, plan: JobPlan, secrets: Mapping[str, str], reporter: Reporter) -> None:
        """Raise RunnerError (``runner.plan_invalid``) for a plan that does not hold together."""
        self.plan = plan
        self.state: JobStateName = "starting"
        self._secrets = dict(secrets)
        self._reporter = reporter
        reporter.hide(secrets)
        self._renditions = {one.id: self._new_rendition(one) for one in plan.renditions}
        self._outputs = Outputs(plan.ffmpeg, self._renditions, reporter)
        self._source = self._open_source()
        self._renewed = asyncio.Event()
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        self._stop_seconds = STOP_SECONDS
        self._failure: tuple[Problem, Problem | None] | None = None
        self._on_air = asyncio.Event()
        self._rates: dict[str, tuple[float, int]] = {}
        for output in plan.outputs:
            self._outputs.check(output)

    async def run(self) -> None:
        """Carry the job to its end."""
        self._change("starting")
        source = asyncio.create_task(self._carry(), name="source")
        for output in self.plan.outputs:
            self._outputs.set(output, self._secrets)
        watchers = [asyncio.create_task(one) for one in self._watchers()]
        stop = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({source, stop}, return_when=asyncio.FIRST_COMPLETED)
            natural = source.done() and not stop.done() and self._judge(source)
            self._change("stopping")
            await self._close(natural)
        finally:
            for task in (source, stop, *watchers):
                task.cancel()
            await asyncio.gather(source, stop, *watchers, return_exceptions=True)
        self._finish()

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """End in order within ``seconds``; a second call ends at once."""
        if self._stop.is_set():
            self._hurry.set()
        self._stop_seconds = min(max(0.0, seconds), 60.0)
        self._stop.set()

    def pause(self) -> None:
        """Show the slate on every rendition until `resume`."""
        for rendition in self._renditions.values():
            rendition.pause()
        self._update_state()

    def resume(self) -> None:
        """Show the source again from its next keyframe on."""
        for rendition in self._renditions.values():
            rendition.resume()
        self._update_state()

    def set_output(self, output: OutputPlan, secrets: Mapping[str, str]) -> None:
        """Add a destination or change one. Raise RunnerError (``runner.plan_invalid``)."""
        self._outputs.check(output)
        self._reporter.hide(secrets)
        self._secrets |= secrets
        self._outputs.set(output, self._secrets)
        self._note_output(output.id, output)

    def remove_output(self, output_id: str) -> None:
        """End a destination. Raise RunnerError (``runner.output_unknown``)."""
        self._outputs.remove(output_id)
        self._note_output(output_id, None)

    def restart(self, plan: JobPlan, secrets: Mapping[str, str]) -> None:
        """Carry ``plan`` instead: the source begins anew, destinations that stay as they are keep their sessions.

        Raise RunnerError: ``runner.restart_refused`` where the renditions are others or the job ends,
        ``runner.plan_invalid``.
        """
        check_plan(plan)
        if self._stop.is_set() or _shape(plan) != _shape(self.plan):
            raise RunnerError("runner.restart_refused")
        for output in plan.outputs:
            self._outputs.check(output)
        self._reporter.hide(secrets)
        self._secrets = dict(secrets)
        left = {output.id for output in self.plan.outputs} - {output.id for output in plan.outputs}
        self.plan = plan
        for one in plan.renditions:
            self._renditions[one.id].renew(None if one.slate is None else self._slate_maker(one.slate))
        for output_id in left:
            self._outputs.remove(output_id)
        for output in plan.outputs:
            self._outputs.set(output, self._secrets)
        self._renewed.set()

    def progress(self) -> Progress:
        """Return all figures."""
        return Progress(
            encoder=self._source.statistics(),
            buses={name: self._bus_statistics(one) for name, one in self._renditions.items()},
            outputs=self._outputs.statistics(),
        )

    def _note_output(self, output_id: str, output: OutputPlan | None) -> None:
        """Keep the plan true, so that its revisions can be compared."""
        outputs = [one for one in self.plan.outputs if one.id != output_id]
        revisions = {name: value for name, value in self.plan.revisions.items() if name != output_id}
        if output is not None:
            outputs.append(output)
            revisions[output_id] = output.revision
        self.plan = dataclasses.replace(self.plan, outputs=tuple(outputs), revisions=revisions)

    def _open_source(self) -> Source:
        return open_source(self.plan, list(self._renditions.values()), self._secrets, self._reporter)

    async def _carry(self) -> None:
        """Run the source, and after each restart its successor, until one comes to its end."""
        while True:
            running = asyncio.create_task(self._source.run(), name="source run")
            renewed = asyncio.create_task(self._renewed.wait())
            try:
                await asyncio.wait({running, renewed}, return_when=asyncio.FIRST_COMPLETED)
                if not renewed.done():
                    running.result()
                    return
                await self._source.close(_RENEW_SECONDS)
            finally:
                for task in (running, renewed):
                    task.cancel()
                await asyncio.gather(running, renewed, return_exceptions=True)
            if self._stop.is_set():
                return
            self._renewed.clear()
            self._source = self._open_source()

    def _watchers(self) -> list[Coroutine[Any, Any, None]]:
        plan = self.plan
        watchers = [self._tick()]
        if plan.source.up_within is not None:
            watchers.append(self._await_source(plan.source.up_within))
        if plan.give_up_after is not None and plan.outputs:
            watchers.append(self._await_output(plan.give_up_after))
        if plan.duration is not None:
            watchers.append(self._end_after(plan.duration))
        if plan.stop_at is not None:
            watchers.append(self._end_at(plan.stop_at))
        return watchers

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            self._reporter.emit(self.progress())

    async def _await_source(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._on_air.wait(), seconds)
            return
        params: dict[str, Param] = {"source": self.plan.source.name, "seconds": round(seconds, 1)}
        self._fail(Problem("runner.source_not_up", params), self._source.diagnose())

    async def _await_output(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if not self._outputs.ever_up:
            self._fail(Problem("runner.no_output_up", {"seconds": round(seconds, 1)}), self._outputs.last_problem())

    async def _end_after(self, seconds: float) -> None:
        await self._on_air.wait()
        await asyncio.sleep(seconds)
        self.stop()

    async def _end_at(self, moment: float) -> None:
        """Stop at a Unix time, also when the clock is set meanwhile."""
        while True:
            left = moment - time.time()
            if left <= 0:
                break
            await asyncio.sleep(min(left, 60.0))
        self.stop()

    def _fail(self, problem: Problem, cause: Problem | None) -> None:
        if self._failure is None:
            self._failure = (problem, cause)
        if not self._stop.is_set():
            self.stop()

    def _judge(self, source: asyncio.Task[None]) -> bool:
        """Return whether the source came to its natural end."""
        error = source.exception()
        if error is None:
            return True
        self._failure = self._failure or (problem_of(error), self._source.diagnose())
        return False

    async def _close(self, natural: bool) -> None:
        """End source and outputs; after a natural end everything that waits is delivered first."""
        for rendition in self._renditions.values():
            rendition.stop()
        seconds = self._stop_seconds
        if natural:
            closing = [self._outputs.close(_TRAILER_SECONDS, drain=_DRAIN_SECONDS)]
            most = _DRAIN_SECONDS + _TRAILER_SECONDS + 1.0
        else:
            closing = [self._source.close(seconds * 0.7), self._outputs.close(seconds * 0.6, drain=seconds * 0.15)]
            most = seconds * 0.85
        work = asyncio.gather(*closing, return_exceptions=True)
        hurry = asyncio.ensure_future(self._hurried(natural))
        waited: set[asyncio.Future[Any]] = {work, hurry}
        await asyncio.wait(waited, timeout=most, return_when=asyncio.FIRST_COMPLETED)
        for one in waited:
            one.cancel()
        await asyncio.gather(work, hurry, return_exceptions=True)
        self._outputs.abort()

    async def _hurried(self, natural: bool) -> None:
        """Return when there is no more time: a second stop, or a first one and its seconds after a natural end."""
        if natural:
            await self._stop.wait()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), self._stop_seconds * 0.8)
        else:
            await self._hurry.wait()

    def _finish(self) -> None:
        totals = self._outputs.statistics()
        if self._failure is None:
            self._change("ended", totals=totals)
        else:
            self._change("failed", *self._failure, totals=totals)

    def _update_state(self) -> None:
        """Tell what the renditions show, once they show anything and as long as the job runs."""
        if any(one.begun for one in self._renditions.values()):
            self._on_air.set()
        if self._stop.is_set() or not self._on_air.is_set() or self.state == "stopping":
            return
        renditions = self._renditions.values()
        state: JobStateName = "fallback" if any(one.on_slate for one in renditions) else "running"
        if any(one.paused for one in renditions):
            state = "paused"
        if state != self.state:
            self._change(state)

    def _change(
        self,
        state: JobStateName,
        problem: Problem | None = None,
        cause: Problem | None = None,
        totals: Mapping[str, OutputStatistics] | None = None,
    ) -> None:
        self.state = state
        said = problem or Problem("")
        self._reporter.emit(
            JobState(
                state=state, code=said.code, params=said.params, detail=said.detail, cause=cause, totals=totals or {}
            )
        )

    def _new_rendition(self, plan: RenditionPlan) -> Rendition:
        return Rendition(
            plan,
            slate_after=self.plan.slate_after,
            make_slate=None if plan.slate is None else self._slate_maker(plan.slate),
            on_change=lambda: self._update_state(),
            on_problem=self._reporter.notice,
        )

    def _slate_maker(self, plan: SlatePlan) -> Callable[[Mapping[str, str]], Awaitable[Slate]]:
        def make(values: Mapping[str, str]) -> Awaitable[Slate]:
            filling = Filling(secrets=self._secrets, values=values)
            log = self._reporter.new_log("slate")
            return build_slate(self.plan.ffmpeg, plan.arguments, filling, log, self._reporter.child_started)

        return make

    def _bus_statistics(self, rendition: Rendition) -> BusStatistics:
        bus, now = rendition.bus, time.monotonic()
        at, size = self._rates.get(rendition.id, (now, bus.bytes))
        self._rates[rendition.id] = (now, bus.bytes)
        return BusStatistics(
            tags=bus.tags,
            bytes=bus.bytes,
            keyframes=bus.keyframes,
            seconds=max(0, rendition.timeline.last) / 1000,
            bitrate=round((bus.bytes - size) * 8 / 1000 / (now - at), 1) if now > at else 0.0,
            on_slate=rendition.on_slate,
        )


def _shape(plan: JobPlan) -> list[tuple[str, bool, bool]]:
    return [(one.id, one.video, one.audio) for one in plan.renditions]


def check_plan(plan: JobPlan) -> None:
    """Raise RunnerError (``runner.plan_invalid``) for a plan whose parts do not fit together."""
    names = [one.id for one in plan.renditions]
    if not names or len(set(names)) != len(names):
        raise RunnerError("runner.plan_invalid", detail="renditions")
    ids = [one.id for one in plan.outputs]
    if len(set(ids)) != len(ids):
        raise RunnerError("runner.plan_invalid", detail="two outputs with one id")
    if plan.source.kind == "ffmpeg" and plan.encoder is None:
        raise RunnerError("runner.plan_invalid", detail="a source without an encoder")
    if plan.source.kind != "ffmpeg" and plan.source.endpoint is None:
        raise RunnerError("runner.plan_invalid", detail="an RTMP source without an endpoint")
