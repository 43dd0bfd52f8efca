"""What changes of jobs, sources and outputs mean to people. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from castcore_core.engine.schemas import JobStatus, Problem
from castcore_core.notifications.event import EVENTS, Happening, Reason
from castcore_core.notifications.incident import Incidents, Told
from castcore_sdk import Params

ON_AIR = frozenset({"running", "degraded", "fallback", "paused"})
_DOWN = frozenset({"reconnecting", "failed"})


class Jobs:
    """Turn the engine's words into happenings."""

    def __init__(self, incidents: Incidents) -> None:
        self._incidents = incidents

    def state(self, job_id: str, said: Mapping[str, Any], now: float) -> Iterator[Told]:
        """Take a change of a job's state, as the engine publishes it."""
        state, at, names = said["state"], float(said["at"]), {"job": said["job"]}
        if state in ON_AIR:
            troubled = ("job", job_id) in self._incidents.open
            yield from self._tell("job.recovered", job_id, names, None, at, now)
            if said["before"] == "starting" and not troubled:
                yield from self._tell("job.started", job_id, names, None, at, now)
        elif state == "reconnecting" and said["waiting"]:
            # Else the source or the outputs are what is wrong, and they say so themselves.
            yield from self._tell("job.interrupted", job_id, names, _reason(said), at, now)
        elif state == "failed":
            self._incidents.forget(job_id, but="job")
            gave_up = said["code"] == "engine.gave_up"
            params = names | ({"attempts": said["params"].get("attempts", 0)} if gave_up else {})
            reason = _problem(said["cause"]) if gave_up else _reason(said)
            yield from self._tell("job.gave_up" if gave_up else "job.failed", job_id, params, reason, at, now)
        elif state == "stopped":
            self._incidents.forget(job_id)
            ended = said["code"] == "engine.ended"
            if said["before"] not in ("", "stopped"):
                yield from self._tell("job.ended" if ended else "job.stopped", job_id, names, None, at, now)

    def part(self, job_id: str, said: Mapping[str, Any], now: float) -> Iterator[Told]:
        """Take a change of a job's source or of one of its outputs, as the engine publishes it."""
        at, names = float(said["at"]), {"job": said["job"]}
        if said["part"] == "source":
            event = {"lost": "source.lost", "up": "source.back"}.get(said["state"])
            subject = job_id
        elif said["part"] == "encoder":
            event, subject = "encoder.fallback", job_id
            names |= {"encoder": said["before"], "instead": said["name"]}
        else:
            names["output"] = said["name"]
            event = _output_event(said["state"])
            subject = f"{job_id}/{said['part']}"
            if said["state"] == "stopped":
                self._incidents.forget(subject)
        if event is not None:
            yield from self._tell(event, subject, names, _reason(said), at, now)

    def verdict(self, job_id: str, said: Mapping[str, Any], now: float) -> Iterator[Told]:
        """Take what a platform says about an output, as the engine publishes it."""
        events = {"ok": "verdict.fine", "warning": "verdict.trouble", "error": "verdict.rejected"}
        names = {"job": said["job"], "output": said["name"]}
        at, subject = float(said["at"]), f"{job_id}/{said['part']}"
        yield from self._tell(events[said["severity"]], subject, names, _reason(said), at, now)

    def compare(self, statuses: list[JobStatus], now: float, *, since: float) -> Iterator[Told]:
        """Take the whole truth, after events may have been lost; failures before ``since`` are told already."""
        known = {status.job_id for status in statuses}
        for topic, subject in list(self._incidents.open):
            if topic in ("job", "source", "output") and subject.partition("/")[0] not in known:
                self._incidents.forget(subject)
        for status in statuses:
            # A job that is being taken over looks like a stopped one for a moment.
            if status.state != "stopped" or status.desired == "stopped":
                yield from self._compare(status, now, since)

    def _compare(self, status: JobStatus, now: float, since: float) -> Iterator[Told]:
        said = {
            "job": status.name,
            "state": status.state,
            "before": "",
            "code": status.code,
            "params": status.params,
            "cause": status.cause.model_dump() if status.cause else None,
            "waiting": status.retry_at is not None,
            "at": status.since,
        }
        if status.state != "failed" or status.since >= since:
            yield from self.state(status.job_id, said, now)
        if status.state not in ON_AIR | _DOWN or status.state == "failed":
            return
        if (source := status.source) is not None:
            yield from self.part(status.job_id, said | _said("source", "", source), now)
        for output in status.outputs:
            yield from self.part(status.job_id, said | _said(output.id, output.name, output), now)

    def _tell(
        self, event: str, subject: str, params: Params, reason: Reason | None, at: float, now: float
    ) -> Iterator[Told]:
        yield from self._incidents.take(
            Happening(kind=EVENTS[event], subject=subject, params=params, reason=reason, at=at), now
        )


def _output_event(state: str) -> str | None:
    return {"reconnecting": "output.down", "failed": "output.refused", "running": "output.up"}.get(state)


def _said(part: str, name: str, status: Any) -> dict[str, Any]:
    return {
        "part": part,
        "name": name,
        "state": status.state,
        "code": status.code,
        "params": status.params,
        "at": status.since,
    }


def _reason(said: Mapping[str, Any]) -> Reason | None:
    return Reason(code=said["code"], params=said["params"]) if said["code"] else None


def _problem(said: Mapping[str, Any] | None) -> Reason | None:
    problem = Problem.model_validate(said) if said else None
    return Reason(code=problem.code, params=problem.params) if problem and problem.code else None
