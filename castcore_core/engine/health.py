"""Judge a job: 100 less what each finding costs. The findings are also the diagnosis, so both always agree. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from castcore_core.engine.picture import Picture
from castcore_core.engine.schemas import Finding, Health, JobStateName, OutputStatus, Params, Problem, Verdict

WEIGHTS: Mapping[str, int] = {
    "health.failed": 100,
    "health.reconnecting": 60,
    "health.runner_silent": 60,
    "health.source_lost": 40,
    "health.output_down": 25,
    "health.no_output_up": 60,
    "health.slow_encoder": 25,
    "health.encoder_restarts": 10,
    "health.encoder_fallback": 10,
    "health.dropping": 15,
    "health.queueing": 10,
    "health.reconnects": 5,
    "health.platform_refuses": 40,
    "health.platform_error": 20,
    "health.platform_warning": 5,
    "health.change_blocked": 10,
    "health.pending_restart": 0,
}
"""What each finding costs, in points."""

SLOW = 0.97
"""Speed below which an encoder does not keep up: ffmpeg's own figure wavers by about 2 % around 1."""
SETTLED_SECONDS = 10.0
"""Speed means nothing before: ffmpeg averages since its start, and fills its buffers first."""
QUEUE_MS = 1500
SILENT_SECONDS = 5.0


def judge(
    state: JobStateName,
    problem: Problem | None,
    picture: Picture,
    *,
    pending: bool = False,
    blocked: Problem | None = None,
    silent: float = 0.0,
    instead: Sequence[str] = (),
) -> Health:
    """Return score and findings.

    ``problem`` is the reason of the state, ``blocked`` why a command cannot be obeyed at the moment, ``silent`` the
    seconds without a word of the runner, ``instead`` the encoders that stand in for others.
    """
    if state in ("stopped", "stopping"):
        return Health(score=None, findings=[])
    if state == "failed":
        found = [_finding("health.failed", _reason(problem))]
    elif problem is not None and picture.state is None:
        found = [_finding("health.reconnecting", _reason(problem))]
    else:
        found = [*_look(picture, silent), *_look_at_commands(pending, blocked)]
        found += [_finding("health.encoder_fallback", {"encoder": encoder}) for encoder in instead]
        found.sort(key=lambda each: -each.weight)
    return Health(score=max(0, 100 - sum(each.weight for each in found)), findings=found)


def _look(picture: Picture, silent: float) -> Iterator[Finding]:
    if silent > SILENT_SECONDS:
        yield _finding("health.runner_silent", {"seconds": round(silent)})
    if picture.source is not None and picture.source.state == "lost":
        yield _finding("health.source_lost", _reason(Problem(code=picture.source.code)))
    yield from _look_at_encoder(picture)
    outputs = [output for output in picture.outputs.values() if output.state != "stopped"]
    down = [output for output in outputs if output.state in ("reconnecting", "failed")]
    if down and len(down) == len(outputs):
        yield _finding("health.no_output_up", {"count": len(down), **_reason(Problem(code=down[0].code))})
        down = []
    for output in down:
        reason = _reason(Problem(code=output.code))
        yield _finding("health.output_down", {"output": output.name or output.id, **reason}, output.id)
    for output in outputs:
        yield from _look_at_output(output)


def _look_at_commands(pending: bool, blocked: Problem | None) -> Iterator[Finding]:
    if blocked is not None:
        yield _finding("health.change_blocked", _reason(blocked))
    if pending:
        yield _finding("health.pending_restart", {})


def _look_at_encoder(picture: Picture) -> Iterator[Finding]:
    encoder = picture.encoder
    if encoder is None:
        return
    settled = any(bus.seconds > SETTLED_SECONDS for bus in picture.buses.values())
    if encoder.speed is not None and settled and encoder.speed < SLOW and picture.state == "running":
        yield _finding("health.slow_encoder", {"speed": round(encoder.speed, 2)})
    if encoder.restarts:
        yield _finding("health.encoder_restarts", {"count": encoder.restarts})


def _look_at_output(output: OutputStatus) -> Iterator[Finding]:
    named: Params = {"output": output.name or output.id}
    if output.dropped_ms:
        yield _finding("health.dropping", {**named, "ms": output.dropped_ms}, output.id)
    if output.queue_ms > QUEUE_MS and output.state == "running":
        yield _finding("health.queueing", {**named, "ms": output.queue_ms}, output.id)
    if output.verdict is not None and output.state == "running":
        yield from _look_at_verdict(output.verdict, named, output.id)
    if output.reconnects:
        yield _finding("health.reconnects", {**named, "count": output.reconnects}, output.id)


def _look_at_verdict(verdict: Verdict, named: Params, output_id: str) -> Iterator[Finding]:
    reason: Params = {**named, "reason": verdict.code}
    if verdict.phase in ("ended", "rejected"):
        yield _finding("health.platform_refuses", reason, output_id)
    elif verdict.phase != "unknown" and verdict.severity != "ok":
        yield _finding(f"health.platform_{verdict.severity}", reason, output_id)


def _finding(code: str, params: Params, output: str | None = None) -> Finding:
    return Finding(code=code, params=params, weight=WEIGHTS[code], output=output)


def _reason(problem: Problem | None) -> Params:
    return {"reason": problem.code if problem is not None else ""}
