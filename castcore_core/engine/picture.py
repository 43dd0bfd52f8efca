"""The picture of one job, put together from what its runner tells."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from castcore_core.engine.schemas import EncoderStatus, OutputStateName, OutputStatus, Problem, SourceStatus
from castcore_core.runner import event as told

_OUTPUT_STATES: Mapping[told.OutputStateName, OutputStateName] = {
    "connecting": "starting",
    "up": "running",
    "reconnecting": "reconnecting",
    "failed": "failed",
    "ended": "stopped",
}

_DEVICE_FAILURES = frozenset(
    {
        "ffmpeg.encoder_failed",
        "ffmpeg.encoder_no_device",
        "ffmpeg.encoder_sessions",
        "ffmpeg.encoder_unsupported",
    }
)


@dataclass
class Picture:
    """What is known of a running job; telemetry lives here and nowhere else."""

    state: told.JobStateName | None = None
    code: str = ""
    params: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    cause: Problem | None = None
    source: SourceStatus | None = None
    encoder: EncoderStatus | None = None
    outputs: dict[str, OutputStatus] = field(default_factory=dict)
    buses: Mapping[str, told.BusStatistics] = field(default_factory=dict)
    signalled: bool = False
    """The system told the runner to end; that is not the end of the programme."""
    heard: float = field(default_factory=time.monotonic)
    """Monotonic time of the last word."""
    delivering_since: float | None = None
    """Monotonic time since which the job is on air without a break."""

    @property
    def device_failure(self) -> Problem | None:
        """Why the encoder itself failed, where that is what ails the job."""
        for problem in (self.source, self.cause):
            if problem is not None and problem.code in _DEVICE_FAILURES:
                return Problem(code=problem.code, params=dict(problem.params))
        return None

    def take(self, event: told.Event) -> None:
        """Note what an event says."""
        self.heard = time.monotonic()
        match event:
            case told.Progress():
                self._take_figures(event)
            case told.OutputState():
                self._take_output(event)
            case told.SourceState():
                self._take_source(event)
            case told.JobState():
                self._take_job(event)
            case told.Notice(code="runner.signalled"):
                self.signalled = True

    def enter(self, state: str) -> None:
        """Note the job's state as the runner answers it."""
        if state in ("starting", "running", "fallback", "paused", "stopping", "ended", "failed"):
            self.state = state  # type: ignore[assignment]
        self._watch_air()

    def keep_outputs(self, wanted: Iterable[tuple[str, str, str]]) -> None:
        """Know the outputs by id, name and type; forget those that are not among them and have ended."""
        named = {output_id: (name, kind) for output_id, name, kind in wanted}
        for output_id, (name, kind) in named.items():
            known = self.outputs.setdefault(output_id, OutputStatus(id=output_id, since=time.time()))
            known.name, known.type = name, kind
        for output_id in [
            one for one, status in self.outputs.items() if one not in named and status.state == "stopped"
        ]:
            del self.outputs[output_id]

    def _take_job(self, event: told.JobState) -> None:
        self.state = event.state
        self.code, self.params = event.code, dict(event.params)
        self.cause = Problem(code=event.cause.code, params=dict(event.cause.params)) if event.cause else None
        self._watch_air()

    def _watch_air(self) -> None:
        on_air = self.state in ("running", "fallback", "paused")
        if not on_air:
            self.delivering_since = None
        elif self.delivering_since is None:
            self.delivering_since = time.monotonic()

    def _take_source(self, event: told.SourceState) -> None:
        # Each attempt says 'connecting' and 'lost' again; a person wants to know since when it is gone.
        gone = self.source is not None and self.source.state == "lost" and event.state in ("connecting", "lost")
        if gone and event.state == "connecting":
            return
        self.source = SourceStatus(
            state=event.state,
            since=self.source.since if gone and self.source else event.at,
            code=event.code,
            params=dict(event.params),
            retry_at=event.at + event.retry_in if event.retry_in is not None else None,
        )

    def _take_output(self, event: told.OutputState) -> None:
        output = self.outputs.setdefault(event.output, OutputStatus(id=event.output))
        state = _OUTPUT_STATES[event.state]
        if state == "starting" and output.state == "reconnecting":
            return
        if output.state != state:
            output.since = event.at
        output.state = state
        output.code, output.params = event.code, dict(event.params)
        output.retry_at = event.at + event.retry_in if event.retry_in is not None else None

    def _take_figures(self, event: told.Progress) -> None:
        self.buses = event.buses
        said = event.encoder
        self.encoder = None if said is None else _encoder(said)
        for output_id, figures in event.outputs.items():
            output = self.outputs.get(output_id)
            if output is None:
                if figures.state == "ended":
                    continue
                output = self.outputs[output_id] = OutputStatus(id=output_id)
            _take_output_figures(output, figures)


def _encoder(said: told.EncoderStatistics) -> EncoderStatus:
    return EncoderStatus(
        frame=said.frame,
        fps=said.fps,
        speed=said.speed,
        dropped=said.dropped,
        duplicated=said.duplicated,
        restarts=said.restarts,
    )


def _take_output_figures(output: OutputStatus, figures: told.OutputStatistics) -> None:
    state = _OUTPUT_STATES[figures.state]
    if state == "starting" and figures.code:
        state = "reconnecting"
    if output.state != state:
        output.state, output.since, output.retry_at = state, figures.since, None
        output.code = "" if state == "running" else figures.code
        output.params = {} if state == "running" else dict(figures.params)
    output.bytes = figures.bytes
    output.bitrate = figures.bitrate
    output.dropped = figures.dropped_tags
    output.dropped_ms = figures.dropped_ms
    output.queue_ms = figures.queue_ms
    output.reconnects = figures.reconnects
    output.seconds = figures.seconds
