"""``make bench``: measure what CastCore promises, each figure beside its reference from the same run."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

import cpu
import gateway
import latency
import reaction
import request
import s3_list
import scan
import start
import viewer
from figure import Figure, show, write

import server
from castcore_core.ffmpeg.build import find_build

AREAS = {
    "cpu": cpu,
    "latency": latency,
    "start": start,
    "server": server,
    "reaction": reaction,
    "request": request,
    "viewer": viewer,
    "scan": scan,
    "gateway": gateway,
    "s3_list": s3_list,
}


async def main(names: list[str]) -> list[Figure]:
    """Measure the named areas, all where none is named."""
    build = await find_build()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="castcore-bench-") as folder:
        for name in names or list(AREAS):
            print(f"measuring {name} …", flush=True)
            figures += await AREAS[name].measure(build, Path(folder))
    return figures


if __name__ == "__main__":
    measured = asyncio.run(main(sys.argv[1:]))
    write(measured)
    show(measured)
    sys.exit(any(one.holds is False for one in measured))
