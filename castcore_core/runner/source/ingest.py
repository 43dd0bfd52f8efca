"""RTMP as the source: onto the bus as it is, or through an encoder first."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from castcore_core.rtmp.tag import Tag
from castcore_core.runner.egress.rtmp import endpoint_of
from castcore_core.runner.error import Problem, RunnerError
from castcore_core.runner.event import EncoderStatistics
from castcore_core.runner.plan import JobPlan, RenditionPlan
from castcore_core.runner.rendition import Rendition
from castcore_core.runner.report import Reporter
from castcore_core.runner.source.presence import Presence
from castcore_core.runner.source.pull import Pull
from castcore_core.runner.source.push import Push
from castcore_core.runner.source.transcode import Transcode


class Feeder(Protocol):
    """Brings tags over RTMP."""

    async def run(self) -> None:
        """Return when a source that ends has ended. Raise RunnerError where it cannot go on."""

    async def close(self, seconds: float) -> None:
        """End it, by force after ``seconds``."""


class Ingest:
    """Takes what a feeder brings."""

    def __init__(
        self, plan: JobPlan, renditions: Sequence[Rendition], secrets: Mapping[str, str], reporter: Reporter
    ) -> None:
        """Raise RunnerError (``runner.plan_invalid``, ``runner.secret_unknown``)."""
        if plan.source.endpoint is None:
            raise RunnerError("runner.plan_invalid", detail="an RTMP source without an endpoint")
        self._presence = Presence(reporter.emit)
        self._targets = renditions
        self._encoder: Transcode | None = None
        if plan.encoder is not None:
            incoming = Rendition(
                RenditionPlan(id="ingest"),
                slate_after=plan.slate_after,
                make_slate=None,
                on_change=lambda: None,
                on_problem=reporter.notice,
            )
            self._targets = (incoming,)
            self._encoder = Transcode(
                plan.ffmpeg, plan.source, plan.encoder, renditions, secrets, reporter, feed=incoming.bus
            )
        endpoint = endpoint_of(plan.source.endpoint, secrets)
        self._feeder: Feeder
        if plan.source.kind == "rtmp_pull":
            self._feeder = Pull(endpoint, self._presence, self._begin, self._take, live=plan.source.live)
        else:
            self._feeder = Push(
                endpoint, self._presence, self._begin, self._take, reporter.notice, live=plan.source.live
            )

    async def run(self) -> None:
        """Bring tags until the source has ended."""
        feeding = asyncio.ensure_future(self._feeder.run())
        encoding = None if self._encoder is None else asyncio.ensure_future(self._encoder.run())
        tasks = {feeding} if encoding is None else {feeding, encoding}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if encoding is not None and encoding.done():
                encoding.result()
            await feeding
            if self._encoder is not None and encoding is not None:
                await self._encoder.finish()
                await encoding
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self, seconds: float) -> None:
        """End the feeder and the encoder."""
        self._presence.ended()
        await asyncio.gather(
            self._feeder.close(seconds), *(() if self._encoder is None else (self._encoder.close(seconds),))
        )

    def diagnose(self) -> Problem | None:
        """Return why nothing comes."""
        if self._presence.problem is not None or self._encoder is None:
            return self._presence.problem
        return self._encoder.diagnose()

    def statistics(self) -> EncoderStatistics | None:
        """Return the encoder's figures."""
        return None if self._encoder is None else self._encoder.statistics()

    def _begin(self) -> None:
        for target in self._targets:
            target.begin()

    def _take(self, tag: Tag) -> None:
        self._presence.seen()
        for target in self._targets:
            target.take(tag)
