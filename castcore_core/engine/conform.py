"""Bring a running job to what is wanted of it, without ending what need not end."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from castcore_core.engine.desk import Desk
from castcore_core.engine.observer import Observer
from castcore_core.engine.schemas import EncoderUse, Problem
from castcore_core.platforms.event import REAUTHENTICATION
from castcore_core.runner.client import RunnerClient
from castcore_core.runner.error import RunnerError
from castcore_core.runner.plan import JobPlan
from castcore_core.streams.desired import WantedJob
from castcore_core.streams.encoder import EncoderChoice
from castcore_core.streams.planning import PlannedJob
from castcore_sdk.errors import CastCoreError, TemporaryError

JOB_KEYS = ("job", "profile", "generation", "restarts")
"""Keys of ``revisions`` that are no outputs' ids."""
PENDING_KEYS = ("job", "profile")
"""Changes that wait for a restart."""
_AGAIN_S = 10.0
_ACCOUNT_S = 30.0
"""Until an output is tried again whose account a person has to connect: the answer comes from our own database."""


class Conformer:
    """What one running job has, and how it gets what is wanted."""

    def __init__(self, desk: Desk, observer: Observer, client: RunnerClient) -> None:
        self.have: dict[str, str] = dict(client.hello.revisions)
        self._desk = desk
        self._observer = observer
        self._client = client
        self._refused: dict[str, tuple[str, float | None]] = {}
        self._blocked_until = 0.0

    @property
    def generation(self) -> str | None:
        """The start that this run belongs to."""
        return self.have.get("generation")

    async def conform(self, wanted: WantedJob) -> float:
        """Do what can be done on air; return the seconds until there may be more to do.

        Raises RunnerError: ``runner.restart_refused`` where only another runner will do.
        """
        self._observer.pending = self._pending(wanted)
        now = time.monotonic()
        if now < self._blocked_until:
            return self._blocked_until - now
        try:
            if self.have.get("restarts") != wanted.revisions["restarts"]:
                await self.restart(wanted)
            await self._remove_outputs(wanted)
            await self._send_outputs(wanted)
        except CastCoreError as error:
            self._block(Problem(code=error.code, params=dict(error.params)))
        else:
            self._block(None)
        await self._set_pause(wanted)
        self._observer.pending = self._pending(wanted)
        return self._due()

    def note(self, planned: PlannedJob) -> None:
        """Know what the plan encodes with, which outputs it is without, and why."""
        self._observer.use([_use(choice) for choice in planned.planned.choices])
        for output_id, error in planned.refused.items():
            self._refuse(output_id, planned.wanted.revisions[output_id], error)

    def _pending(self, wanted: WantedJob) -> list[str]:
        pending = [key for key in PENDING_KEYS if self.have.get(key) != wanted.revisions[key]]
        revisions = wanted.revisions
        waiting = [one for one, (at, _) in self._refused.items() if at.startswith("!") and one in revisions]
        return [*pending, "outputs"] if waiting else pending

    async def restart(self, wanted: WantedJob) -> None:
        """Plan again and run that in place of what runs. Raises CastCoreError, RunnerError."""
        planned = await self._desk.planner.plan(wanted.id)
        plan = prepared(planned)
        await self._client.restart(plan, planned.secrets)
        self.have = dict(plan.revisions)
        page = self._observer.page
        page.restarts, page.dirty = planned.wanted.restarts, True
        self._refused.clear()
        for output in wanted.outputs:
            self._observer.refuse(output.id, None)
        self.note(planned)

    async def _remove_outputs(self, wanted: WantedJob) -> None:
        for output_id in set(self._refused) - set(wanted.revisions):
            del self._refused[output_id]
            self._observer.refuse(output_id, None)
        for output_id in set(self.have) - set(JOB_KEYS) - set(wanted.revisions):
            try:
                await self._client.remove_output(output_id)
            except RunnerError as error:
                if error.code != "runner.output_unknown":
                    raise
            del self.have[output_id]

    async def _send_outputs(self, wanted: WantedJob) -> None:
        changed = {each.id for each in wanted.outputs if self.have.get(each.id) != each.revision}
        changed = {each for each in changed if self._may_try(each, wanted.revisions[each])}
        if not changed:
            return
        planned = await self._desk.planner.plan(wanted.id, look_again=False)
        renditions: set[str] = set()
        for output in planned.plan.outputs:
            if output.id not in changed:
                continue
            revision = planned.wanted.revisions[output.id]
            try:
                await self._client.set_output(replace(output, revision=revision), _secrets_of(planned, output.id))
            except RunnerError as error:
                if error.code != "runner.plan_invalid":
                    raise
                # Its rendition is not encoded yet: that needs another encoder.
                renditions.add(output.id)
                continue
            self.have[output.id] = revision
            self._refused.pop(output.id, None)
            self._observer.refuse(output.id, None)
        for output_id in renditions:
            self._refused[output_id] = (f"!{planned.wanted.revisions[output_id]}", None)
            self._observer.refuse(output_id, Problem(code="engine.output_needs_restart"))
        self.note(planned)

    async def _set_pause(self, wanted: WantedJob) -> None:
        state = self._observer.picture.state
        if wanted.desired == "paused" and state in ("running", "fallback"):
            await self._client.pause()
        elif wanted.desired == "running" and state == "paused":
            await self._client.resume()

    def _may_try(self, output_id: str, revision: str) -> bool:
        refused = self._refused.get(output_id)
        if refused is None or refused[0].removeprefix("!") != revision:
            return True
        return refused[1] is not None and time.monotonic() >= refused[1]

    def _refuse(self, output_id: str, revision: str, error: CastCoreError) -> None:
        problem = Problem(code=error.code, params=dict(error.params))
        lost_account = error.code == REAUTHENTICATION
        if isinstance(error, TemporaryError) or lost_account:
            named = getattr(error, "retry_after", None)
            wait = _ACCOUNT_S if lost_account else named.total_seconds() if named else _AGAIN_S
            self._refused[output_id] = (revision, time.monotonic() + wait)
            self._observer.refuse(output_id, problem, time.time() + wait)
        else:
            self._refused[output_id] = (revision, None)
            self._observer.refuse(output_id, problem)

    def _block(self, problem: Problem | None) -> None:
        self._observer.blocked = problem
        self._blocked_until = time.monotonic() + _AGAIN_S if problem is not None else 0.0

    def _due(self) -> float:
        now = time.monotonic()
        dues = [at - now for _, at in self._refused.values() if at is not None]
        if self._blocked_until > now:
            dues.append(self._blocked_until - now)
        return max(0.1, min([*dues, _AGAIN_S]))


