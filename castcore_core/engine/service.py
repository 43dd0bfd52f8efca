"""The engine as a part of the server: there for its life, or only its board where another process is the engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from castcore_core.core import Core
from castcore_core.db import utc_now
from castcore_core.engine.board import ASK, LOG, STATUS, Board
from castcore_core.engine.desk import Desk
from castcore_core.engine.engine import Engine
from castcore_core.engine.ledger import Ledger
from castcore_core.engine.lock import engine_lock
from castcore_core.engine.logbook import Logbook
from castcore_core.engine.mark import LifeMark
from castcore_core.events.bus import RESYNC
from castcore_core.settings import Settings
from castcore_core.streams.broadcast import Broadcasts
from castcore_core.streams.command import Commands
from castcore_core.streams.planning import JobPlanner

_log = structlog.get_logger(__name__)


@asynccontextmanager
async def run(core: Core) -> AsyncIterator[None]:
    """Provide :class:`Board` and :class:`Logbook`, and keep the jobs unless this process only serves the web."""
    board = Board(core.bus, shared=core.configuration.redis_url is not None)
    logbook = Logbook(core.folder.logs)
    core.provide(board)
    core.provide(logbook)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(_task(board.keep()))
        if core.configuration.role == "web":
            await stack.enter_async_context(_task(_mirror(core, board, logbook)))
        else:
            await stack.enter_async_context(_engine(core, board, logbook))
        yield


@asynccontextmanager
async def _engine(core: Core, board: Board, logbook: Logbook) -> AsyncIterator[None]:
    logbook.on_line(lambda job_id, line: board.publish(f"{LOG}.{job_id}", line))

    def lost() -> None:
        # Another engine may take over now; streams go on, and whoever starts this server starts it again.
        _log.error("the database's lock is lost, this engine ends")
        core.stopping.set()

    async with engine_lock(core.folder.run, core.database.target, lost):
        desk = Desk(
            run=core.folder.run,
            planner=core.get(JobPlanner),
            broadcasts=core.get(Broadcasts),
            settings=core.get(Settings),
            board=board,
            ledger=Ledger(logbook),
            logbook=logbook,
        )
        engine = Engine(desk, core.bus)
        mark = LifeMark(core.folder.run)
        if mark.begin():
            await core.get(Commands).autostart()
        try:
            await engine.start()
            yield
        finally:
            await engine.stop()
            mark.end()


async def _mirror(core: Core, board: Board, logbook: Logbook) -> None:
    """Read along what the engine of another process tells."""
    async with core.bus.subscribe(f"{STATUS}.*", f"{LOG}.*") as events:
        await core.bus.publish(ASK, {"at": utc_now().isoformat()})
        async for event in events:
            if event.channel == RESYNC:
                await core.bus.publish(ASK, {"at": utc_now().isoformat()})
                continue
            area, _, job_id = event.channel.rpartition(".")
            if area == STATUS:
                board.receive(job_id, event.data)
            else:
                logbook.receive(job_id, dict(event.data))


@asynccontextmanager
async def _task(work: object) -> AsyncIterator[None]:
    task = asyncio.ensure_future(work)  # type: ignore[call-overload]
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
