"""Run argument lists of the builder for real, as a runner would, only faster than real time."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av

from castcore_core.ffmpeg.build import FFmpegBuild, inspect_build
from castcore_core.runner.plan import Argument, Ref

FONT = str(Path(__file__).parents[2] / "castcore_core" / "fonts" / "NotoSans-Regular.ttf")


@cache
def build_of(path: str) -> FFmpegBuild:
    return asyncio.run(inspect_build(path, "configured"))


def resolve(arguments: Sequence[Argument], values: Mapping[tuple[str, str], str]) -> list[str]:
    """Fill in references by (kind, name); seeks vanish, pacing too."""
    words: list[str] = []
    for argument in arguments:
        parts = argument if isinstance(argument, tuple) else (argument,)
        if parts == (Ref(kind="seek"),):
            continue
        words.append("".join(part if isinstance(part, str) else values[part.kind, part.name] for part in parts))
    return hurried(words)


def hurried(words: list[str]) -> list[str]:
    while "-re" in words:
        words.remove("-re")
    while "-readrate" in words:
        place = words.index("-readrate")
        del words[place : place + 4]
    return words


def run(ffmpeg: str, words: Sequence[str], stdin: bytes = b"") -> str:
    done = subprocess.run([ffmpeg, *words], input=stdin, capture_output=True, timeout=60)
    log = done.stderr.decode()
    assert done.returncode == 0, f"{' '.join(words)}\n{log}"
    return log


def encode(ffmpeg: str, arguments: Sequence[Argument], folder: Path, ids: Sequence[str] = ("main",)) -> dict[str, Path]:
    """Run an encoder; return the FLV of each rendition."""
    paths = {name: folder / f"{name}.flv" for name in ids}
    values = {("pipe", name): f"file:{path}" for name, path in paths.items()}
    run(ffmpeg, ["-y", *resolve(arguments, {**values, ("pipe", "progress"): f"{folder}/progress"})])
    return paths


def packets(path: Path, kind: str = "video") -> list[av.Packet]:
    with av.open(str(path)) as container:
        return [packet for packet in container.demux(**{kind: 0}) if packet.size]


def keyframe_times(path: Path) -> list[Fraction]:
    return [Fraction(packet.pts) * packet.time_base for packet in packets(path) if packet.is_keyframe]


def video_of(path: Path) -> dict[str, Any]:
    """Describe the picture by decoding all of it."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
        stream = container.streams.video[0]
        return {
            "size": (frames[0].width, frames[0].height),
            "frames": len(frames),
            "codec": stream.codec_context.name,
            "rate": stream.average_rate,
            "extradata": bytes(stream.codec_context.extradata or b""),
            "first": frames[0],
            "times": [frame.time for frame in frames],
        }
