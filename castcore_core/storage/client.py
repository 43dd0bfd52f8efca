"""Start storage workers, find them again and ask them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from castcore_core.engine.link import is_locked
from castcore_core.runner.error import RunnerError
from castcore_core.runner.identity import Identity, name_of
from castcore_core.runner.launch import connect_socket, launch_process, reap
from castcore_core.storage.wire import (
    LONGEST_LINE,
    PROTOCOL,
    WireError,
    check_from_json,
    encode,
    entry_from_json,
    error_from_json,
    read_frames,
    read_message,
    write_frames,
)
from castcore_core.storage.worker.order import Order
from castcore_sdk import CastCoreError, CheckResult, StorageEntry, StoragePath, TemporaryError

ANSWER_SECONDS = 40.0
"""A worker ends every call by itself before that: its start and the call have 15 s each."""
SILENCE_SECONDS = 10.0
"""A worker that attends reports every 2 s: one that is silent for so long is frozen."""
_BEGIN_SECONDS = 6.0
_GONE_SECONDS = 5.0
_STEP = 0.02
_MODULE = "castcore_core.storage.worker"


def worker_name(source_id: UUID | str) -> str:
    """Return the name under which the worker of a source is found."""
    return name_of(f"storage/{source_id}")


def was_left(folder: Path, source_id: UUID | str) -> bool:
    """Say whether a worker of the source lives, or has died without being asked to: somebody may still need it."""
    return (folder / f"{worker_name(source_id)}.lock").exists()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """What a worker says of itself."""

    identity: Identity
    source: str
    revision: str
    """Empty before it has a configuration."""
    port: int
    token: str = field(repr=False)


class Worker:
    """One living worker. Every order has a connection of its own, so that none waits for another."""

    def __init__(self, folder: Path, name: str, hello: Hello) -> None:
        """Made by `find` and `start`."""
        self.hello = hello
        self._folder = folder
        self._name = name

    @property
    def base(self) -> str:
        """Return the address under which its files are read, with a slash at the end."""
        return f"http://127.0.0.1:{self.hello.port}/{self.hello.token}/"

    @classmethod
    async def find(cls, folder: Path, source_id: UUID | str) -> Worker | None:
        """Return the worker of a source, None where it has none. One that does not answer is killed."""
        name = worker_name(source_id)
        lock = folder / f"{name}.lock"
        until = asyncio.get_running_loop().time() + _BEGIN_SECONDS
        while is_locked(lock):
            with contextlib.suppress(CastCoreError):
                return cls(folder, name, await _greet(folder, name))
            if asyncio.get_running_loop().time() > until:
                _kill_holder(lock, name)
            await asyncio.sleep(_STEP)
        return None

    @classmethod
    async def start(cls, folder: Path, order: Order) -> Worker:
        """Start the worker of a source. Raises TemporaryError ``storage.worker_failed``, or as `configure` does."""
        name = worker_name(order.source)
        try:
            await launch_process(_MODULE, folder, name)
        except RunnerError as error:
            raise _failed(error.code, error.detail) from None
        worker = cls(folder, name, await _greet(folder, name))
        await worker.configure(order)
        return worker

    async def configure(self, order: Order) -> None:
        """Hand the backend over, once. Raises the CastCoreError of a plugin that cannot be used."""
        await self._ask("configure", order=order.to_json())
        self.hello = replace(self.hello, source=order.source, revision=order.revision)

    async def attend(self) -> AsyncGenerator[dict[str, Any], None]:
        """Yield its reports and log lines until it ends. Raises TemporaryError ``storage.worker_frozen``."""
        async with self._opened("attend") as (reader, _):
            while True:
                try:
                    async with asyncio.timeout(SILENCE_SECONDS):
                        message = await read_message(reader)
                except WireError:
                    return
                except TimeoutError:
                    raise TemporaryError("storage.worker_frozen", params={"seconds": SILENCE_SECONDS}) from None
                if "event" not in message:
                    return
                yield message

    async def check(self) -> list[CheckResult]:
        """Let the backend test its connection. Raises CastCoreError."""
        return [check_from_json(each) for each in (await self._ask("check"))["checks"]]

    async def stat(self, path: StoragePath) -> StorageEntry:
        """Describe one file or directory. Raises CastCoreError."""
        return entry_from_json((await self._ask("stat", path=path))["entry"])

    async def local(self, path: StoragePath) -> Path | None:
        """Return where the file lies on this machine. Raises CastCoreError."""
        found = (await self._ask("local", path=path))["path"]
        return None if found is None else Path(found)

    async def delete(self, path: StoragePath) -> None:
        """Remove a file or an empty directory. Raises CastCoreError."""
        await self._ask("delete", path=path)

    async def entries(self, path: StoragePath) -> AsyncGenerator[StorageEntry, None]:
        """Yield the children of a directory as they come. Raises CastCoreError."""
        async with self._opened("list", path=path) as (reader, _):
            while "entries" in (message := await _answer(reader)):
                for each in message["entries"]:
                    yield entry_from_json(each)

    @asynccontextmanager
    async def read(
        self, path: StoragePath, *, offset: int = 0, length: int | None = None
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a file. Raises CastCoreError, also while it is read."""
        async with self._opened("read", path=path, offset=offset, length=length) as (reader, _):
            await _answer(reader)
            yield _pieces(reader)

    async def write(self, path: StoragePath, data: AsyncIterator[bytes], size: int | None) -> StorageEntry:
        """Store a file as a whole or not at all. Raises CastCoreError, and what ``data`` raises."""
        async with self._opened("write", path=path, size=size) as (reader, writer):
            answer = asyncio.ensure_future(read_message(reader))
            sending = asyncio.ensure_future(write_frames(writer, data))
            try:
                # A backend that refuses says so at once, and takes nothing more.
                await asyncio.wait({answer, sending}, return_when=asyncio.FIRST_COMPLETED)
                if not answer.done():
                    with contextlib.suppress(OSError):
                        await sending
                return entry_from_json(_checked(await answer)["entry"])
            except WireError:
                raise _interrupted() from None
            finally:
                for each in (answer, sending):
                    each.cancel()
                await asyncio.gather(answer, sending, return_exceptions=True)

    async def drain(self, seconds: float) -> None:
        """Let it end after its readers, ``seconds`` at most, and wait until it has; one that does not is killed."""
        with contextlib.suppress(CastCoreError):
            await self._ask("drain", seconds=seconds)
        if not await self._gone():
            await self.kill()

    async def kill(self) -> None:
        """End it and whatever it has started, now."""
        self.hello.identity.kill_group()
        await self._gone()

    def trace(self) -> str:
        """Return the stacks that a worker has left which died of a fatal signal."""
        with contextlib.suppress(OSError):
            return (self._folder / f"{self._name}.trace").read_text(encoding="utf-8", errors="replace")[:8000]
        return ""

    async def _gone(self) -> bool:
        until = asyncio.get_running_loop().time() + _GONE_SECONDS
        while self.hello.identity.is_alive():
            if asyncio.get_running_loop().time() > until:
                return False
            await asyncio.sleep(_STEP)
        reap()
        return True

    async def _ask(self, op: str, **arguments: Any) -> dict[str, Any]:
        async with self._opened(op, **arguments) as (reader, _):
            return await _answer(reader)

    @asynccontextmanager
    async def _opened(
        self, op: str, **arguments: Any
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        async with _ordered(self._folder, self._name, {"op": op, **arguments}) as streams:
            yield streams


@asynccontextmanager
async def _ordered(
    folder: Path, name: str, order: Mapping[str, Any]
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    try:
        reader, writer = await connect_socket(folder, name, limit=LONGEST_LINE)
    except RunnerError as error:
        raise _failed(error.code, error.detail) from None
    try:
        writer.write(encode(order))
        yield reader, writer
    finally:
        writer.transport.abort()


async def _greet(folder: Path, name: str) -> Hello:
    async with _ordered(folder, name, {"op": "hello", "protocol": PROTOCOL}) as (reader, _):
        answer = await _answer(reader, _BEGIN_SECONDS)
    return Hello(
        identity=Identity.from_json(answer["identity"]),
        source=str(answer["source"]),
        revision=str(answer["revision"]),
        port=int(answer["port"]),
        token=str(answer["token"]),
    )


async def _answer(reader: asyncio.StreamReader, seconds: float = ANSWER_SECONDS) -> dict[str, Any]:
    try:
        async with asyncio.timeout(seconds):
            return _checked(await read_message(reader))
    except WireError:
        raise _interrupted() from None
    except TimeoutError:
        raise TemporaryError("storage.timeout", params={"seconds": round(seconds)}) from None


async def _pieces(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    frames = read_frames(reader)
    while True:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                piece = await anext(frames, None)
        except WireError:
            raise _interrupted() from None
        except TimeoutError:
            raise TemporaryError("storage.timeout", params={"seconds": round(ANSWER_SECONDS)}) from None
        if piece is None:
            return
        yield piece


def _checked(message: dict[str, Any]) -> dict[str, Any]:
    if isinstance(message.get("error"), dict):
        raise error_from_json(message["error"])
    return message


def _interrupted() -> TemporaryError:
    return TemporaryError("storage.interrupted")


def _failed(code: str, detail: str) -> TemporaryError:
    return TemporaryError("storage.worker_failed", params={"reason": code}, detail=detail)


def _kill_holder(lock: Path, name: str) -> None:
    """Kill the worker that holds a lock and does not answer: its number stands in the file."""
    with contextlib.suppress(OSError, ValueError):
        pid = int(lock.read_text(encoding="ascii"))
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if _MODULE.encode() in arguments and name.encode() in arguments:
            os.killpg(pid, signal.SIGKILL)
