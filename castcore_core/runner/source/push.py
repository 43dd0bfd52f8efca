"""Listen for the one publisher that knows the key."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from castcore_core.rtmp import Endpoint, IncomingStream, Refusal, Request, RtmpError, Server, serve
from castcore_core.rtmp.tag import Tag
from castcore_core.runner.error import Problem, RunnerError, problem_of
from castcore_core.runner.source.presence import STALL_SECONDS, Presence

_NOTICE_SECONDS = 10.0


class Push:
    """Takes one publisher at a time; a newcomer with the key takes the place of one that has fallen silent."""

    def __init__(
        self,
        endpoint: Endpoint,
        presence: Presence,
        begin: Callable[[], None],
        take: Callable[[Tag], None],
        notice: Callable[[Problem], None],
        *,
        live: bool,
    ) -> None:
        """Raise RunnerError (``runner.plan_invalid``) for ``rtmps``, which cannot be listened on here."""
        if endpoint.tls:
            raise RunnerError("runner.plan_invalid", detail="push-in over TLS")
        self._endpoint = endpoint
        self._presence = presence
        self._begin = begin
        self._take = take
        self._notice = notice
        self._live = live
        self._server: Server | None = None
        self._publisher: IncomingStream | None = None
        self._heard = 0.0
        self._noticed = -_NOTICE_SECONDS
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Listen; return when the publisher of a stream that is no live one has said goodbye."""
        endpoint = self._endpoint
        try:
            self._server = await serve(endpoint.host, endpoint.port, authorize=self._authorize, publish=self._receive)
        except RtmpError as error:
            raise RunnerError(error.code, error.params, error.detail) from None
        self._presence.connecting()
        self._notice(Problem("runner.listening", {"host": endpoint.host, "port": self._server.port}))
        await self._over.wait()
        self._presence.ended()

    async def close(self, seconds: float) -> None:
        """Send the publisher away and listen no more."""
        if self._server is not None:
            await self._server.close(seconds)

    async def _authorize(self, request: Request) -> Refusal | None:
        endpoint, now = self._endpoint, asyncio.get_running_loop().time()
        if request.intent != "publish" or request.app != endpoint.app or not request.key_is(endpoint.stream_key):
            if now - self._noticed >= _NOTICE_SECONDS:
                self._noticed = now
                self._notice(Problem("runner.push_refused", {"address": request.address}))
            return Refusal()
        if self._publisher is not None:
            if now - self._heard < STALL_SECONDS:
                return Refusal("name_in_use", "Already publishing")
            self._publisher.abort()
        return None

    async def _receive(self, stream: IncomingStream) -> None:
        self._publisher = stream
        loop = asyncio.get_running_loop()
        self._begin()
        watch = asyncio.ensure_future(self._presence.outlast())
        watch.add_done_callback(lambda done: None if done.cancelled() else stream.abort())
        problem = Problem("runner.source_ended")
        try:
            async for tag in stream:
                if self._publisher is not stream:
                    break
                self._heard = loop.time()
                self._take(tag)
        except RtmpError as error:
            problem = problem_of(error)
        finally:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch
            if self._publisher is stream:
                self._publisher = None
                self._leave(problem)

    def _leave(self, problem: Problem) -> None:
        if not self._live and problem.code == "runner.source_ended":
            self._over.set()
        else:
            self._presence.lost(problem)
