"""The commands that look at things: ``probe``, ``encoders``, ``doctor``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from castcore_core.cli.status import ExitStatus
from cli.program import castcore
from servers.media import Clips


async def test_probe(clips: Clips, tmp_path: Path) -> None:
    async with castcore(tmp_path, "probe", str(clips["two-audio"])) as program:
        assert await program.ended() == ExitStatus.OK
    said = "\n".join(program.out)
    for expected in ("two-audio.mkv", "320×180", "30 fps", "h264", "Kommentar", "00:00:05"):
        assert expected in said
    assert program.err == []


async def test_probe_for_programs(clips: Clips, tmp_path: Path) -> None:
    async with castcore(tmp_path, "probe", str(clips["rotated"]), "--json") as program:
        assert await program.ended() == ExitStatus.OK
    found = json.loads(program.out[0])
    assert found["video"][0]["rotation"] in (90, 270)
    assert found["duration"] == pytest.approx(5.0, abs=0.1)


async def test_probe_of_what_tells_nothing(tmp_path: Path) -> None:
    async with castcore(tmp_path, "probe", "test", "--json") as program:
        assert await program.ended() == ExitStatus.INPUT
    assert json.loads(program.out[0])["error"]["code"] == "streams.not_probed"


async def test_encoders(tmp_path: Path) -> None:
    async with castcore(tmp_path, "encoders", "--json") as program:
        assert await program.ended(60) == ExitStatus.OK
    found = {one["id"]: one for one in json.loads(program.out[0])["encoders"]}
    assert found["builtin.x264"]["works"]
    assert found["builtin.x264"]["codecs"] == ["h264"]


@pytest.mark.parametrize("language", ["en", "de"])
async def test_doctor(tmp_path: Path, language: str) -> None:
    async with castcore(tmp_path, "--lang", language, "doctor") as program:
        status = await program.ended(60)
    said = "\n".join(program.out)
    assert status in (ExitStatus.OK, ExitStatus.SYSTEM)
    assert ("✗" in said) == (status == ExitStatus.SYSTEM)
    assert "ffmpeg" in said
    assert "{{" not in said
    assert "Traceback" not in program.text


async def test_doctor_without_ffmpeg(tmp_path: Path) -> None:
    async with castcore(tmp_path, "doctor", "--ffmpeg", "/nowhere/ffmpeg", "--json") as program:
        assert await program.ended(60) == ExitStatus.SYSTEM
    report = json.loads(program.out[0])
    assert not report["fit"]
    assert "ffmpeg.missing" in [one["code"] for one in report["checks"]]