def _use(choice: EncoderChoice) -> EncoderUse:
    reason = choice.reason
    return EncoderUse(
        rendition=choice.rendition,
        encoder=choice.encoder,
        device=choice.device,
        instead_of=choice.instead_of,
        reason=Problem(code=reason.code, params=dict(reason.params)) if reason else None,
    )


def choices_of(stored: Sequence[Mapping[str, Any]]) -> list[EncoderChoice]:
    """Return what the ledger says of a run's encoders."""
    uses = [EncoderUse.model_validate(each) for each in stored]
    return [EncoderChoice(rendition=use.rendition, encoder=use.encoder, device=use.device) for use in uses]


def prepared(planned: PlannedJob) -> JobPlan:
    """Return the plan with the revisions of what is really in it."""
    revisions: Mapping[str, str] = {
        key: revision for key, revision in planned.wanted.revisions.items() if key not in planned.refused
    }
    return replace(planned.plan, lifetime="detached", revisions=revisions)


def _secrets_of(planned: PlannedJob, output_id: str) -> dict[str, str]:
    """Return the secrets that an output may need: not those of the source and of other outputs."""
    others = [f"{output.id}." for output in planned.plan.outputs if output.id != output_id]
    return {name: value for name, value in planned.secrets.items() if not name.startswith(("source.", *others))}
