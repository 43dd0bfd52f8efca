"""Jobs that play what is in the library."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from engine.scene import end_runners
from media.scene import Shop
from runner.scene import Sink
from servers.house import faults, make_destination, make_job
from servers.media import Clips

GONE = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
async def sink(tmp_path: Path) -> AsyncIterator[Sink]:
    """An RTMP server; runners that a test leaves are ended."""
    async with Sink() as server:
        yield server
    end_runners(tmp_path)


async def played(shop: Shop, name: str = "film.mp4", **more: Any) -> dict[str, Any]:
    """Scan, and return the source of a job that plays an item."""
    await shop.scan()
    return {"kind": "media_item", "media_id": (await shop.item(name))["id"], **more}


async def test_what_would_run(shop: Shop) -> None:
    source = await played(shop, loop=True, start_at=1.5)
    destination = await make_destination(shop.admin)
    body = {"source": source, "outputs": [{"destination_id": destination["id"]}]}
    reply = await shop.admin("POST", "/ffmpeg/preview", body)
    assert reply.status == 200, reply.body
    (encoder,) = [each["argv"] for each in reply.body["processes"] if each["role"] == "encoder"]
    assert f"file:{shop.folder}/clips/film.mp4" in encoder
    assert encoder[encoder.index("-stream_loop") + 1] == "-1"
    assert encoder[encoder.index("-ss") + 1] == "1.500"


async def test_a_job_plays_an_item(shop: Shop, sink: Sink) -> None:
    source = await played(shop, loop=True)
    destination = await make_destination(shop.admin, url=sink.url, stream_key="key-of-the-film")
    job = await make_job(shop.admin, source=source, to=destination["id"])
    assert job["source"] == {**source, "audio_track": 0, "start_at": 0.0}
    assert (await shop.admin("POST", f"/stream-jobs/{job['id']}/start")).status == 200
    session = await sink.playing("key-of-the-film", 20)
    assert session.media()
    reply = await shop.admin("DELETE", f"/storage-sources/{shop.source}?force=true")
    assert (reply.status, reply.code) == (409, "conflict.in_use")
    assert (await shop.admin("POST", f"/stream-jobs/{job['id']}/stop")).status == 200
    await sink.until(lambda: session.over)


async def test_an_item_that_does_not_exist(shop: Shop) -> None:
    reply = await shop.admin("POST", "/stream-jobs", {"name": "X", "source": {"kind": "media_item", "media_id": GONE}})
    assert faults(reply) == [(["source", "media_id"], "not_found")]
    reply = await shop.admin("POST", "/stream-jobs", {"name": "X", "source": {"kind": "media_item", "media_id": "1"}})
    assert reply.status == 422


async def test_an_item_whose_file_has_gone_is_told_before_the_start(shop: Shop) -> None:
    source = await played(shop)
    destination = await make_destination(shop.admin)
    job = await make_job(shop.admin, source=source, to=destination["id"])
    (shop.folder / "clips" / "film.mp4").unlink()
    report = (await shop.admin("POST", f"/stream-jobs/{job['id']}/preflight?wait=true")).body
    codes = {each["code"] for each in report["checks"] if each["level"] == "red"}
    assert "storage.not_found" in codes


async def test_a_job_changes_its_source_and_frees_the_item(shop: Shop) -> None:
    source = await played(shop)
    job = await make_job(shop.admin, source=source)
    copy = (await shop.admin("POST", f"/stream-jobs/{job['id']}/duplicate")).body
    assert copy["source"]["media_id"] == source["media_id"]
    patch = {"source": {"start_at": 2.0}}
    assert (await shop.admin("PATCH", f"/stream-jobs/{job['id']}", patch)).body["source"]["start_at"] == 2.0
    assert (await shop.admin("DELETE", f"/media/{source['media_id']}")).code == "conflict.in_use"
    for each in (job, copy):
        assert (await shop.admin("DELETE", f"/stream-jobs/{each['id']}")).status == 204
    assert (await shop.admin("DELETE", f"/media/{source['media_id']}")).status == 204


async def test_a_source_in_use_goes_by_force_and_its_jobs_say_so(shop: Shop, clips: Clips) -> None:
    source = await played(shop)
    destination = await make_destination(shop.admin)
    job = await make_job(shop.admin, source=source, to=destination["id"])
    assert (await shop.admin("DELETE", f"/storage-sources/{shop.source}?force=true")).status == 204
    report = (await shop.admin("POST", f"/stream-jobs/{job['id']}/preflight?wait=true")).body
    assert "media.item_not_found" in {each["code"] for each in report["checks"]}
