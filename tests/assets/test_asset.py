"""What may be uploaded, what becomes of it, and how it is served."""

from __future__ import annotations

import asyncio
import hashlib
import os
import struct
import subprocess
import time
import zlib
from pathlib import Path
from typing import Any

import pytest

from castcore_core.assets.models import Asset
from castcore_core.assets.service import Assets
from castcore_core.media.pool import Workers
from castcore_core.media.probe import probe
from servers.house import make_job
from servers.media import BUNDLED, Clips
from servers.multipart import form, post, upload
from servers.staff import Reply, Staff, Visitor


def picture(clips: Clips, name: str, *arguments: str) -> bytes:
    """Return a picture in another form."""
    path = clips.folder / name
    command = [BUNDLED, "-loglevel", "error", "-y", "-i", clips["still"], *arguments, "-frames:v", "1", path]
    subprocess.run(command, check=True)
    return path.read_bytes()


def png(width: int, height: int, *, rows: int | None = None) -> bytes:
    """Return a black PNG that is tiny whatever its size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    row = bytes(1 + width * 3) if rows != 0 else b""
    packed = b"".join(packer.compress(row) for _ in range(height if rows is None else rows)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


async def content(visitor: Visitor, asset: dict[str, Any], **headers: str) -> tuple[int, bytes, Any]:
    """Return the file of an asset."""
    sent = visitor.headers | headers
    response = await visitor.client.get(f"/api/v1/assets/{asset['id']}/content", headers=sent)
    return response.status_code, await response.get_data(as_text=False), response.headers


def fault(reply: Reply) -> tuple[int, str | None]:
    return reply.status, reply.code


@pytest.mark.parametrize(
    ("name", "arguments", "media_type"),
    [
        ("a.png", (), "image/png"),
        ("a.jpg", (), "image/jpeg"),
        ("a.gif", (), "image/png"),
        ("a.webp", ("-c:v", "libwebp"), "image/png"),
    ],
)
async def test_pictures_are_made_anew(
    operator: Visitor, clips: Clips, tmp_path: Path, name: str, arguments: tuple[str, ...], media_type: str
) -> None:
    data = picture(clips, name, *arguments)
    reply = await upload(operator, data, file=name)
    assert reply.status == 201, reply.body
    asset = reply.body
    assert (asset["kind"], asset["media_type"], asset["name"]) == ("image", media_type, name)
    assert (asset["width"], asset["height"], asset["duration"]) == (320, 180, None)
    status, body, headers = await content(operator, asset)
    assert (status, headers["Content-Type"], len(body)) == (200, media_type, asset["size"])
    assert body != data
    kept = tmp_path / "kept"
    kept.write_bytes(body)
    assert (await probe(kept)).video[0].width == 320


async def test_a_film_is_kept_and_served_in_parts(operator: Visitor, clips: Clips) -> None:
    data = clips["av"].read_bytes()
    asset = (await upload(operator, data, file="film.mp4", name="Wir sind gleich zurück")).body
    assert (asset["kind"], asset["media_type"], asset["name"]) == ("video", "video/mp4", "Wir sind gleich zurück")
    assert asset["duration"] == pytest.approx(5, abs=0.1)
    status, body, headers = await content(operator, asset, Range="bytes=4-7")
    assert (status, body) == (206, b"ftyp")
    assert headers["Content-Range"] == f"bytes 4-7/{len(data)}"


async def test_how_it_is_served(operator: Visitor, viewer: Visitor, clips: Clips) -> None:
    asset = (await upload(operator, clips["still"].read_bytes())).body
    status, _, headers = await content(viewer, asset)
    assert status == 200
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    status, body, _ = await content(viewer, asset, **{"If-None-Match": headers["ETag"]})
    assert (status, body) == (304, b"")


async def test_the_same_file_again_is_the_same_asset(operator: Visitor, house: Staff, clips: Clips) -> None:
    data = clips["still"].read_bytes()
    replies = await asyncio.gather(*(upload(operator, data, file=f"{n}.png") for n in range(4)))
    assert sorted(reply.status for reply in replies) == [200, 200, 200, 201]
    assert len({reply.body["id"] for reply in replies}) == 1
    (row,) = await Asset.all()
    assert row.digest == hashlib.sha256(data).hexdigest()
    assert [path.name for path in house.core.get(Assets).folder.iterdir()] == [row.file]


async def test_a_turned_picture_is_upright(operator: Visitor, clips: Clips, tmp_path: Path) -> None:
    data = bytearray(picture(clips, "turn.jpg"))
    # EXIF with one entry, orientation 6: to be shown turned by 90 degrees clockwise
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    data[2:2] = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    asset = (await upload(operator, bytes(data), file="turn.jpg")).body
    assert (asset["width"], asset["height"]) == (180, 320)


async def test_a_huge_picture_is_made_smaller(operator: Visitor) -> None:
    asset = (await upload(operator, png(8000, 4000))).body
    assert (asset["width"], asset["height"]) == (3840, 1920)


async def test_bombs_end_nothing_but_a_worker(operator: Visitor, house: Staff, clips: Clips) -> None:
    begun = time.monotonic()
    for bomb in (png(30_000, 30_000, rows=100), png(12_000, 12_000), png(2**31 - 1, 2**31 - 1, rows=0)):
        assert fault(await upload(operator, bomb)) == (422, "assets.unreadable")
    assert time.monotonic() - begun < 15
    assert (await upload(operator, clips["still"].read_bytes())).status == 201
    assert len(list(house.core.get(Assets).folder.iterdir())) == 1


async def test_what_is_no_picture(operator: Visitor, house: Staff, clips: Clips) -> None:
    html = b"<html><script>alert(1)</script></html>"
    svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
    for data in (html, svg, b"%PDF-1.7", b"PK\x03\x04", b"\x7fELF", b"", b"GIF87", clips["mkv"].read_bytes()):
        assert fault(await upload(operator, data, file="x.png")) == (422, "assets.type_unknown")
    for data in (b"\x89PNG\r\n\x1a\n" + html, b"\xff\xd8\xff" + html, b"GIF89a" + html, b"RIFFxxxxWEBP" + html):
        assert fault(await upload(operator, data, file="x.png")) == (422, "assets.unreadable")
    cut = clips["av"].read_bytes()
    assert fault(await upload(operator, cut[: len(cut) // 2], file="x.mp4")) == (422, "assets.unreadable")
    sound = clips["audio-only"].read_bytes()
    assert fault(await upload(operator, sound, file="x.mp4")) == (422, "assets.unreadable")
    assert list(house.core.get(Assets).folder.iterdir()) == []


async def test_a_polyglot_loses_its_other_face(operator: Visitor, clips: Clips) -> None:
    script = b"<script>alert(document.domain)</script>"
    asset = (await upload(operator, clips["still"].read_bytes() + script, file="x.html")).body
    _, body, headers = await content(operator, asset)
    assert script not in body
    assert headers["Content-Type"] == "image/png"


async def test_a_film_that_is_too_long(operator: Visitor, clips: Clips) -> None:
    path = clips.folder / "long.mp4"
    picture_and_length = ["-f", "lavfi", "-i", "color=s=64x64:r=5:d=16", "-c:v", "libx264", "-preset", "ultrafast"]
    subprocess.run([BUNDLED, "-loglevel", "error", "-y", *picture_and_length, path], check=True)
    reply = await upload(operator, path.read_bytes(), file="long.mp4")
    assert (fault(reply), reply.body["error"]["params"]["most"]) == ((422, "assets.film_too_long"), 10.0)


async def test_too_much_at_once(operator: Visitor, house: Staff) -> None:
    assert fault(await upload(operator, bytes(33 << 20))) == (413, "request.too_large")
    assert list(house.core.get(Assets).folder.iterdir()) == []


async def test_forms_that_are_none(operator: Visitor, house: Staff, clips: Clips) -> None:
    data = clips["still"].read_bytes()
    body, kind = form(data)
    assert fault(await post(operator, body, "image/png")) == (415, "request.media_type")
    assert fault(await post(operator, body, "multipart/form-data")) == (400, "request.malformed")
    assert fault(await post(operator, body[:-40], kind)) == (400, "request.malformed")
    assert fault(await post(operator, b"", kind)) == (400, "request.malformed")
    assert fault(await post(operator, os.urandom(3 << 20), kind)) in (
        (400, "request.malformed"),
        (413, "request.too_large"),
    )
    for wrong in ({"part": "files"}, {"name": "x" * 1000}):
        assert fault(await upload(operator, data, **wrong)) == (422, "validation.failed")
    assert list(house.core.get(Assets).folder.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [("../../etc/passwd", "passwd"), ("C:\\x\\y.png", "y.png"), ("a\tb.png", "a b.png"), ("日本語.png", "日本語.png")],
)
async def test_a_name_is_only_a_name(operator: Visitor, clips: Clips, given: str, kept: str) -> None:
    assert (await upload(operator, clips["still"].read_bytes(), name=given)).body["name"] == kept


async def test_lists_and_roles(operator: Visitor, viewer: Visitor, clips: Clips) -> None:
    await upload(operator, clips["still"].read_bytes(), name="Logo")
    await upload(operator, clips["av"].read_bytes(), name="Film")
    assert [each["name"] for each in (await viewer("GET", "/assets")).body["items"]] == ["Film", "Logo"]
    assert [each["name"] for each in (await viewer("GET", "/assets?kind=image&q=log")).body["items"]] == ["Logo"]
    assert fault(await upload(viewer, clips["still"].read_bytes())) == (403, "auth.forbidden")


async def test_deletion(operator: Visitor, house: Staff, clips: Clips) -> None:
    asset = (await upload(operator, clips["still"].read_bytes())).body
    assert (await operator("DELETE", f"/assets/{asset['id']}")).status == 204
    assert (await operator("GET", f"/assets/{asset['id']}")).code == "assets.not_found"
    assert (await operator("GET", f"/assets/{asset['id']}/content")).code == "assets.not_found"
    assert list(house.core.get(Assets).folder.iterdir()) == []


async def test_an_asset_in_use_stays(operator: Visitor, clips: Clips) -> None:
    asset = (await upload(operator, clips["still"].read_bytes())).body
    job = await make_job(operator, fallback={"kind": "still", "asset_id": asset["id"]})
    reply = await operator("DELETE", f"/assets/{asset['id']}")
    assert (fault(reply), reply.body["error"]["params"]["by"]) == ((409, "conflict.in_use"), "Morning show")
    assert (await operator("PATCH", f"/stream-jobs/{job['id']}", {"fallback": {"asset_id": None}})).status == 200
    assert (await operator("DELETE", f"/assets/{asset['id']}")).status == 204


async def test_what_a_killed_upload_has_left_is_removed(operator: Visitor, house: Staff, clips: Clips) -> None:
    assets = house.core.get(Assets)
    await upload(operator, clips["still"].read_bytes())
    old, fresh = assets.folder / "old.part", assets.folder / "fresh.part"
    for path in (old, fresh):
        path.write_bytes(b"x")
    os.utime(old, (1, 1))
    await assets.open()
    assert not old.exists()
    assert fresh.exists()
    assert len(list(assets.folder.iterdir())) == 2


async def test_a_file_that_was_taken_away(operator: Visitor, house: Staff, clips: Clips) -> None:
    asset = (await upload(operator, clips["still"].read_bytes())).body
    for path in house.core.get(Assets).folder.iterdir():
        path.unlink()
    reply = await operator("GET", f"/assets/{asset['id']}/content")
    assert fault(reply) == (404, "assets.file_missing")


async def test_large_uploads_leave_room_for_jobs_that_start(house: Staff, operator: Visitor, clips: Clips) -> None:
    pool = house.core.get(Workers).front
    uploads = [asyncio.create_task(upload(operator, png(8000, 8000 - 2 * number))) for number in range(2)]
    looks = 0
    while not any(each.done() for each in uploads):
        assert (await probe(clips["av"], pool=pool)).video
        looks += 1
    assert looks > 4  # the first ones may have been there before the uploads
    assert [(await each).status for each in uploads] == [201] * 2
