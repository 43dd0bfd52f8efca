"""An ffmpeg as the source: it opens file, address or device itself, or is fed from an ingest."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence

from castcore_core.runner.backoff import Backoff
from castcore_core.runner.bus import Bus
from castcore_core.runner.encoder import Encoder, Outcome
from castcore_core.runner.error import Problem, RunnerError
from castcore_core.runner.event import EncoderStatistics
from castcore_core.runner.plan import BackoffPlan, EncoderPlan, SourcePlan
from castcore_core.runner.rendition import Rendition
from castcore_core.runner.report import Reporter
from castcore_core.runner.source.presence import Presence

_BACKOFF = BackoffPlan(first=0.25, most=15.0, reset_after=30.0)
_FRUITLESS_SECONDS = 5.0
_BREAK_SECONDS = 2.0
"""What a file's header and its last picture may differ by. Whatever went on for less was the end of the file."""
_MOST_FRUITLESS = 5
"""Processes in a row that wrote less than 5 s each, after which a source that is no live one is given up."""


class Transcode:
    """Runs the encoder, starts it again when it dies, and goes on where it was if the source can be seeked."""

    def __init__(
        self,
        ffmpeg: str,
        source: SourcePlan,
        plan: EncoderPlan,
        renditions: Sequence[Rendition],
        secrets: Mapping[str, str],
        reporter: Reporter,
        *,
        feed: Bus | None = None,
    ) -> None:
        """``feed`` carries the tags for the encoder's standard input; then the feeder tells of the source."""
        self._ffmpeg = ffmpeg
        self._source = source
        self._plan = plan
        self._renditions = renditions
        self._secrets = secrets
        self._reporter = reporter
        self._feed = feed
        self._presence = Presence(reporter.emit if feed is None else lambda event: None)
        self._encoder = self._new_encoder()
        self._starts = 0
        self._position = 0.0
        self._fruitless = 0
        self._closing = False

    async def run(self) -> None:
        """Run until the source has ended. Raise RunnerError where it cannot go on."""
        backoff = Backoff(_BACKOFF)
        while not self._closing:
            outcome = await self._run_once()
            if self._closing:
                return
            if (
                outcome.problem is None
                and not self._source.live
                and self._feed is None
                and not self._broke_off(outcome)
            ):
                self._end(outcome)
                return
            problem = self._named(outcome.problem or outcome.damage or Problem("runner.source_ended"))
            self._give_up_if_hopeless(outcome, problem)
            wait = backoff.after(outcome.seconds)
            self._presence.lost(problem, wait)
            if self._feed is not None:
                self._reporter.notice(Problem("runner.encoder_restarted", {"cause": problem.code}))
            await asyncio.sleep(wait)

    async def close(self, seconds: float) -> None:
        """End the encoder with SIGINT, by force after ``seconds``."""
        self._closing = True
        self._encoder.interrupt()
        await self._encoder.gone(seconds)
        self._encoder.kill()

    async def finish(self) -> None:
        """Let the encoder write what it has, after the last tag of its feed."""
        self._closing = True
        await self._encoder.finish()

    def diagnose(self) -> Problem | None:
        """Return what the encoder complained about last."""
        return self._presence.problem or self._encoder.diagnose()

    def statistics(self) -> EncoderStatistics:
        """Return the encoder's figures."""
        said = self._encoder.progress
        if said is None:
            return EncoderStatistics(restarts=max(0, self._starts - 1))
        return EncoderStatistics(
            frame=said.frame,
            fps=said.fps,
            speed=said.speed,
            out_time=None if said.out_time_us is None else said.out_time_us / 1e6,
            dropped=said.drop_frames,
            duplicated=said.dup_frames,
            restarts=max(0, self._starts - 1),
        )

    async def _run_once(self) -> Outcome:
        self._presence.connecting()
        for rendition in self._renditions:
            rendition.begin()
        self._encoder = self._new_encoder()
        seek = self._plan.start_at + self._position if self._starts and self._plan.resume else None
        self._starts += 1
        running = asyncio.ensure_future(self._encoder.run(seek=seek, feed=self._feed))
        silence = asyncio.ensure_future(self._presence.outlast())
        try:
            await asyncio.wait({running, silence}, return_when=asyncio.FIRST_COMPLETED)
            if not running.done() and self._feed is None:
                self._encoder.kill()
                outcome = await running
                stalled = Problem("runner.source_stalled", {"seconds": round(silence.result(), 1)})
                outcome = Outcome(problem=stalled, damage=None, tags=outcome.tags, seconds=outcome.seconds)
            else:
                outcome = await running
        except RunnerError as error:
            outcome = Outcome(problem=error.problem, damage=None, tags=0, seconds=0.0)
        finally:
            silence.cancel()
            if not running.done():
                running.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await running
        self._position += outcome.seconds
        return outcome

    def _broke_off(self, outcome: Outcome) -> bool:
        """Say whether the source is only out of reach: ffmpeg ends in order where it can read no more."""
        if not self._source.awaited or outcome.seconds < _BREAK_SECONDS:
            return False
        length = self._source.length
        return length is None or self._plan.start_at + self._position < length - _BREAK_SECONDS

    def _named(self, problem: Problem) -> Problem:
        """Call a file that its gateway does not find what it is to people: missing."""
        missing = self._source.awaited and problem.code == "ffmpeg.http_not_found"
        return Problem("ffmpeg.file_missing", {}, problem.detail) if missing else problem

    def _give_up_if_hopeless(self, outcome: Outcome, problem: Problem) -> None:
        """Raise RunnerError where another process would do no better."""
        if problem.code in ("ffmpeg.missing", "ffmpeg.not_started") and self._starts == 1:
            raise RunnerError(problem.code, problem.params, problem.detail)
        self._presence.problem = problem
        if self._source.live or self._feed is not None:
            return
        if not self._presence.was_up:
            raise RunnerError("runner.source_not_up", {"source": self._source.name})
        if self._source.awaited:
            return
        self._fruitless = self._fruitless + 1 if outcome.seconds < _FRUITLESS_SECONDS else 0
        if self._fruitless >= _MOST_FRUITLESS:
            raise RunnerError("runner.encoder_failed", {"times": self._fruitless})

    def _end(self, outcome: Outcome) -> None:
        if not outcome.tags:
            self._presence.problem = outcome.damage
            raise RunnerError("runner.source_not_up", {"source": self._source.name})
        if outcome.damage is not None:
            self._reporter.notice(Problem("runner.source_damaged", {"cause": outcome.damage.code}))
        self._presence.ended()

    def _new_encoder(self) -> Encoder:
        return Encoder(self._ffmpeg, self._plan, self._renditions, self._secrets, self._reporter, self._presence.seen)
