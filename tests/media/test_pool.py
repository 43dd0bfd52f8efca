"""Workers that stay: shared, replaced, recycled and let go."""

from __future__ import annotations

import asyncio
import os
import struct
import sys
import time
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from castcore_core.media import member
from castcore_core.media.pool import Pool
from castcore_core.media.probe import located, probe, probe_bytes
from castcore_sdk import CastCoreError, PermanentError, TemporaryError
from servers.media import BUNDLED, Clips


def workers() -> list[psutil.Process]:
    """Return the probe workers of this process that live."""
    found = []
    for child in psutil.Process().children():
        if "castcore_core.media.worker" in " ".join(child.cmdline()) and child.status() != psutil.STATUS_ZOMBIE:
            found.append(child)
    return found


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    """Two workers at most."""
    opened = Pool(2)
    yield opened
    await opened.close()
    assert workers() == []


async def test_one_worker_answers_many_requests(pool: Pool, clips: Clips) -> None:
    infos = [await probe(clips[name], pool=pool) for name in ("av", "mkv", "mp3", "still")]
    assert [info.still for info in infos] == [False, False, False, True]
    (worker,) = workers()
    assert (await probe_bytes(clips["flv"].read_bytes()[:60_000], pool=pool)).video[0].codec == "h264"
    assert [each.pid for each in workers()] == [worker.pid]


async def test_no_more_workers_than_it_may_have(pool: Pool, clips: Clips) -> None:
    infos = await asyncio.gather(*(probe(clips["av"], pool=pool) for _ in range(20)))
    assert {info.video[0].width for info in infos} == {320}
    assert len(workers()) == 2


async def test_a_refusal_leaves_the_worker_alone(pool: Pool, clips: Clips) -> None:
    await probe(clips["av"], pool=pool)
    before = workers()
    for name in ("text", "empty", "zeros", "no-moov"):
        with pytest.raises(PermanentError):
            await probe(clips[name], pool=pool)
    assert workers() == before


async def test_the_same_fault_twice_is_told_twice(pool: Pool, clips: Clips) -> None:
    for _ in range(3):
        for name, code in (("no-moov", "media.truncated"), ("zeros", "media.not_media")):
            with pytest.raises(PermanentError) as caught:
                await probe(clips[name], pool=pool)
            assert caught.value.code == code


async def test_a_worker_that_dies_is_replaced(pool: Pool, clips: Clips) -> None:
    await probe(clips["av"], pool=pool)
    (worker,) = workers()
    worker.kill()
    await _gone(worker.pid)
    assert (await probe(clips["av"], pool=pool)).video
    assert worker not in workers()


async def test_a_late_worker_is_killed_and_the_next_request_finds_another(pool: Pool, clips: Clips) -> None:
    await probe(clips["av"], pool=pool)
    (worker,) = workers()
    worker.suspend()
    begun = time.monotonic()
    with pytest.raises(TemporaryError) as caught:
        await probe(clips["av"], timeout=0.2, pool=pool)
    assert caught.value.code == "media.probe_timeout"
    assert time.monotonic() - begun < 3
    assert (await probe(clips["av"], pool=pool)).video
    assert worker.pid not in [each.pid for each in workers()]


async def test_who_leaves_early_takes_the_worker_along(pool: Pool, clips: Clips) -> None:
    await probe(clips["av"], pool=pool)
    (worker,) = workers()
    worker.suspend()
    asking = asyncio.create_task(probe(clips["av"], pool=pool))
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert (await probe(clips["av"], pool=pool)).video


async def test_a_worker_is_replaced_after_its_turns(pool: Pool, clips: Clips, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("castcore_core.media.pool.TURNS", 2)
    seen = set()
    for _ in range(4):
        await probe(clips["mp3"], pool=pool)
        seen |= {each.pid for each in psutil.Process().children() if "worker" in " ".join(each.cmdline())}
    assert len(seen) >= 2


async def test_an_idle_worker_ends_unless_it_is_kept(clips: Clips) -> None:
    pool = Pool(3, keep=1, idle=0.05)
    await asyncio.gather(*(probe(clips["av"], pool=pool) for _ in range(9)))
    async with asyncio.timeout(5):
        while len(workers()) != 1:
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.2)
    assert len(workers()) == 1
    await pool.close()
    assert workers() == []


async def test_a_warm_pool_has_a_worker(pool: Pool, clips: Clips) -> None:
    await pool.warm()
    (worker,) = workers()
    await probe(clips["av"], pool=pool)
    assert workers() == [worker]


