"""Play a stream from an RTMP server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from castcore_core.rtmp import Endpoint, Player, RtmpError, play
from castcore_core.rtmp.tag import Tag
from castcore_core.runner.backoff import Backoff
from castcore_core.runner.error import Problem, problem_of
from castcore_core.runner.plan import BackoffPlan
from castcore_core.runner.source.presence import Presence

_BACKOFF = BackoffPlan(first=0.5, most=15.0, reset_after=30.0)


class Pull:
    """Plays, and plays again when the stream was live and is over."""

    def __init__(
        self,
        endpoint: Endpoint,
        presence: Presence,
        begin: Callable[[], None],
        take: Callable[[Tag], None],
        *,
        live: bool,
    ) -> None:
        self._endpoint = endpoint
        self._presence = presence
        self._begin = begin
        self._take = take
        self._live = live
        self._player: Player | None = None

    async def run(self) -> None:
        """Return when a stream that is no live one has ended in order."""
        backoff, loop = Backoff(_BACKOFF), asyncio.get_running_loop()
        while True:
            self._presence.connecting()
            begun = loop.time()
            try:
                problem = await self._play()
            except (RtmpError, OSError) as error:
                problem = problem_of(error)
            if problem is None and not self._live:
                self._presence.ended()
            if self._presence.state == "ended":
                return
            wait = backoff.after(loop.time() - begun)
            self._presence.lost(problem or Problem("runner.source_ended"), wait)
            await asyncio.sleep(wait)

    async def close(self, seconds: float) -> None:
        """Say goodbye."""
        if self._player is not None:
            await self._player.close(seconds)

    async def _play(self) -> Problem | None:
        player = self._player = await play(self._endpoint)
        watch = asyncio.ensure_future(self._presence.outlast())
        watch.add_done_callback(lambda done: None if done.cancelled() else player.abort())
        self._begin()
        try:
            async for tag in player:
                self._take(tag)
        finally:
            self._player = None
            silent = watch.done()
            watch.cancel()
            player.abort()
            with contextlib.suppress(asyncio.CancelledError):
                await watch
        return Problem("runner.source_stalled", {"seconds": round(watch.result(), 1)}) if silent else None
