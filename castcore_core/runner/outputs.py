"""Hold the destinations of a job, which come, change and go while it runs."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping

from castcore_core.runner.argument import references
from castcore_core.runner.egress.child import ChildOpener
from castcore_core.runner.egress.output import Output
from castcore_core.runner.egress.rtmp import RtmpOpener
from castcore_core.runner.egress.session import Opener
from castcore_core.runner.error import Problem, RunnerError
from castcore_core.runner.event import OutputStatistics
from castcore_core.runner.plan import OutputPlan, RtmpEndpoint
from castcore_core.runner.rendition import Rendition
from castcore_core.runner.report import Reporter

_CHANGE_SECONDS = 2.0
"""Time in which a destination that is changed or removed may end in order."""


class Outputs:
    """Every destination by its id."""

    def __init__(self, ffmpeg: str, renditions: Mapping[str, Rendition], reporter: Reporter) -> None:
        self._ffmpeg = ffmpeg
        self._renditions = renditions
        self._reporter = reporter
        self._live: dict[str, Output] = {}
        self._gone: dict[str, OutputStatistics] = {}
        self._secrets: dict[str, dict[str, str]] = {}
        self._changes: dict[str, asyncio.Task[None]] = {}
        self._up = False

    @property
    def ever_up(self) -> bool:
        """Say whether any destination was up since the job began."""
        self._up = self._up or any(one.sessions for one in self._live.values())
        return self._up

    def check(self, plan: OutputPlan) -> None:
        """Raise RunnerError (``runner.plan_invalid``) for an output that cannot be."""
        if plan.rendition not in self._renditions:
            raise RunnerError("runner.plan_invalid", detail=f"output {plan.id} of unknown rendition")
        if plan.kind == "rtmp" and plan.endpoint is None:
            raise RunnerError("runner.plan_invalid", detail=f"output {plan.id} without an endpoint")
        if plan.kind == "ffmpeg" and not plan.arguments:
            raise RunnerError("runner.plan_invalid", detail=f"output {plan.id} without arguments")

    def set(self, plan: OutputPlan, secrets: Mapping[str, str]) -> None:
        """Add a destination, or change one: live where its way out stays the same, else it ends and begins anew."""
        wanted = {name: secrets[name] for name in _secret_names(plan) if name in secrets}
        old, changing = self._live.get(plan.id), plan.id in self._changes
        if old is None and not changing:
            self._begin(plan, wanted)
        elif old is not None and not changing and self._secrets[plan.id] == wanted and _same_way(old.plan, plan):
            old.change(plan)
        else:
            self._after_change(plan.id, self._replace(plan.id, plan, wanted))

    def remove(self, output_id: str) -> None:
        """End a destination. Raise RunnerError (``runner.output_unknown``)."""
        old = self._live.get(output_id)
        if old is None and output_id not in self._changes:
            raise RunnerError("runner.output_unknown", {"output": output_id})
        self._after_change(output_id, self._replace(output_id, None, {}))

    def statistics(self) -> dict[str, OutputStatistics]:
        """Return the figures of all that are and were."""
        return {**self._gone, **{name: one.statistics() for name, one in self._live.items()}}

    def last_problem(self) -> Problem | None:
        """Return a failure of any destination."""
        return next((one.problem for one in self._live.values() if one.problem.code), None)

    async def close(self, seconds: float, *, drain: float) -> None:
        """End all in order."""
        for task in self._changes.values():
            task.cancel()
        for one in self._live.values():
            one.stop_taking()
        await asyncio.gather(*(one.close(seconds, drain=drain) for one in self._live.values()))

    def abort(self) -> None:
        """Cut what is left."""
        for one in self._live.values():
            one.abort()

    def _begin(self, plan: OutputPlan, secrets: dict[str, str]) -> None:
        rendition = self._renditions[plan.rendition]
        output = Output(plan, rendition.bus, self._opener(plan, secrets), self._reporter.emit, video=rendition.video)
        self._live[plan.id] = output
        self._secrets[plan.id] = secrets
        output.start()

    def _after_change(self, output_id: str, change: asyncio.Task[None]) -> None:
        self._changes[output_id] = change

        def forget(task: asyncio.Task[None]) -> None:
            if self._changes.get(output_id) is task:
                del self._changes[output_id]

        change.add_done_callback(forget)

    def _replace(self, output_id: str, plan: OutputPlan | None, secrets: dict[str, str]) -> asyncio.Task[None]:
        """End the output and begin ``plan``, after the change of it that is under way; only the last plan is begun."""
        before = self._changes.get(output_id)

        async def change() -> None:
            if before is not None:
                await asyncio.wait({before})
            current = self._live.get(output_id)
            if current is not None:
                await current.close(_CHANGE_SECONDS, drain=0.0)
                self._up = self._up or current.sessions > 0
                self._gone[output_id] = current.statistics()
                del self._live[output_id]
            if plan is not None and self._changes.get(output_id) is asyncio.current_task():
                self._begin(plan, secrets)

        return asyncio.create_task(change())

    def _opener(self, plan: OutputPlan, secrets: Mapping[str, str]) -> Opener:
        if plan.kind == "rtmp":
            return RtmpOpener(plan, secrets)
        reporter, source = self._reporter, f"output:{plan.id}"
        return ChildOpener(plan, self._ffmpeg, secrets, lambda: reporter.new_log(source), reporter.child_started)


def _same_way(old: OutputPlan, new: OutputPlan) -> bool:
    """Say whether two plans differ in name and revision only."""
    return dataclasses.replace(old, name=new.name, revision=new.revision) == new


def _secret_names(plan: OutputPlan) -> set[str]:
    names = {ref.name for ref in references(plan.arguments) if ref.kind == "secret"}
    for endpoint in (plan.endpoint, plan.backup):
        if isinstance(endpoint, RtmpEndpoint):
            names |= {name for name in (endpoint.stream_key, endpoint.password) if name is not None}
    return names
