"""Start processes that outlive their starter, and find their sockets in the run folder."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from pathlib import Path

from castcore_core.runner.child import minimal_environment
from castcore_core.runner.control import peer_uid
from castcore_core.runner.error import Problem, RunnerError
from castcore_core.runner.folder import RunFolder

_READY_WITHIN = 15.0

_children: set[int] = set()


async def launch_process(module: str, folder: Path, name: str) -> None:
    """Run ``python -I -m MODULE --folder FOLDER --id NAME`` in a session of its own, until it says ``ready``.

    ``folder`` is made (0700) where it is missing. Raise RunnerError with what it says instead: ``runner.job_locked``
    where another process has the name, ``runner.not_ready``, ``runner.folder_unsafe``.
    """
    RunFolder(folder, create=True).close()
    reader, writer = os.pipe()
    try:
        _spawn(module, folder, name, writer)
    finally:
        os.close(writer)
    await _await_ready(reader)


def reap() -> None:
    """Collect the processes of ours that have ended, so that no zombies stay."""
    for pid in tuple(_children):
        try:
            ended = os.waitpid(pid, os.WNOHANG)[0] != 0
        except ChildProcessError:
            ended = True
        if ended:
            _children.discard(pid)


async def connect_socket(folder: Path, name: str, *, limit: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to the process of that name; ``limit`` is in bytes of a line.

    Raise RunnerError: ``runner.gone`` where nothing listens, ``runner.folder_unsafe`` where another user does.
    """
    run_folder = RunFolder(folder)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, run_folder.address(name))
        if peer_uid(connection) not in (os.getuid(), None):
            raise RunnerError("runner.folder_unsafe", {"folder": str(folder)}, "another user listens")
    except OSError as error:
        connection.close()
        raise RunnerError("runner.gone", detail=error.strerror or "") from None
    except BaseException:
        connection.close()
        raise
    finally:
        run_folder.close()
    return await asyncio.open_unix_connection(sock=connection, limit=limit)


def _spawn(module: str, folder: Path, name: str, ready: int) -> None:
    argv = [sys.executable, "-I", "-m", module, "--folder", str(folder.absolute()), "--id", name]
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, ready, 1),
        (os.POSIX_SPAWN_DUP2, ready, 2),
    ]
    reap()
    _children.add(os.posix_spawn(argv[0], argv, minimal_environment(os.environ), file_actions=actions, setsid=True))


async def _await_ready(fd: int) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(fd, "rb"))
    try:
        said = await asyncio.wait_for(reader.readline(), _READY_WITHIN)
        if said != b"ready\n":
            said += await asyncio.wait_for(reader.read(8192), _READY_WITHIN)
    except TimeoutError:
        said = b""
    finally:
        transport.close()
    if said == b"ready\n":
        return
    try:
        problem = Problem.from_json(json.loads(said)["error"])
    except (ValueError, KeyError, TypeError):
        problem = Problem("runner.not_ready", {}, said.decode("utf-8", "replace").strip()[-500:])
    raise RunnerError(problem.code, problem.params, problem.detail)
