"""Logs of limited size that know their own last lines."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from castcore_core.engine import logbook
from castcore_core.engine.logbook import KEPT, Logbook
from castcore_core.runner.event import LogLine
from castcore_core.secrets import scrubber


def _line(number: int, text: str = "x", *, level: str = "info") -> LogLine:
    return LogLine(source="encoder", level=level, line=text, seq=number, at=1000.0 + number)  # type: ignore[arg-type]


async def test_the_last_lines_outlive_the_server_and_are_told_once(tmp_path: Path) -> None:
    first = Logbook(tmp_path)
    for number in range(1, KEPT + 51):
        first.add("job", _line(number, f"line {number}"))
    await first.write()
    assert stat.S_IMODE((tmp_path / "job.log").stat().st_mode) == 0o600
    second = Logbook(tmp_path)
    await second.open("job")
    second.add("job", _line(KEPT + 50, "told again after a restart"))
    second.add("job", _line(KEPT + 51, "new"))
    heard: list[str] = []
    with second.listen("job", lambda message: heard.append(message.text)) as lines:
        assert len(lines) == KEPT
        assert [line["line"] for line in lines[-2:]] == [f"line {KEPT + 50}", "new"]
        second.add("job", _line(KEPT + 52, "Connection refused", level="error"))
    second.add("job", _line(KEPT + 53, "nobody listens"))
    assert len(heard) == 1
    assert '"code":"ffmpeg.' in heard[0]


async def test_files_are_rotated_and_kept_within_the_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logbook, "FILE_LIMIT", 2000)
    book = Logbook(tmp_path, budget=9000)
    for number in range(1, 200):
        book.add("job", _line(number, "y" * 50))
        if number % 5 == 0:
            await book.write()
    assert {path.name for path in tmp_path.iterdir()} == {"job.log", "job.log.1", "job.log.2", "job.log.3"} - (
        {"job.log"} if not (tmp_path / "job.log").exists() else set()
    )
    (tmp_path / "older.log").write_bytes(b"z" * 8000)
    (tmp_path / "older.log").touch()
    import os

    os.utime(tmp_path / "older.log", (1, 1))
    book.tidy()
    assert not (tmp_path / "older.log").exists()
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 9000


async def test_lines_are_scrubbed_once_more(tmp_path: Path) -> None:
    scrubber.add("canary-in-a-line")
    book = Logbook(tmp_path)
    book.add("job", _line(1, "rtmp://host/live/canary-in-a-line failed"))
    await book.write()
    assert "canary" not in (tmp_path / "job.log").read_text()
    with book.listen("job", lambda message: None) as lines:
        assert "canary" not in str(lines)
