"""``castcore probe``: what an input contains."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from castcore_core.cli.display import clock, size
from castcore_core.cli.message import fail, output, say, show_problem, write
from castcore_core.cli.status import ExitStatus
from castcore_core.ffmpeg.build import find_build
from castcore_core.streams.inspection import inspect
from castcore_core.streams.source import Source, parse_source
from castcore_sdk import CastCoreError

if TYPE_CHECKING:
    from castcore_core.media.info import MediaInfo


def probe(text: str, *, timeout: float, ca_file: str | None, as_json: bool) -> None:
    """Print what ``text`` contains."""
    try:
        source = parse_source(text)
        info = asyncio.run(_inspect(source, timeout, ca_file))
    except CastCoreError as error:
        fail(error.code, error.params, status=ExitStatus.INPUT, json_output=as_json)
    if info is None:
        fail("streams.not_probed", {"input": source.name}, status=ExitStatus.INPUT, json_output=as_json)
    if as_json:
        print(json.dumps(info.to_json()))  # noqa: T201
        return
    _show(source.name, info)


async def _inspect(source: Source, timeout: float, ca_file: str | None) -> MediaInfo | None:
    build = await find_build()
    return await inspect(source, timeout=timeout, ca_file=ca_file, ffmpeg=build.path)


def _show(name: str, info: MediaInfo) -> None:
    facts = [info.container]
    if info.duration is not None:
        facts.append(clock(info.duration))
    if info.size is not None:
        facts.append(size(info.size))
    write(f"[bold]{escape(name)}[/bold]  {escape(', '.join(facts))}", output())
    table = Table(box=None, show_header=False, pad_edge=False)
    for video in info.video:
        width, height = video.displayed
        rate = "" if video.fps is None else f"{float(video.fps):.3g} fps"
        extra = [say("interlaced")] if video.interlaced else []
        extra += [say("rotated", degrees=video.rotation)] if video.rotation else []
        extra += [say("variable_rate")] if video.variable_rate else []
        picture = f"{width}×{height}"
        facts = [picture, rate, video.profile or "", video.pixel_format or "", *extra]
        table.add_row(say("video"), video.codec, ", ".join(filter(None, facts)))
    for number, audio in enumerate(info.audio):
        track = say("audio_track", number=number)
        facts = [
            f"{audio.sample_rate} Hz",
            say("channels", count=audio.channels),
            audio.language or "",
            audio.title or "",
        ]
        table.add_row(track, audio.codec, escape(", ".join(filter(None, facts))))
    for codec in info.others:
        table.add_row(say("other"), codec, "")
    output().print(table)
    for code in info.warnings:
        show_problem(code, {"name": name}, level="warning")
