"""Watch one job: turn events into its status, its history and its log."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from castcore_core.engine.board import PART, STATE, VERDICT, Board
from castcore_core.engine.health import judge
from castcore_core.engine.ledger import Change, Page
from castcore_core.engine.logbook import Logbook
from castcore_core.engine.outcome import told_before
from castcore_core.engine.picture import Picture
from castcore_core.engine.schemas import EncoderUse, JobStatus, OutputStatus, Params, Problem, Verdict
from castcore_core.engine.state import Named, Phase, name_state
from castcore_core.runner.event import Event, JobState, LogLine, Notice, OutputState, Progress, SourceState
from castcore_core.streams.desired import WantedJob

_LOUD = {"failed": "error", "reconnecting": "warning", "degraded": "warning", "fallback": "warning", "lost": "warning"}


class Observer:
    """What is known and told of one job."""

    def __init__(self, page: Page, board: Board, logbook: Logbook) -> None:
        self.picture = Picture()
        self.phase: Phase = "stopped"
        self.page = page
        self.pending: list[str] = []
        self.blocked: Problem | None = None
        """Why what was asked for cannot be done at the moment."""
        self._board = board
        self._logbook = logbook
        self._wanted: WantedJob | None = None
        self._refused: dict[str, tuple[Problem, float | None]] = {}
        self.reason: Problem | None = None
        """The engine's own for the phase."""
        self._cause: Problem | None = None
        if page.outcome:
            self.phase = "failed" if page.outcome == "failed" else "stopped"
            self.reason, self._cause = told_before(page.code, page.params)
        self._retry_at: float | None = None
        self._told: dict[str, tuple[str, str]] = {"": (page.state, page.code)}

    def want(self, wanted: WantedJob | None) -> None:
        """Know what is wanted, for the names."""
        self._wanted = wanted or self._wanted
        if wanted is not None:
            self._name_outputs(wanted)
        self._touch()

    def enter(
        self,
        phase: Phase,
        reason: Problem | None = None,
        cause: Problem | None = None,
        retry_at: float | None = None,
    ) -> None:
        """Tell what the engine does with the job now, and why."""
        self.phase, self.reason, self._cause, self._retry_at = phase, reason, cause, retry_at
        self._compare(time.time())

    def use(self, encoders: list[EncoderUse]) -> None:
        """Know what the run is encoded with; tell where that is not what the profile says."""
        said = [each.model_dump(mode="json") for each in encoders]
        if said == self.page.encoders:
            return
        self.page.encoders, self.page.dirty = said, True
        for each in encoders:
            if each.reason is not None:
                params: Params = {"wanted": each.instead_of, "encoder": each.encoder, "reason": each.reason.code}
                self._logbook.say(self.page.job_id, "warning", "encoders.fell_back", params)
                change = Change("encoder", "fallback", each.reason.code, each.reason.params, time.time())
                self._publish(change, each.instead_of, name=each.encoder)
        self._touch()

    def clear(self) -> None:
        """Forget the figures: the runner is gone."""
        self.picture = Picture()
        self.pending, self.blocked = [], None
        self._told = {"": self._told[""]}
        if self._wanted is not None:
            self._name_outputs(self._wanted)

    def refuse(self, output_id: str, problem: Problem | None, retry_at: float | None = None) -> None:
        """Say that an output cannot even be tried, and when it will be; None: it can."""
        if problem is None:
            self._refused.pop(output_id, None)
        else:
            self._refused[output_id] = (problem, retry_at)
        self._compare(time.time())

    def judge(self, output_id: str, verdict: Verdict | None) -> None:
        """Show what the platform says about an output; None: nothing. A change of it is told."""
        output = self.picture.outputs.get(output_id)
        if output is None or output.verdict == verdict:
            return
        before, output.verdict = output.verdict, verdict
        known = (before.phase, before.code) if before else ("unknown", "")
        if verdict is not None and (verdict.phase, verdict.code) != known:
            said: dict[str, Any] = {"part": output_id, "phase": verdict.phase, "before": known[0]}
            said |= {
                "severity": verdict.severity,
                "job": self._wanted.name if self._wanted else "",
                "name": output.name,
            }
            said |= {"code": verdict.code, "params": verdict.params, "at": time.time()}
            self._board.publish(f"{VERDICT}.{self.page.job_id}", said)
            level = {"ok": "info"}.get(verdict.severity, verdict.severity)
            self._logbook.say(self.page.job_id, level, verdict.code, dict(verdict.params))
        self._touch()

    def name_of(self, output_id: str) -> str:
        """Return what people call an output."""
        output = self.picture.outputs.get(output_id)
        return output.name if output is not None and output.name else output_id

    def say(self, level: str, code: str, params: Params) -> None:
        """Write a line into the job's log."""
        self._logbook.say(self.page.job_id, level, code, dict(params))

    def take(self, event: Event) -> None:
        """Take an event of the runner, unless it is known already."""
        if event.seq:
            if event.seq <= self.page.heard:
                return
            self.page.heard = event.seq
        if isinstance(event, LogLine):
            self._logbook.add(self.page.job_id, event)
            return
        self.picture.take(event)
        if isinstance(event, Notice):
            self._logbook.say(self.page.job_id, "info", event.code, dict(event.params))
        elif isinstance(event, JobState | SourceState | OutputState):
            self.page.dirty = True
        elif isinstance(event, Progress) and self._wanted is not None:
            self._name_outputs(self._wanted)
        self._compare(event.at or time.time())

    def recall(self, source: Iterable[SourceState]) -> None:
        """Know the source as an earlier life of the server has told it; what that has not heard is still to come."""
        for event in source:
            if event.seq <= self.page.heard:
                self.picture.take(event)
        if self.picture.source is not None:
            self._told["source"] = (self.picture.source.state, self.picture.source.code)

    def status(self) -> JobStatus:
        """Return the whole status."""
        named, picture, wanted, page = self._named(), self.picture, self._wanted, self.page
        running = self.phase in ("live", "stopping")
        silent = time.monotonic() - picture.heard if self.phase == "live" else 0.0
        problem = Problem(code=named.code, params=named.params) if named.code else None
        outputs = self._outputs()
        shown = picture if not self._refused else _with(picture, outputs)
        encoders = [EncoderUse.model_validate(each) for each in page.encoders] if running else []
        health = judge(
            named.state,
            problem,
            shown,
            pending=bool(self.pending),
            blocked=self.blocked,
            silent=silent,
            instead=[each.encoder for each in encoders if each.reason is not None],
        )
        return JobStatus(
            job_id=page.job_id,
            name=wanted.name if wanted else "",
            desired=wanted.desired if wanted else "stopped",
            state=named.state,
            since=page.since.timestamp(),
            code=named.code,
            params=named.params,
            cause=named.cause,
            attempt=page.attempts,
            retry_at=self._retry_at,
            pending_restart=self.pending,
            started_at=page.started_at.timestamp() if page.started_at and running else None,
            seconds=max((bus.seconds for bus in picture.buses.values()), default=0.0),
            bitrate=sum(bus.bitrate for bus in picture.buses.values()),
            bytes=sum(output.bytes for output in outputs),
            dropped=sum(output.dropped for output in outputs),
            reconnects=sum(output.reconnects for output in outputs),
            encoder=picture.encoder,
            encoders=encoders,
            source=picture.source,
            outputs=outputs,
            health=health,
        )

    def _outputs(self) -> list[OutputStatus]:
        outputs = dict(self.picture.outputs)
        for output_id, (problem, retry_at) in self._refused.items():
            base = outputs.get(output_id) or OutputStatus(id=output_id)
            state = "failed" if retry_at is None else "reconnecting"
            change = {"state": state, "code": problem.code, "params": problem.params, "retry_at": retry_at}
            outputs[output_id] = base.model_copy(update=change)
        if self.phase not in ("live", "stopping"):
            for output_id, output in outputs.items():
                if output_id not in self._refused:
                    outputs[output_id] = output.model_copy(update={"state": "stopped", "retry_at": None})
        return list(outputs.values())

    def _name_outputs(self, wanted: WantedJob) -> None:
        self.picture.keep_outputs((each.id, each.name, each.type) for each in wanted.outputs)

    def _named(self) -> Named:
        picture = self.picture if not self._refused else _with(self.picture, self._outputs())
        return name_state(self.phase, picture, self.reason, self._cause)

    def _compare(self, at: float) -> None:
        """Note every state that is another than before."""
        named = self._named()
        states: dict[str, tuple[str, str, Params]] = {"": (named.state, named.code, named.params)}
        if self.picture.source is not None:
            source = self.picture.source
            states["source"] = (source.state, source.code, source.params)
        if self.phase == "live":
            states |= {one.id: (one.state, one.code, one.params) for one in self._outputs()}
        for subject, (state, code, params) in states.items():
            before = self._told.get(subject)
            if before != (state, code):
                self._told[subject] = (state, code)
                self._tell(Change(subject, state, code, params, at), before[0] if before else "")
        self._touch()

    def _tell(self, change: Change, before: str) -> None:
        page = self.page
        if not change.subject:
            page.state, page.code, page.params = change.state, change.code, change.params
            if change.state != before:
                page.since = datetime.fromtimestamp(change.at, UTC)
        self._publish(change, before)
        page.note(change)
        if change.code:
            level = _LOUD.get(change.state, "info")
            self._logbook.say(page.job_id, level, change.code, dict(change.params))

    def _publish(self, change: Change, before: str, name: str = "") -> None:
        said: dict[str, Any] = {
            "job": self._wanted.name if self._wanted else "",
            "state": change.state,
            "before": before,
            "code": change.code,
            "params": change.params,
            "at": change.at,
        }
        if change.subject:
            output = self.picture.outputs.get(change.subject)
            said |= {"part": change.subject, "name": output.name if output else name}
            self._board.publish(f"{PART}.{self.page.job_id}", said)
        else:
            said |= {
                "cause": self._cause.model_dump() if self._cause else None,
                "waiting": self.phase == "waiting",
            }
            self._board.publish(f"{STATE}.{self.page.job_id}", said)

    def _touch(self) -> None:
        self._board.touch(self.page.job_id)


def _with(picture: Picture, outputs: list[OutputStatus]) -> Picture:
    """Return the picture as it is with the outputs that were refused."""
    return Picture(
        state=picture.state,
        code=picture.code,
        params=picture.params,
        cause=picture.cause,
        source=picture.source,
        encoder=picture.encoder,
        outputs={output.id: output for output in outputs},
        buses=picture.buses,
        heard=picture.heard,
    )
