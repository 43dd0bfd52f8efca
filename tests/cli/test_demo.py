"""``castcore demo`` as a process: what it prints works while it runs, and nothing of it is left afterwards."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import psutil
import pytest

from castcore_core.cli.status import ExitStatus
from cli.program import Program, castcore
from engine.scene import end_runners
from servers.media import Clips

UP = re.compile(r"It ends|Ctrl-C")


@pytest.fixture(autouse=True)
def tidy(tmp_path: Path) -> Iterator[None]:
    """A test that fails leaves no stream behind."""
    yield
    end_runners(tmp_path)


def said(program: Program, label: str) -> str:
    """Return what the demo prints behind a label."""
    (value,) = re.findall(rf"^  {label}\s+(\S+)$", program.text, re.MULTILINE)
    return str(value)


def left(folder: Path) -> list[list[str]]:
    """Return the processes whose arguments name the folder."""
    found = (one.info["cmdline"] or [] for one in psutil.process_iter(["cmdline"]))
    return [words for words in found if str(folder) in " ".join(words)]


@asynccontextmanager
async def sign_in(program: Program) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client that is signed in with what the demo has printed."""
    named = {"username": said(program, "User"), "password": said(program, "Password")}
    async with httpx.AsyncClient(base_url=f"{said(program, 'Address')}/api/v1") as client:
        login = (await client.post("/auth/login", json=named)).json()
        client.headers["Authorization"] = f"Bearer {login['access_token']}"
        yield client


async def on_air(client: httpx.AsyncClient, job_id: str, within: float = 20.0) -> dict[str, Any]:
    """Wait until every destination has got something, and return the job's status."""
    async with asyncio.timeout(within):
        while True:
            status: dict[str, Any] = (await client.get(f"/stream-jobs/{job_id}/status")).json()
            if status["state"] == "running" and all(one["bytes"] for one in status["outputs"]):
                return status
            await asyncio.sleep(0.1)


async def played(client: httpx.AsyncClient, address: str, within: float = 10.0) -> str:
    """Return a playlist as soon as its first segment is whole."""
    async with asyncio.timeout(within):
        while (answer := await client.get(address)).status_code == 404:
            await asyncio.sleep(0.1)
    return answer.text


async def test_it_shows_a_job_on_air_and_leaves_nothing(tmp_path: Path, clips: Clips) -> None:
    clip = str(clips["av"])
    async with castcore(tmp_path, "demo", "--media", clip, "--duration", "6") as program:
        await program.until(lambda: UP.search(program.text), within=30.0)
        job = said(program, "Running job").rpartition("/")[2]
        async with sign_in(program) as client:
            assert (await client.get("/auth/me")).json()["role"] == "admin"
            status = await on_air(client, job)
            assert {one["type"] for one in status["outputs"]} >= {"rtmp", "hls"}
            playlist = await played(client, f"{said(program, 'Running job')}/preview/index.m3u8")
            assert playlist.startswith("#EXTM3U")
        assert await program.ended(40.0) == ExitStatus.OK, program.text
    for name in ("RTMP", "HLS", "Recording"):
        assert re.search(rf"^  {name}\s+00:00:0[4-9]\s+[\d.]+ [kM]B$", program.text, re.MULTILINE), program.text
    assert left(tmp_path) == []
    assert (tmp_path / "demo/data/media/hls/index.m3u8").exists()
    (recording,) = (tmp_path / "demo/recordings").iterdir()
    assert recording.stat().st_size > 10_000


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
async def test_a_signal_ends_job_and_server(tmp_path: Path, clips: Clips, number: signal.Signals) -> None:
    async with castcore(tmp_path, "demo", "--media", str(clips["av"]), "--duration", "60") as program:
        await program.until(lambda: UP.search(program.text), within=30.0)
        async with sign_in(program) as client:
            await on_air(client, said(program, "Running job").rpartition("/")[2])
        program.signal(number)
        assert await program.ended(20.0) == ExitStatus.OK, program.text
    assert left(tmp_path) == []


async def test_after_a_kill_the_next_one_starts_afresh(tmp_path: Path, clips: Clips) -> None:
    arguments = ("demo", "--media", str(clips["av"]), "--duration")
    async with castcore(tmp_path, *arguments, "60") as program:
        await program.until(lambda: UP.search(program.text), within=30.0)
        async with sign_in(program) as client:
            await on_air(client, said(program, "Running job").rpartition("/")[2])
        async with castcore(tmp_path, *arguments, "1") as second:
            assert await second.ended(20.0) == ExitStatus.INPUT
            assert "server.already_running" in second.text
        program.process.kill()
        await program.process.wait()
    assert left(tmp_path) != []
    async with castcore(tmp_path, *arguments, "2") as program:
        assert await program.ended(60.0) == ExitStatus.OK, program.text
    assert left(tmp_path) == []


async def test_its_configuration_is_its_own(tmp_path: Path, clips: Clips) -> None:
    """What an installation has in its environment stays untouched."""
    foreign = {"CASTCORE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "CASTCORE_ROLE": "web"}
    arguments = ("demo", "--media", str(clips["av"]), "--duration", "2")
    async with castcore(tmp_path, *arguments, env=foreign) as program:
        assert await program.ended(60.0) == ExitStatus.OK, program.text
    assert not (tmp_path / "data").exists()


async def test_it_never_removes_what_is_not_its_own(tmp_path: Path) -> None:
    mine = tmp_path / "demo/data/film.mp4"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    async with castcore(tmp_path, "demo", "--duration", "1") as program:
        assert await program.ended() == ExitStatus.INPUT
        assert "cli.demo_folder" in program.text
    assert mine.read_bytes() == b"mine"
