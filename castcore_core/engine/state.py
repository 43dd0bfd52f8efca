"""Name a job's state from the picture of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from castcore_core.engine.picture import Picture
from castcore_core.engine.schemas import JobStateName, Params, Problem

Phase = Literal["stopped", "starting", "live", "stopping", "waiting", "failed"]
"""What the engine does with the job; ``waiting``: for the next attempt."""


@dataclass(frozen=True, slots=True)
class Named:
    """A state with its reason."""

    state: JobStateName
    code: str = ""
    params: Params = field(default_factory=dict)
    cause: Problem | None = None


def name_state(phase: Phase, picture: Picture, reason: Problem | None, cause: Problem | None) -> Named:
    """Return the state of a job; ``reason`` and ``cause`` are the engine's own, for every phase but ``live``."""
    if phase == "live":
        return _live(picture)
    names: dict[Phase, JobStateName] = {"waiting": "reconnecting"}
    state: JobStateName = names.get(phase) or phase  # type: ignore[assignment]
    return Named(state, reason.code if reason else "", dict(reason.params) if reason else {}, cause)


def _live(picture: Picture) -> Named:
    if picture.state in (None, "starting"):
        lost = picture.source is not None and picture.source.state == "lost"
        return _of_source("starting", picture) if lost else Named("starting")
    if picture.state == "paused":
        return Named("paused")
    if picture.state in ("stopping", "ended", "failed"):
        return Named("stopping", picture.code, dict(picture.params), picture.cause)
    if picture.state == "fallback":
        return _of_source("fallback", picture)
    if picture.source is not None and picture.source.state == "lost":
        return _of_source("reconnecting", picture)
    return _of_outputs(picture)


def _of_source(state: JobStateName, picture: Picture) -> Named:
    source = picture.source
    return Named(state, source.code, dict(source.params)) if source is not None else Named(state)


def _of_outputs(picture: Picture) -> Named:
    """Tell whether everybody is served: all, some, none any more, or none yet."""
    outputs = [output for output in picture.outputs.values() if output.state != "stopped"]
    down = [output for output in outputs if output.state in ("reconnecting", "failed")]
    up = [output for output in outputs if output.state == "running"]
    if not outputs or (up and not down):
        return Named("running")
    if not down:
        return Named("starting")
    worst = down[0]
    state: JobStateName = "degraded" if up else "reconnecting"
    params: Params = {"down": len(down), "count": len(outputs)}
    return Named(state, "engine.outputs_down", params, Problem(code=worst.code, params=dict(worst.params)))
