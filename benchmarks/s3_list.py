"""How long a folder of 5,000 objects takes to list, on a real S3 server, beside obstore's own listing."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import obstore
from figure import Figure

from castcore_core.ffmpeg.build import FFmpegBuild
from castcore_s3.config import S3Config
from castcore_s3.connection import connect
from castcore_s3.storage import S3Storage
from castcore_sdk import StoragePath, parse_config
from castcore_sdk.testing import MemoryContext

# The S3 server is the tests' own.
sys.path.append(str(Path(__file__).parents[1] / "tests"))
from servers.s3 import S3Server

_KEYS = 5000
_BOUND = 1.0
_RUNS = 5


async def measure(_: FFmpegBuild, folder: Path) -> list[Figure]:
    """List the folder a few times; the best run counts, for both."""
    place = folder / "s3_list"
    place.mkdir()
    with S3Server(place) as server:
        server.fill("library/", _KEYS)
        config = parse_config(S3Config, server.config())
        async with MemoryContext(plugin_id="s3") as context:
            storage = S3Storage(config, context)
            ours = [await _listed(storage) for _ in range(_RUNS)]
            await storage.close()
        store = connect(config, S3Storage.stall).reading
        theirs = [await _listed_by_obstore(store) for _ in range(_RUNS)]
    return [
        Figure(
            name=f"listing {_KEYS} objects of one folder in S3",
            value=min(ours),
            unit="s",
            reference=min(theirs),
            reference_name="obstore's own listing, same server",
            bound=_BOUND,
        )
    ]


async def _listed(storage: S3Storage) -> float:
    begun = time.monotonic()
    count = len([entry async for entry in storage.list_dir(StoragePath("library"))])
    assert count == _KEYS, count
    return time.monotonic() - begun


async def _listed_by_obstore(store: obstore.store.S3Store) -> float:
    begun, count = time.monotonic(), 0
    async for batch in obstore.list(store, prefix="library/"):
        count += len(batch)
    assert count == _KEYS, count
    return time.monotonic() - begun
