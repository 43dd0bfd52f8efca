"""Read what a build lists of itself."""

from __future__ import annotations

import asyncio
import re

from castcore_core.ffmpeg.build import FFmpegBuild
from castcore_core.ffmpeg.process import run
from castcore_sdk import FFmpegInfo, TemporaryError

_SECONDS = 10.0
_CODER = re.compile(r"^ [VAS.][A-Z.]{5} ([\w-]+)", re.MULTILINE)
_FILTER = re.compile(r"^ [A-Z.]{2,3} (\w+) +\S*->\S*", re.MULTILINE)


async def list_features(build: FFmpegBuild) -> tuple[FFmpegInfo, frozenset[str]]:
    """Return encoders, filters and accelerators, and the protocols it can read or write.

    Raises TemporaryError ``ffmpeg.no_answer``.
    """
    wanted = ("-encoders", "-filters", "-hwaccels", "-protocols")
    encoders, filters, accelerators, protocols = await asyncio.gather(*(_ask(build, option) for option in wanted))
    info = FFmpegInfo(
        version=build.version,
        encoders=frozenset(_CODER.findall(encoders)),
        filters=frozenset(_FILTER.findall(filters)),
        hwaccels=frozenset(accelerators.partition(":")[2].split()),
    )
    return info, frozenset(word for word in protocols.split() if not word.endswith(":"))


async def _ask(build: FFmpegBuild, option: str) -> str:
    outcome = await run([build.path, "-hide_banner", option], timeout=_SECONDS)
    if outcome.status != 0:
        raise TemporaryError("ffmpeg.no_answer", params={"path": build.path})
    return outcome.output.decode("utf-8", "replace")
