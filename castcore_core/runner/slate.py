"""Hold the picture that is shown while the source is silent."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence

from castcore_core.rtmp.tag import Tag, TagKind
from castcore_core.runner.argument import Filling, fill
from castcore_core.runner.child import Child
from castcore_core.runner.error import Problem, RunnerError
from castcore_core.runner.log import ChildLog
from castcore_core.runner.pipe import open_pipe
from castcore_core.runner.plan import Argument
from castcore_core.runner.role import Role, role_of
from castcore_core.runner.tap import FlvTap

_BUILD_SECONDS = 30.0
_NICE = 10
_AAC = 10
_AAC_FRAME = 1024
_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
"""Sampling frequency index, ISO/IEC 14496-3 table 1.18."""


class Slate:
    """A loop of tags: one GOP of video, and one silent audio frame repeated."""

    def __init__(self, tags: Sequence[Tag]) -> None:
        """Take what the slate's encoder wrote. Raise RunnerError (``runner.slate_empty``) where no media is in it."""
        roles = [(tag, role_of(tag)) for tag in tags]
        self.headers = [tag for tag, role in roles if role is Role.HEADER]
        media = [tag for tag, role in roles if role in (Role.KEY, Role.MEDIA) and tag.kind is not TagKind.DATA]
        self._video = _from_zero([tag for tag in media if tag.kind is TagKind.VIDEO])
        audio = _from_zero([tag for tag in media if tag.kind is TagKind.AUDIO])
        if not self._video and not audio:
            raise RunnerError("runner.slate_empty")
        self._video_ms = _length(self._video)
        self._silence = audio[len(audio) // 2] if audio else None
        self._audio_ms = _frame_ms(self.headers, audio) if audio else 0.0

    def tags(self) -> Iterator[Tag]:
        """Yield tags without end, in order of time from 0, never wrapped."""
        video, audio = self._frames(), self._silent_frames()
        next_video, next_audio = next(video, None), next(audio, None)
        while next_video is not None or next_audio is not None:
            if next_audio is None or (next_video is not None and next_video.timestamp <= next_audio.timestamp):
                assert next_video is not None
                yield next_video
                next_video = next(video, None)
            else:
                yield next_audio
                next_audio = next(audio, None)

    def _frames(self) -> Iterator[Tag]:
        turn = 0
        while self._video:
            start = round(turn * self._video_ms)
            for tag in self._video:
                yield Tag(tag.kind, start + tag.timestamp, tag.payload)
            turn += 1

    def _silent_frames(self) -> Iterator[Tag]:
        count = 0
        while self._silence is not None:
            yield Tag(TagKind.AUDIO, round(count * self._audio_ms), self._silence.payload)
            count += 1


async def build_slate(
    ffmpeg: str,
    arguments: Sequence[Argument],
    filling: Filling,
    log: ChildLog,
    on_start: Callable[[Child], None],
) -> Slate:
    """Run the slate's encoder and keep what it writes. Raise RunnerError (``runner.slate_failed``, ``…_empty``)."""
    read_end, write_end = open_pipe()
    tags: list[Tag] = []
    ended: asyncio.Future[Problem | None] = asyncio.get_running_loop().create_future()
    try:
        # the plan says pipe:1; a child's standard output goes nowhere, so the pipe's own number stands in
        argv = [f"pipe:{write_end}" if text == "pipe:1" else text for text in fill(arguments, filling)]
        child = Child([ffmpeg, *argv], on_line=log.add, pass_fds=(write_end,), nice=_NICE)
    except BaseException:
        os.close(read_end)
        raise
    finally:
        os.close(write_end)
    on_start(child)
    tap = FlvTap(read_end, tags.append, ended.set_result)
    try:
        problem = await asyncio.wait_for(asyncio.shield(ended), _BUILD_SECONDS)
        status = await child.wait()
    except TimeoutError:
        raise RunnerError("runner.slate_failed", detail=f"took more than {_BUILD_SECONDS:.0f} s") from None
    finally:
        child.kill()
        tap.close()
    if problem is not None or status != 0:
        cause = problem or log.diagnose(status)
        raise RunnerError("runner.slate_failed", {"cause": cause.code}, cause.detail)
    return Slate(tags)


def _from_zero(tags: Sequence[Tag]) -> list[Tag]:
    return [Tag(tag.kind, tag.timestamp - tags[0].timestamp, tag.payload) for tag in tags]


def _length(tags: Sequence[Tag]) -> float:
    """Return the milliseconds after which the frames begin again."""
    if len(tags) < 2:
        return 1000.0
    return tags[-1].timestamp * len(tags) / (len(tags) - 1)


def _frame_ms(headers: Sequence[Tag], audio: Sequence[Tag]) -> float:
    for header in headers:
        body = header.payload
        if header.kind is TagKind.AUDIO and not header.is_enhanced and body[0] >> 4 == _AAC and len(body) >= 4:
            rate = (body[2] & 0x07) << 1 | body[3] >> 7
            if rate < len(_AAC_RATES):
                return _AAC_FRAME * 1000 / _AAC_RATES[rate]
    return audio[-1].timestamp / (len(audio) - 1) if len(audio) > 1 and audio[-1].timestamp else 20.0
