"""``castcore encoders``: the encoders, and whether each really works on this machine."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from castcore_core.cli.message import fail, output, say, text_of, write
from castcore_core.cli.place import cache_folder, open_host
from castcore_core.cli.status import ExitStatus
from castcore_core.ffmpeg.build import FFmpegBuild, find_build
from castcore_core.ffmpeg.capability import CapabilityProbe
from castcore_core.streams.encoder import EncoderStatus, survey_encoders
from castcore_sdk import CastCoreError


def encoders(ffmpeg: Path | None, *, as_json: bool) -> None:
    """Print every encoder."""
    try:
        build, found = asyncio.run(_survey(ffmpeg))
    except CastCoreError as error:
        fail(error.code, error.params, status=ExitStatus.SYSTEM, json_output=as_json)
    if as_json:
        print(json.dumps({"ffmpeg": build.label, "encoders": [asdict(one) for one in found]}))  # noqa: T201
        return
    write(f"ffmpeg {escape(build.label)} ({escape(build.path)})", output())
    output().print(encoder_table(found))


async def _survey(ffmpeg: Path | None) -> tuple[FFmpegBuild, list[EncoderStatus]]:
    async with open_host() as host:
        build = await find_build(ffmpeg)
        return build, await survey_encoders(host, CapabilityProbe(build, cache_folder()))


def encoder_table(found: list[EncoderStatus]) -> Table:
    """Return one row per encoder, with the reason where it does not work."""
    table = Table(box=None, pad_edge=False)
    for column in ("encoder", "codec", "works", "reason"):
        table.add_column(say(f"column_{column}"))
    for one in found:
        works = f"[green]{say('yes')}[/green]" if one.works else f"[yellow]{say('no')}[/yellow]"
        reason = text_of(one.reason.code, one.reason.params).message if one.reason else ""
        table.add_row(one.id, ", ".join(one.codecs), works, escape(reason))
    return table
