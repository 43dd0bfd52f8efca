"""Be the runner: one process that listens, obeys and carries one job."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from castcore_core.runner.control import Connection, Control
from castcore_core.runner.error import Problem, RunnerError, problem_of
from castcore_core.runner.event import JobState
from castcore_core.runner.folder import RunFolder
from castcore_core.runner.identity import Identity, name_of
from castcore_core.runner.job import STOP_SECONDS, Job, check_plan
from castcore_core.runner.journal import Journal
from castcore_core.runner.lock import JobLock
from castcore_core.runner.plan import JobPlan, OutputPlan, PlanError
from castcore_core.runner.protocol import PROTOCOL
from castcore_core.runner.report import Reporter

_PLAN_WITHIN = 15.0
"""Seconds in which a plan must come: whoever started us is gone otherwise."""

_FAREWELL_SECONDS = 0.5
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class RunnerProcess:
    """Everything this process holds."""

    def __init__(self, folder: Path, name: str) -> None:
        """Take the lock and put an end to what a predecessor left. Raise RunnerError."""
        self._folder = RunFolder(folder)
        self._name = name
        self._lock = JobLock(folder / f"{name}.lock")
        self._identity = Identity.of(os.getpid())
        self._journal = Journal(folder / f"{name}.journal", self._identity)
        self._orphans = [orphan for orphan in self._journal.orphans if orphan.kill_group()]
        self._first = self._journal.last + 1
        self._control = Control(self._folder, name, self._handle, self._on_close)
        self._reporter = Reporter(self._journal, self._broadcast)
        self._job: Job | None = None
        self._owner: Connection | None = None
        self._begun = asyncio.Event()
        self._leave = asyncio.Event()

    async def run(self, ready: int) -> None:
        """Serve until the job is over. ``ready`` is a descriptor on which the start is announced."""
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._on_signal)
        loop.set_exception_handler(self._on_stray)
        await self._control.listen()
        os.write(ready, b"ready\n")
        os.close(ready)
        try:
            await self._serve()
        finally:
            await self._control.close(_FAREWELL_SECONDS)
            attached = self._job is None or self._job.plan.lifetime == "attached"
            self._journal.close(remove=attached or self._journal.acknowledged >= self._journal.last)
            self._lock.release()
            self._folder.close()

    async def _serve(self) -> None:
        waiting = [asyncio.ensure_future(one.wait()) for one in (self._begun, self._leave)]
        await asyncio.wait(waiting, timeout=_PLAN_WITHIN, return_when=asyncio.FIRST_COMPLETED)
        for one in waiting:
            one.cancel()
        if self._job is None:
            return
        if self._orphans:
            self._reporter.notice(Problem("runner.orphans_killed", {"count": len(self._orphans)}))
        try:
            await self._job.run()
        except Exception as error:  # the last thing that can be told before the process ends
            problem = problem_of(error)
            self._reporter.emit(
                JobState(state="failed", code=problem.code, params=problem.params, detail=problem.detail)
            )

    def _broadcast(self, line: bytes, must_arrive: bool) -> None:
        self._control.broadcast(line, must_arrive=must_arrive)

    def _on_signal(self) -> None:
        self._leave.set()
        if self._job is not None:
            if self._job.state != "stopping":
                # Whoever reads the journal later must not take this for the end of the programme.
                self._reporter.notice(Problem("runner.signalled"))
            self._job.stop()

    def _on_stray(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Tell of an error that no one waited for: a fault of ours that must not end the stream."""
        error = context.get("exception")
        where = ""
        if isinstance(error, BaseException):
            frames = traceback.extract_tb(error.__traceback__)
            where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
        self._reporter.notice(Problem("runner.internal", {"error": type(error).__name__, "where": where}))

    def _on_close(self, connection: Connection) -> None:
        if connection is not self._owner or self._job is None:
            return
        self._owner = None
        if self._job.plan.lifetime == "attached" and self._job.state != "stopping":
            self._job.stop()

    def _handle(self, connection: Connection, command: dict[str, Any]) -> dict[str, Any]:
        name = command.get("op")
        if name == "hello":
            return self._hello(connection, command)
        if not connection.greeted:
            raise RunnerError("runner.protocol_error", detail="no hello")
        if name == "start":
            return self._start(connection, command)
        if name == "ack":
            self._journal.acknowledge(int(command["seq"]))
            return {}
        if self._job is None:
            raise RunnerError("runner.not_started")
        return self._command(self._job, str(name), command)

    def _command(self, job: Job, name: str, command: dict[str, Any]) -> dict[str, Any]:
        if name == "output.set":
            job.set_output(_read_output(command["output"]), _read_secrets(command.get("secrets")))
        elif name == "output.remove":
            job.remove_output(str(command["output"]))
        elif name == "restart":
            job.restart(self._read_plan(command["plan"]), _read_secrets(command.get("secrets")))
        elif name == "pause":
            job.pause()
        elif name == "resume":
            job.resume()
        elif name == "stop":
            job.stop(float(command.get("timeout", STOP_SECONDS)))
        elif name == "status":
            figures = self._reporter.told(job.progress())
            return {"state": job.state, "progress": figures, "source": self._reporter.source}
        else:
            raise RunnerError("runner.protocol_error", detail="unknown op")
        return {}

    def _hello(self, connection: Connection, command: dict[str, Any]) -> dict[str, Any]:
        if command.get("protocol") != PROTOCOL:
            raise RunnerError("runner.protocol_unknown", {"protocol": PROTOCOL})
        after = command.get("after")
        seq = self._first - 1 if after is None else int(after)
        last = self._journal.last

        def greet() -> None:
            for line in self._journal.after(seq):
                connection.send(line, must_arrive=True)
            connection.greeted = True

        if self._job is None:
            greet()
        else:
            asyncio.get_running_loop().call_soon(greet)
        job = self._job
        return {
            "protocol": PROTOCOL,
            "identity": self._identity.to_json(),
            "job": job.plan.job_id if job is not None else "",
            "state": job.state if job is not None else "",
            "revisions": dict(job.plan.revisions) if job is not None else {},
            "lifetime": job.plan.lifetime if job is not None else "",
            "last": last,
        }

    def _start(self, connection: Connection, command: dict[str, Any]) -> dict[str, Any]:
        if self._job is not None:
            raise RunnerError("runner.already_started")
        plan = self._read_plan(command["plan"])
        check_plan(plan)
        secrets = _read_secrets(command.get("secrets"))
        self._journal.set_job(plan.job_id)
        self._job = Job(plan, secrets, self._reporter)
        self._owner = connection
        self._begun.set()
        return {}

    def _read_plan(self, data: Any) -> JobPlan:
        try:
            plan = JobPlan.from_json(data)
        except PlanError as error:
            raise RunnerError("runner.plan_invalid", detail=str(error)) from None
        if name_of(plan.job_id) != self._name:
            raise RunnerError("runner.plan_invalid", detail="another job's plan")
        return plan


def _read_output(data: Any) -> OutputPlan:
    try:
        return OutputPlan.from_json(data)
    except PlanError as error:
        raise RunnerError("runner.plan_invalid", detail=str(error)) from None


def _read_secrets(data: Any) -> Mapping[str, str]:
    secrets = data or {}
    if not isinstance(secrets, dict) or not all(isinstance(one, str) for one in secrets.values()):
        raise RunnerError("runner.plan_invalid", detail="secrets are names and strings")
    return secrets


async def serve(folder: Path, name: str, ready: int) -> None:
    """Be the runner ``name`` of ``folder``. Raise RunnerError where that cannot be."""
    process = RunnerProcess(folder, name)
    with contextlib.suppress(asyncio.CancelledError):
        await process.run(ready)
