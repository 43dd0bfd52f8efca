"""What a preflight lets pass streams, and what streams a preflight lets pass."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from castcore_core.preflight.service import Preflights
from castcore_core.streams.models import StreamJob
from engine.scene import PATTERN, House, end_runners
from engine.scene import house as engine_house
from runner.scene import Sink
from servers.media import clips

__all__ = ["clips"]


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    """A server with its engine."""
    async with engine_house(tmp_path / "data") as opened:
        yield opened


@pytest.fixture(autouse=True)
def runners(tmp_path: Path) -> Iterator[None]:
    """End the runners that a failed test leaves."""
    yield
    end_runners(tmp_path)


@pytest.mark.parametrize("kind", ["pattern", "film", "copy"])
async def test_what_streams_was_not_red(home: House, clips: Mapping[str, Path], kind: str) -> None:
    source: dict[str, Any] = dict(PATTERN)
    if kind != "pattern":
        path = home.core.folder.media / "film.mp4"
        shutil.copy(clips["av"], path)
        source = {"kind": "file", "path": str(path), "loop": True}
    async with Sink() as sink:
        job_id = await home.job("Truth", sink.url, "one", source=source, copy=kind == "copy")
        preflights = home.core.get(Preflights)
        report = await preflights.wait(job_id, await preflights.begin(job_id))
        assert report["can_start"] is True, report
        assert report["level"] != "red", report
        await home.commands.start(job_id)
        await home.reach(job_id, "running")
        on_air = await preflights.wait(job_id, await preflights.begin(job_id))
        assert on_air["level"] != "red", "a job on air does not stand in its own way"
        await home.commands.stop(job_id)
        await home.reach(job_id, "stopped")
    assert (await StreamJob.get(id=job_id)).desired == "stopped"