async def test_too_many_who_wait(pool: Pool, clips: Clips, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("castcore_core.media.pool._MOST_WAITING", 2)
    asked = await asyncio.gather(*(probe(clips["av"], pool=pool) for _ in range(9)), return_exceptions=True)
    codes = [each.code for each in asked if isinstance(each, CastCoreError)]
    assert codes == ["media.busy"] * 5


async def test_a_closed_pool_takes_nothing(clips: Clips) -> None:
    pool = Pool(1)
    await pool.close()
    with pytest.raises(TemporaryError):
        await probe(clips["av"], pool=pool)


async def test_workers_are_niced(clips: Clips) -> None:
    pool = Pool(1, nice=7)
    await probe(clips["av"], pool=pool)
    assert [each.nice() for each in workers()] == [psutil.Process().nice() + 7]
    await pool.close()


async def test_a_worker_has_limits_and_a_bare_environment(
    pool: Pool, clips: Clips, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CASTCORE_CANARY", "canary")
    await probe(clips["av"], pool=pool)
    (worker,) = workers()
    assert worker.rlimit(psutil.RLIMIT_AS)[0] == 2 << 30
    assert worker.rlimit(psutil.RLIMIT_FSIZE)[0] == 0
    assert 0 < worker.rlimit(psutil.RLIMIT_CPU)[0] < 60
    assert set(worker.environ()) == {"LANG", "PATH"}


async def test_a_worker_ends_with_the_server(tmp_path: Path, clips: Clips) -> None:
    script = (
        "import asyncio, os, signal, sys\n"
        "from pathlib import Path\n"
        "from castcore_core.media.pool import Pool\n"
        "from castcore_core.media.probe import probe\n"
        "import psutil\n"
        "async def main():\n"
        "    pool = Pool(1)\n"
        "    await probe(Path(sys.argv[1]), pool=pool)\n"
        "    print(psutil.Process().children()[0].pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script, str(clips["av"])), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    pid = int(said)
    await _gone(pid)


@pytest.mark.parametrize(
    "answer",
    [
        "not json",
        "[]",
        '{"length": -1}',
        '{"length": 99999999999}',
        '{"info": {}, "length": 0}',
        '{"code": "media.not_media", "params": 7, "length": 0}',
        '{"length": 5}',
    ],
)
async def test_nonsense_from_a_worker_is_a_crash(
    answer: str, clips: Clips, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # a worker that hostile media has taken over says what it likes
    script = tmp_path / "worker.py"
    script.write_text(f"import sys\nsys.stdin.readline()\nprint({answer!r}, flush=True)\n")
    monkeypatch.setattr(member, "_COMMAND", (sys.executable, str(script)))
    pool = Pool(1)
    with pytest.raises(PermanentError) as caught:
        await probe(clips["av"], pool=pool)
    assert caught.value.code == "media.probe_crashed"
    await pool.close()


async def test_pictures_of_bad_media(pool: Pool, clips: Clips, tmp_path: Path) -> None:
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(clips["faststart"].read_bytes()[:20_000])
    request: dict[str, Any] = {"task": "thumbnail", "width": 320}
    assert (await pool.ask(request | located(cut), 10)).body[:4] == b"RIFF"
    for path, code in (
        (clips["mp3"], "media.no_picture"),
        (clips["text"], "media.not_media"),
        (clips["empty"], "media.empty"),
        (tmp_path, "media.is_directory"),
        (tmp_path / "none", "media.not_found"),
    ):
        with pytest.raises(CastCoreError) as caught:
            await pool.ask(request | located(path), 10)
        assert caught.value.code == code


async def test_a_cover_is_the_picture_of_a_song(pool: Pool, clips: Clips, tmp_path: Path) -> None:
    song = tmp_path / "song.mp3"
    await _ffmpeg("-i", clips["mp3"], "-i", clips["still"], "-map", "0", "-map", "1", "-c", "copy", song)
    answer = await pool.ask({"task": "thumbnail", "width": 320, **located(song)}, 10)
    assert answer.body[8:12] == b"WEBP"


async def test_high_dynamic_range_is_no_trouble(pool: Pool, tmp_path: Path) -> None:
    film = tmp_path / "hdr.mp4"
    colours = "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:log-level=0"
    picture = ("-f", "lavfi", "-i", "testsrc2=s=640x360:d=1", "-c:v", "libx265", "-preset", "ultrafast")
    await _ffmpeg(*picture, "-pix_fmt", "yuv420p10le", "-x265-params", colours, film)
    assert (await probe(film, pool=pool)).video[0].hdr
    answer = await pool.ask({"task": "thumbnail", "width": 320, **located(film)}, 10)
    assert answer.body[8:12] == b"WEBP"


async def test_a_picture_of_too_many_pixels(pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / "wide.ppm"
    path.write_bytes(b"P6 20000 20000 255\n" + bytes(1000))
    (tmp_path / "wide.png").write_bytes(_png_header(20_000, 20_000))
    for each in (path, tmp_path / "wide.png"):
        with pytest.raises(PermanentError) as caught:
            await probe(each, pool=pool)
        assert caught.value.code in ("media.too_many_pixels", "media.no_picture", "media.not_media")


def _png_header(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = b"IDAT" + zlib.compress(bytes(1000))
    chunks = b"".join(
        struct.pack(">I", len(each) - 4) + each + struct.pack(">I", zlib.crc32(each))
        for each in (header, packed, b"IEND")
    )
    return b"\x89PNG\r\n\x1a\n" + chunks


async def _ffmpeg(*arguments: Any) -> None:
    command = [BUNDLED, "-nostdin", "-loglevel", "error", "-y", *map(os.fspath, arguments)]
    process = await asyncio.create_subprocess_exec(*command)
    assert await process.wait() == 0


async def _gone(pid: int) -> None:
    async with asyncio.timeout(5):
        while psutil.pid_exists(pid):
            await asyncio.sleep(0.02)
