"""``castcore jobs``: beside a running server, without one, and without a database."""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from castcore_core.cli.status import ExitStatus
from castcore_core.engine.models import EngineRun
from castcore_core.settings import Settings
from cli.program import castcore
from engine.scene import end_runners, house, runners_in
from runner.scene import Sink


@pytest.fixture
async def folder(tmp_path: Path) -> AsyncIterator[Path]:
    """The data folder that the program uses; nothing of it runs on after the test."""
    yield tmp_path / "data"
    end_runners(tmp_path)


async def ask(folder: Path, *arguments: str, status: int = ExitStatus.OK, **environment: str) -> dict[str, Any]:
    """Run ``castcore jobs … --json`` and return its answer."""
    async with castcore(folder.parent, "jobs", *arguments, "--json", env=environment) as program:
        assert await program.ended(40.0) == status, (program.out, program.text)
        assert "Traceback" not in program.text
    return dict(json.loads("".join(program.out)))


async def test_beside_a_server(folder: Path, sink: Sink) -> None:
    async with house(folder) as home:
        job = await home.job("News", sink.url, "key")
        assert await ask(folder, "start", "News") == {"started": ["News"]}
        await home.reach(job, "running")
        (line,) = (await ask(folder, "list"))["jobs"]
        assert (line["id"], line["name"], line["desired"], line["on_air"]) == (str(job), "News", "running", True)
        assert await ask(folder, "stop", str(job)) == {"stopped": ["News"], "ended": 1, "left": 0, "problem": None}
        assert (await home.reach(job, "stopped")).code == ""
    assert runners_in(folder) == []


async def test_what_is_started_without_a_server_begins_with_the_next(folder: Path, sink: Sink) -> None:
    async with house(folder) as home:
        job = await home.job("News", sink.url, "key")
    assert await ask(folder, "start", "News") == {"started": ["News"]}
    (line,) = (await ask(folder, "list"))["jobs"]
    assert (line["desired"], line["state"], line["on_air"]) == ("running", "stopped", False)
    async with house(folder) as home:
        await home.reach(job, "running")


@pytest.mark.parametrize("frozen", [False, True])
async def test_all_are_ended_without_a_server(folder: Path, sink: Sink, frozen: bool) -> None:
    async with house(folder) as home:
        jobs = [await home.job(name, sink.url, name) for name in ("News", "Weather")]
        for job in jobs:
            await home.commands.start(job)
        for job in jobs:
            await home.reach(job, "running")
        if frozen:
            (await home.runner(jobs[0])).send_signal(signal.SIGSTOP)
    assert len(runners_in(folder)) == 2
    done = await ask(folder, "stop", "--all")
    assert done == {"stopped": ["News", "Weather"], "ended": 2, "left": 0, "problem": None}
    assert runners_in(folder) == []
    await sink.until(lambda: all(one.over for one in sink.sessions))
    async with house(folder) as home:
        assert [home.status(job).state for job in jobs] == ["stopped", "stopped"]
    assert runners_in(folder) == []


async def test_all_are_ended_without_a_database(folder: Path, sink: Sink) -> None:
    async with house(folder) as home:
        job = await home.job("News", sink.url, "key")
        await home.commands.start(job)
        await home.reach(job, "running")
    away = {"CASTCORE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    done = await ask(folder, "stop", "--all", status=ExitStatus.SYSTEM, **away)
    assert (done["stopped"], done["ended"], done["left"]) == ([], 1, 0)
    assert done["problem"]["code"] == "database.unreachable"
    assert runners_in(folder) == []


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (["start", "Nothing"], ExitStatus.INPUT, "streams.not_found"),
        (["stop", "Nothing"], ExitStatus.INPUT, "streams.not_found"),
        (["stop"], ExitStatus.USAGE, "cli.jobs_which"),
        (["stop", "News", "--all"], ExitStatus.USAGE, "cli.jobs_which"),
    ],
)
async def test_mistakes(folder: Path, arguments: list[str], status: int, code: str) -> None:
    assert (await ask(folder, *arguments, status=status))["error"]["code"] == code


async def test_a_red_preflight_keeps_a_job_off_the_air(folder: Path, sink: Sink, tmp_path: Path) -> None:
    async with house(folder) as home:
        source = {"kind": "file", "path": str(tmp_path / "missing.mp4")}
        await home.job("News", sink.url, "key", source=source)
        await home.core.get(Settings).change({"preflight_gate": True})
    refused = await ask(folder, "start", "News", status=ExitStatus.INPUT)
    assert refused["error"]["code"] == "preflight.red"
    assert await ask(folder, "start", "News", "--override") == {"started": ["News"]}


async def test_in_words(folder: Path, sink: Sink) -> None:
    async with house(folder) as home:
        await home.job("News", sink.url, "key")
    async with castcore(folder.parent, "--lang", "de", "jobs", "list") as program:
        assert await program.ended() == ExitStatus.OK
    assert "Auftrag" in program.out[0]
    assert "News" in program.out[1]
    assert "angehalten" in program.out[1]


async def test_the_list_tells_why_and_cuts_nothing_that_can_be_typed(folder: Path, sink: Sink) -> None:
    async with house(folder) as home:
        job = await home.job("Morning show for the early ones", sink.url, "key")
        why = {"code": "rtmp.refused", "params": {"peer": "live.example.org"}}
        failed = {"state": "failed", "outcome": "failed", "since": datetime.now(UTC), **why}
        await EngineRun.update_or_create(failed, job_id=job)
    async with castcore(folder.parent, "jobs", "list", env={"COLUMNS": "60"}) as program:
        assert await program.ended() == ExitStatus.OK
    said = " ".join(" ".join(program.out).split())
    assert str(job) in said
    assert "live.example.org refuses the connection." in said
    assert "(rtmp.refused)" in said
