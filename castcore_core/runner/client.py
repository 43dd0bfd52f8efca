"""Start runners, find them again and steer them."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from castcore_core.runner.error import Problem, RunnerError
from castcore_core.runner.event import Event, Progress, SourceState, event_from_json
from castcore_core.runner.identity import Identity, name_of
from castcore_core.runner.journal import read_records
from castcore_core.runner.launch import connect_socket, launch_process, reap
from castcore_core.runner.plan import JobPlan, OutputPlan
from castcore_core.runner.protocol import MAX_LINE, PROTOCOL, decode, encode

_ANSWER_WITHIN = 10.0
_GONE_WITHIN = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """What a runner says of itself."""

    identity: Identity
    job_id: str = ""
    """Empty before it has a plan."""
    state: str = ""
    lifetime: str = ""
    revisions: Mapping[str, str] = field(default_factory=dict)
    last: int = 0
    """Number of its last event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a job is, to those who come later."""

    state: str
    figures: Progress
    source: tuple[SourceState, ...] = ()
    """The events that the state of its source follows from."""


class RunnerClient:
    """A connection to one runner: iterate over it for its events; every command raises RunnerError.

    The iteration ends when the runner does, or the connection. Not to be iterated twice.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Made by `launch` and `attach`."""
        self.hello = Hello(identity=Identity(0, 0, ""))
        self._reader = reader
        self._writer = writer
        self._numbers = itertools.count(1)
        self._replies: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._reading = asyncio.create_task(self._read(), name="runner events")

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        event = await self._events.get()
        if event is None:
            self._events.put_nowait(None)
            raise StopAsyncIteration
        return event

    async def start(self, plan: JobPlan, secrets: Mapping[str, str]) -> None:
        """Hand over the job. The connection that does so owns an attached runner."""
        await self._ask("start", plan=plan.to_json(), secrets=dict(secrets))

    async def restart(self, plan: JobPlan, secrets: Mapping[str, str]) -> None:
        """Let the source begin anew under ``plan``; destinations keep their sessions where nothing of theirs changed.

        Raise RunnerError (``runner.restart_refused``) where only a new runner will do.
        """
        await self._ask("restart", plan=plan.to_json(), secrets=dict(secrets))

    async def set_output(self, output: OutputPlan, secrets: Mapping[str, str]) -> None:
        """Add a destination, or change the one with this id."""
        await self._ask("output.set", output=output.to_json(), secrets=dict(secrets))

    async def remove_output(self, output_id: str) -> None:
        """End a destination."""
        await self._ask("output.remove", output=output_id)

    async def pause(self) -> None:
        """Show the slate."""
        await self._ask("pause")

    async def resume(self) -> None:
        """Show the source again."""
        await self._ask("resume")

    async def stop(self, timeout: float = 3.0) -> None:
        """End the job in order within ``timeout`` seconds; a second call ends it at once. Returns before the end."""
        await self._ask("stop", timeout=timeout)

    async def status(self) -> Standing:
        """Return how the job is at this moment."""
        answer = await self._ask("status")
        # A runner of an earlier version says nothing of its source.
        source = [event_from_json(each) for each in answer.get("source", ())]
        figures = event_from_json(answer["progress"])
        return Standing(
            state=str(answer["state"]),
            figures=figures if isinstance(figures, Progress) else Progress(),
            source=tuple(each for each in source if isinstance(each, SourceState)),
        )

    async def ack(self, seq: int) -> None:
        """Say that the events up to ``seq`` are safe and need not be kept."""
        await self._ask("ack", seq=seq)

    async def greet(self, *, after: int | None) -> None:
        """Say hello and ask for the events behind ``after``; None: those of this runner's life."""
        answer = await self._ask("hello", protocol=PROTOCOL, after=after)
        self.hello = Hello(
            identity=Identity.from_json(answer["identity"]),
            job_id=str(answer["job"]),
            state=str(answer["state"]),
            lifetime=str(answer["lifetime"]),
            revisions=dict(answer["revisions"]),
            last=int(answer["last"]),
        )

    async def close(self) -> None:
        """Let go of the runner; an attached one ends then. Waits for one that has ended. May be called twice."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()
        self._reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reading
        reap()

    async def wait_gone(self, timeout: float = _GONE_WITHIN) -> bool:
        """Wait for the end of the process. Return whether it has ended."""
        until = asyncio.get_running_loop().time() + timeout
        while self.hello.identity.is_alive():
            if asyncio.get_running_loop().time() > until:
                return False
            await asyncio.sleep(0.01)
        reap()
        return True

    async def _ask(self, op: str, **arguments: Any) -> dict[str, Any]:
        if self._reading.done():
            raise RunnerError("runner.gone")
        number = next(self._numbers)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._replies[number] = answer
        try:
            self._writer.write(encode({"op": op, "id": number, **arguments}))
            reply = await asyncio.wait_for(answer, _ANSWER_WITHIN)
        except TimeoutError:
            raise RunnerError("runner.silent", {"seconds": round(_ANSWER_WITHIN, 1)}) from None
        except OSError:
            raise RunnerError("runner.gone") from None
        finally:
            self._replies.pop(number, None)
        if "error" in reply:
            raise _error_of(reply["error"])
        return reply

    async def _read(self) -> None:
        try:
            while line := await self._reader.readline():
                self._sort(decode(line))
        except (OSError, ValueError, RunnerError):
            self._writer.close()
        finally:
            self._events.put_nowait(None)
            for answer in self._replies.values():
                if not answer.done():
                    answer.set_exception(RunnerError("runner.gone"))

    def _sort(self, message: dict[str, Any]) -> None:
        if isinstance(message.get("event"), dict):
            event = event_from_json(message["event"])
            if event is not None:
                self._events.put_nowait(event)
        elif (answer := self._replies.get(message.get("reply", 0))) is not None and not answer.done():
            answer.set_result(message)


async def launch(folder: Path, plan: JobPlan, secrets: Mapping[str, str]) -> RunnerClient:
    """Start the runner of a job and hand the plan over.

    Raise RunnerError as `open_runner` does, and ``runner.plan_invalid``.
    """
    client = await open_runner(folder, plan.job_id)
    try:
        await client.start(plan, secrets)
    except BaseException:
        await client.close()
        raise
    return client


async def open_runner(folder: Path, job_id: str) -> RunnerClient:
    """Start the runner of a job in a session of its own. It ends where no plan comes within 15 s.

    ``folder`` is made (0700) where it is missing. Raise RunnerError: ``runner.job_locked`` where the job has a runner,
    ``runner.not_ready``, ``runner.folder_unsafe``.
    """
    name = name_of(job_id)
    await launch_process("castcore_core.runner", folder, name)
    client = await _connect(folder, name)
    try:
        await client.greet(after=None)
    except BaseException:
        await client.close()
        raise
    return client


async def attach(folder: Path, job_id: str, *, after: int | None = None) -> RunnerClient:
    """Connect to the runner of a job. Raise RunnerError (``runner.gone``) where there is none.

    ``after`` is the number of the last event already known; None: all of this runner's life.
    """
    client = await _connect(folder, name_of(job_id))
    try:
        await client.greet(after=after)
    except BaseException:
        await client.close()
        raise
    return client


def read_journal(folder: Path, job_id: str) -> list[Event]:
    """Return the events that a runner left which has ended: those nobody acknowledged."""
    records = read_records(folder / f"{name_of(job_id)}.journal")
    events = (event_from_json(record["event"]) for record in records if isinstance(record.get("event"), dict))
    return [event for event in events if event is not None]


def forget(folder: Path, job_id: str) -> None:
    """Remove the journal of a runner that has ended."""
    (folder / f"{name_of(job_id)}.journal").unlink(missing_ok=True)


async def _connect(folder: Path, name: str) -> RunnerClient:
    return RunnerClient(*await connect_socket(folder, name, limit=MAX_LINE))


def _error_of(data: Mapping[str, Any]) -> RunnerError:
    problem = Problem.from_json(data)
    return RunnerError(problem.code, problem.params, problem.detail)
