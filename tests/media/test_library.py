"""The library over the API: found, filtered, shown, read again, left out."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import av
import pytest

from castcore_core.accounts.role import Role
from castcore_core.media.cache import ThumbnailCache
from castcore_core.media.models import MediaItem, Scan
from castcore_core.storage.models import StorageSource
from media.scene import Shop
from servers.house import make_job
from servers.media import Clips


def fault(reply: Any) -> tuple[int, str | None]:
    return reply.status, reply.code


def size_of(picture: bytes, path: Path) -> tuple[int, int]:
    path.write_bytes(picture)
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        return frame.width, frame.height


async def test_a_scan_fills_the_library(shop: Shop) -> None:
    scan = await shop.scan()
    assert (scan["state"], scan["code"], scan["counts"]["found"], scan["counts"]["read"]) == ("done", None, 3, 3)
    film = await shop.item("film.mp4")
    assert (film["path"], film["kind"], film["state"], film["streamable"]) == (
        "clips/film.mp4",
        "video",
        "ready",
        True,
    )
    assert (film["source_id"], film["source_name"], film["thumbnail"]) == (shop.source, "Films", True)
    detail = (await shop.admin("GET", f"/media/{film['id']}")).body
    assert detail["info"]["video"][0]["codec"] == "h264"
    assert "info" not in film
    listed = (await shop.admin("GET", f"/storage-sources/{shop.source}/scans")).body
    assert (listed["total"], listed["items"][0]["id"], listed["items"][0]["origin"]) == (1, scan["id"], "user")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["film.mp4", "picture.png", "song.mp3"]),
        ("?kind=audio", ["song.mp3"]),
        ("?streamable=true", ["film.mp4", "picture.png"]),
        ("?q=CLIPS", ["film.mp4"]),
        ("?q=%25", []),
        ("?min_duration=1", ["film.mp4", "song.mp3"]),
        ("?max_duration=1", []),
        ("?state=unreadable", []),
        ("?sort=-size&limit=1", ["film.mp4"]),
        ("?source_id=00000000-0000-0000-0000-000000000000", []),
    ],
)
async def test_filters(shop: Shop, query: str, names: list[str]) -> None:
    await shop.scan()
    assert [each["name"] for each in await shop.items(query)] == names


async def test_bad_filters(shop: Shop) -> None:
    for query in ("?kind=film", "?min_duration=-1", "?min_duration=nan", "?sort=info", "?what=1", "?limit=501"):
        assert (await shop.admin("GET", f"/media{query}")).status == 422, query


async def test_a_list_takes_two_queries_whatever_its_length(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await shop.scan()
    client = shop.staff.core.database.client
    count = 0
    ask = client.execute_query

    async def counted(*args: Any, **more: Any) -> Any:
        nonlocal count
        count += 1
        return await ask(*args, **more)

    async def queries() -> int:
        nonlocal count
        await shop.items()
        count = 0
        await shop.items()
        return count

    monkeypatch.setattr(client, "execute_query", counted)
    three = await queries()
    await MediaItem.bulk_create(
        MediaItem(source_id=shop.source, path=f"{n}", place=f"{n}", name=f"{n}", kind="video", version="")
        for n in range(40)
    )
    assert await queries() == three


async def test_thumbnails(shop: Shop, clips: Clips, tmp_path: Path) -> None:
    for name in ("rotated", "sar", "ten-bit", "no-moov"):
        shutil.copy(clips[name], shop.folder / f"{name}.mp4")
    await shop.scan()
    wanted = {"film.mp4": (320, 180), "rotated.mp4": (320, 568), "sar.mp4": (320, 180), "ten-bit.mp4": (320, 180)}
    for name, size in wanted.items():
        reply, picture = await shop.thumbnail((await shop.item(name))["id"])
        assert (reply.status, reply.headers["Content-Type"]) == (200, "image/webp"), name
        assert size_of(picture, tmp_path / "thumbnail.webp") == size
    film = await shop.item("film.mp4")
    first, picture = await shop.thumbnail(film["id"])
    again, same = await shop.thumbnail(film["id"])
    assert (picture, first.headers["ETag"]) == (same, again.headers["ETag"])
    not_modified, nothing = await shop.thumbnail(film["id"], **{"If-None-Match": first.headers["ETag"]})
    assert (not_modified.status, nothing) == (304, b"")
    for name in ("song.mp3", "no-moov.mp4"):
        item = await shop.item(name)
        reply, _ = await shop.thumbnail(item["id"])
        assert fault(reply) == (404, "media.no_thumbnail")
    assert not (await shop.item("song.mp3"))["thumbnail"]


async def test_a_changed_file_has_another_thumbnail(shop: Shop, clips: Clips) -> None:
    await shop.scan()
    before, _ = await shop.thumbnail((await shop.item("film.mp4"))["id"])
    shutil.copy(clips["ten-bit"], shop.folder / "clips" / "film.mp4")
    await shop.scan()
    after, _ = await shop.thumbnail((await shop.item("film.mp4"))["id"])
    assert before.headers["ETag"] != after.headers["ETag"]


async def test_many_who_ask_for_one_thumbnail_get_it_from_one_making(shop: Shop) -> None:
    await shop.scan()
    item = await shop.item("film.mp4")
    answers = await asyncio.gather(*(shop.thumbnail(item["id"]) for _ in range(8)))
    assert {reply.status for reply, _ in answers} == {200}
    assert len({picture for _, picture in answers}) == 1


async def test_a_cache_stays_within_its_budget(tmp_path: Path) -> None:
    cache = ThumbnailCache(tmp_path / "cache", budget=1000)
    for number in range(20):
        await cache.put(f"{number}", bytes(100))
    sizes = [path.stat().st_size for path in (tmp_path / "cache").iterdir()]
    assert 500 <= sum(sizes) <= 1000
    assert await cache.get("19") == bytes(100)
    assert await cache.get("0") is None


async def test_links_that_lead_in_circles(shop: Shop) -> None:
    (shop.folder / "round").symlink_to(shop.folder)
    (shop.folder / "clips" / "up").symlink_to("..")
    (shop.folder / "other").mkdir()
    (shop.folder / "other" / "to-clips").symlink_to("../clips")
    (shop.folder / "clips" / "to-other").symlink_to("../other")
    (shop.folder / "again.mp4").symlink_to("clips/film.mp4")
    (shop.folder / "out").symlink_to("/")
    scan = await shop.scan()
    paths = {each["path"] for each in await shop.items()}
    assert paths == {"again.mp4", "clips/film.mp4", "other/to-clips/film.mp4", "picture.png", "song.mp3"}
    assert scan["counts"]["found"] == 5


async def test_how_a_scan_goes_is_told_live(shop: Shop) -> None:
    async with shop.staff.app.test_client().websocket("/api/v1/ws/status", headers=shop.admin.headers) as socket:
        assert json.loads(await socket.receive())["events"][0]["type"] == "snapshot"
        reply = await shop.admin("POST", f"/storage-sources/{shop.source}/scan")
        told: list[dict[str, Any]] = []
        async with asyncio.timeout(20):
            while not (told and told[-1]["state"] == "done"):
                frame = json.loads(await socket.receive())
                told += [event["data"] for event in frame["events"] if event["type"] == "scan"]
    assert {each["id"] for each in told} == {reply.body["id"]}
    assert told[-1]["counts"]["read"] == 3


async def test_one_scan_at_a_time(shop: Shop) -> None:
    await Scan.create(source_id=shop.source, active=shop.source, state="walking")
    reply = await shop.admin("POST", f"/storage-sources/{shop.source}/scan")
    assert fault(reply) == (409, "media.scan_running")
    assert reply.body["error"]["params"]["scan"]


async def test_many_ask_at_once_and_one_scan_runs(shop: Shop) -> None:
    replies = await asyncio.gather(*(shop.admin("POST", f"/storage-sources/{shop.source}/scan") for _ in range(6)))
    assert sorted(each.status for each in replies) == [202, 409, 409, 409, 409, 409]


async def test_a_scan_of_nothing(shop: Shop) -> None:
    missing = "00000000-0000-0000-0000-000000000000"
    for method, path in (("POST", "scan"), ("GET", "scans")):
        reply = await shop.admin(method, f"/storage-sources/{missing}/{path}")
        assert fault(reply) == (404, "storage.source_unknown")


async def test_a_source_that_is_not_there_fails_with_its_code_and_keeps_what_is_known(shop: Shop) -> None:
    await shop.scan()
    shop.folder.rename(shop.folder.with_name("elsewhere"))
    scan = await shop.scan()
    assert (scan["state"], scan["code"]) == ("failed", "storage.not_found")
    assert len(await shop.items()) == 3


async def test_a_source_is_scanned_by_itself(shop: Shop) -> None:
    async with shop.staff.core.bus.subscribe("media.scan.*") as events:
        await StorageSource.filter(id=shop.source).update(rescan_interval=3600)
        await shop.staff.core.bus.publish("media.wanted", {})
        async with asyncio.timeout(20):
            async for event in events:
                if event.data.get("ended_at"):
                    break
        await shop.staff.core.bus.publish("media.wanted", {})
    assert (event.data["origin"], event.data["state"]) == ("interval", "done")
    assert await Scan.all().count() == 1


async def test_probe_again(shop: Shop, clips: Clips) -> None:
    await shop.scan()
    film = await shop.item("film.mp4")
    shutil.copy(clips["no-audio"], shop.folder / "clips" / "film.mp4")
    reply = await shop.admin("POST", f"/media/{film['id']}/probe")
    assert (reply.status, reply.body["audio_codec"], reply.body["flags"]) == (200, None, ["media.no_audio"])
    (shop.folder / "clips" / "film.mp4").unlink()
    reply = await shop.admin("POST", f"/media/{film['id']}/probe")
    assert (reply.body["state"], reply.body["code"]) == ("unreadable", "storage.not_found")


async def test_what_does_not_exist(shop: Shop) -> None:
    missing = "/media/00000000-0000-0000-0000-000000000000"
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/probe"), ("GET", "/thumbnail")):
        assert fault(await shop.admin(method, missing + path)) == (404, "media.item_not_found")


async def test_who_may_what(shop: Shop) -> None:
    await shop.scan()
    item = (await shop.item("film.mp4"))["id"]
    viewer = await shop.staff.signed_in(Role.VIEWER)
    assert (await viewer("GET", "/media")).status == 200
    assert (await viewer("GET", f"/storage-sources/{shop.source}/scans")).status == 200
    for method, path in (
        ("POST", f"/media/{item}/probe"),
        ("DELETE", f"/media/{item}"),
        ("POST", f"/storage-sources/{shop.source}/scan"),
    ):
        assert fault(await viewer(method, path)) == (403, "auth.forbidden")


async def test_an_item_that_a_job_plays_stays(shop: Shop) -> None:
    await shop.scan()
    item = (await shop.item("film.mp4"))["id"]
    job = await make_job(shop.admin, source={"kind": "media_item", "media_id": item})
    for path in (f"/media/{item}", f"/storage-sources/{shop.source}"):
        reply = await shop.admin("DELETE", path)
        assert (fault(reply), reply.body["error"]["params"]["by"]) == ((409, "conflict.in_use"), "Morning show")
    patch = {"source": {"kind": "test", "width": 160, "height": 90}}
    assert (await shop.admin("PATCH", f"/stream-jobs/{job['id']}", patch)).status == 200
    assert (await shop.admin("DELETE", f"/media/{item}")).status == 204
    assert len(await shop.items()) == 2
    assert (await shop.scan())["counts"]["added"] == 1


async def test_a_source_takes_its_library_with_it(shop: Shop) -> None:
    await shop.scan()
    assert (await shop.admin("DELETE", f"/storage-sources/{shop.source}")).status == 204
    assert await shop.items() == []
    assert await Scan.all().count() == 0


async def test_a_source_that_goes_while_it_is_scanned(shop: Shop, clips: Clips) -> None:
    for number in range(30):
        shutil.copy(clips["av"], shop.folder / f"{number}.mp4")
    async with shop.staff.core.bus.subscribe("media.scan.*") as events:
        await shop.admin("POST", f"/storage-sources/{shop.source}/scan")
        async with asyncio.timeout(20):
            async for event in events:
                if event.data.get("state") == "probing":
                    break
    assert (await shop.admin("DELETE", f"/storage-sources/{shop.source}")).status == 204
    async with asyncio.timeout(20):
        while await Scan.all().count():
            await asyncio.sleep(0.05)
    assert await MediaItem.all().count() == 0
