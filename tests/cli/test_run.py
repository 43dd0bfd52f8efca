"""``castcore run`` as a process: what it says, how it ends, and what it leaves behind."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from castcore_core.cli.status import ExitStatus
from cli.program import START, Program, castcore, environment
from runner.scene import Sink
from servers.fault import Gate
from servers.media import Clips
from servers.nginx import NginxRtmp, free_port
from servers.reading import read

PICTURE = "test:320x180@30"
ESCAPE = "\x1b"


async def gone(processes: list[psutil.Process], within: float = 5.0) -> None:
    """Wait until none of these processes runs any more."""
    assert processes
    until = time.monotonic() + within
    while any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in processes):
        assert time.monotonic() < until, [one.cmdline()[:6] for one in processes if one.is_running()]
        await asyncio.sleep(0.02)


async def tags_wait(program: Program, output: str) -> None:
    """Wait until the destination takes less than comes."""
    await program.until(lambda: any(one["outputs"][output]["queue_ms"] > 0 for one in program.events(type="progress")))


async def test_a_whole_run_for_people(sink: Sink, clips: Clips, tmp_path: Path) -> None:
    arguments = ["run", str(clips["av"]), "--seek", "4", "--to", f"{sink.url}/key", "--record", "film.mp4"]
    async with castcore(tmp_path, *arguments) as program:
        assert await program.ended() == ExitStatus.OK
    assert program.out == []
    assert ESCAPE not in program.text
    assert "Traceback" not in program.text
    for expected in ("av.mp4", "profile source", "stream: running", "film.mp4: up", "Delivered 00:00:01", "sessions"):
        assert expected in program.text
    assert "security.key_in_sight" in program.text
    assert len(program.err) == len([line for line in program.err if "\r" not in line]) < 40
    assert sink.of("key")[0].in_order
    video = read(tmp_path / "film.mp4").video
    assert video is not None
    assert abs(video.frames - 30) <= 1


async def test_a_whole_run_for_programs(sink: Sink, tmp_path: Path) -> None:
    async with castcore(tmp_path, "run", PICTURE, "--to", f"{sink.url}/key", "--duration", "1.5", "--json") as program:
        assert await program.ended() == ExitStatus.OK
    assert program.err == []
    lines = [json.loads(line) for line in program.out]
    assert {name for line in lines for name in line} == {"notice", "event", "summary"}
    assert [one["code"] for one in program.messages("notice")] == ["security.key_in_sight"]
    assert [one["state"] for one in program.events(type="job.state")] == ["starting", "running", "stopping", "ended"]
    (summary,) = program.messages("summary")
    assert summary["status"] == 0
    assert summary["outputs"]["out1"]["sessions"] == 1
    assert summary["outputs"]["out1"]["seconds"] == pytest.approx(1.5, abs=0.4)


async def test_german(tmp_path: Path) -> None:
    async with castcore(tmp_path, "--lang", "de", "run", PICTURE, "--record", "film.mkv", "--duration", "1") as program:
        assert await program.ended() == ExitStatus.OK
    for expected in ("Stream: läuft", "Quelle: ", "film.mkv: ", "Ziel"):
        assert expected in program.text
    for english in ("ended", "running", "destination", "Delivered"):
        assert english not in program.text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_every_destination_in_order(
    sink: Sink, nginx: NginxRtmp, tmp_path: Path, number: signal.Signals
) -> None:
    """Within three seconds, beside a peer that never reads and one that is not there."""
    films = [tmp_path / "film.mkv", tmp_path / "film.mp4"]
    async with Gate() as silent:
        await silent.lead_nowhere()
        targets = [f"{sink.url}/key", nginx.url("key"), *(f"file:{film}" for film in films), f"hls:{tmp_path / 'hls'}"]
        targets += [f"rtmp://127.0.0.1:{silent.port}/live/key", f"rtmp://127.0.0.1:{free_port()}/live/key"]
        options = [part for target in targets for part in ("--to", target)]
        async with castcore(tmp_path, "run", PICTURE, "--json", *options) as program:
            await program.up("out1", "out2", "out3", "out4", "out5")
            await sink.playing("key", 45)
            family = program.family()
            begun = time.monotonic()
            program.signal(number)
            assert await program.ended() == ExitStatus.PARTIAL
            assert time.monotonic() - begun < 3.0
            await gone(family)
    assert sink.of("key")[0].in_order
    assert "deleteStream" in nginx.log_text()
    for film in films:
        video = read(film).video
        assert video is not None
        assert video.frames >= 30
    assert not list((tmp_path / "data" / "run").glob("*.journal"))


async def test_a_peer_that_stops_reading_holds_up_no_end(sink: Sink, nginx: NginxRtmp, tmp_path: Path) -> None:
    profile = tmp_path / "heavy.toml"
    profile.write_text("[video]\nbitrate = 8000000\n")
    targets = ["--to", f"{sink.url}/key", "--to", nginx.url("key")]
    async with castcore(tmp_path, "run", PICTURE, "--profile", str(profile), "--json", *targets) as program:
        await program.up("out1", "out2")
        nginx.freeze()
        await tags_wait(program, "out2")
        begun = time.monotonic()
        program.signal(signal.SIGINT)
        await program.ended()
        assert time.monotonic() - begun < 3.0
        nginx.thaw()
    assert sink.of("key")[0].in_order


async def test_a_second_signal_ends_at_once(nginx: NginxRtmp, tmp_path: Path) -> None:
    async with castcore(tmp_path, "run", PICTURE, "--json", "--to", nginx.url("key")) as program:
        await program.up("out1")
        nginx.freeze()
        await program.until(lambda: program.events(type="progress"))
        family = program.family()
        program.signal(signal.SIGINT)
        await program.until(lambda: program.events(type="job.state", state="stopping"))
        begun = time.monotonic()
        program.signal(signal.SIGINT)
        assert await program.ended() == ExitStatus.ABORTED
        assert time.monotonic() - begun < 1.0
        await gone(family)
        nginx.thaw()


async def test_a_runner_that_hangs_is_killed(sink: Sink, tmp_path: Path) -> None:
    async with castcore(tmp_path, "run", PICTURE, "--json", "--to", f"{sink.url}/key") as program:
        await program.up("out1")
        family = program.family()
        runner = next(one for one in family if "castcore_core.runner" in one.cmdline())
        runner.suspend()
        begun = time.monotonic()
        program.signal(signal.SIGTERM)
        assert await program.ended() == ExitStatus.INTERNAL
        assert time.monotonic() - begun < 4.0
        await gone(family)


async def test_a_killed_program_leaves_nothing_behind(sink: Sink, tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    async with castcore(
        tmp_path, "run", PICTURE, "--json", "--to", f"{sink.url}/key", "--record", str(film)
    ) as program:
        await program.up("out1", "out2")
        await sink.playing("key", 30)
        family = program.family()
        program.signal(signal.SIGKILL)
        await gone(family)
    assert sink.of("key")[0].in_order
    assert read(film).video is not None


async def test_a_killed_runner_is_said_and_leaves_nothing_behind(sink: Sink, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    async with castcore(
        tmp_path, "run", PICTURE, "--json", "--to", f"{sink.url}/key", "--record", str(film)
    ) as program:
        await program.up("out1", "out2")
        await sink.playing("key", 75)
        family = program.family()
        next(one for one in family if "castcore_core.runner" in one.cmdline()).kill()
        assert await program.ended() == ExitStatus.INTERNAL
        await gone(family)
    assert program.messages("summary")[0]["problem"]["code"] == "runner.gone"
    video = read(film).video
    assert video is not None
    assert video.frames >= 30


async def test_no_destination_is_ever_up(tmp_path: Path) -> None:
    target = f"rtmp://127.0.0.1:{free_port()}/live/key"
    async with castcore(tmp_path, "run", PICTURE, "--to", target, "--give-up-after", "1.5", "--json") as program:
        assert await program.ended() == ExitStatus.NO_DESTINATION
    (summary,) = program.messages("summary")
    assert (summary["problem"]["code"], summary["cause"]["code"]) == ("runner.no_output_up", "rtmp.refused")


async def test_a_film_that_ends_before_any_destination_is_up(clips: Clips, tmp_path: Path) -> None:
    target = f"rtmp://127.0.0.1:{free_port()}/live/key"
    async with castcore(tmp_path, "run", str(clips["av"]), "--seek", "4", "--to", target) as program:
        assert await program.ended() == ExitStatus.NO_DESTINATION
    assert "rtmp.refused" in program.text


async def test_a_destination_that_is_down_at_the_end(sink: Sink, tmp_path: Path) -> None:
    async with Sink() as other:
        targets = ["--to", f"{sink.url}/key", "--to", f"{other.url}/key"]
        async with castcore(tmp_path, "run", PICTURE, "--json", *targets) as program:
            await program.up("out1", "out2")
            await other.stop()
            await program.until(lambda: program.events(type="output.state", output="out2", state="reconnecting"))
            program.signal(signal.SIGINT)
            assert await program.ended() == ExitStatus.PARTIAL
    (summary,) = program.messages("summary")
    assert summary["outputs"]["out1"]["code"] == ""
    assert summary["outputs"]["out2"]["code"] in ("rtmp.closed", "rtmp.refused")


async def test_a_source_that_never_comes(sink: Sink, tmp_path: Path) -> None:
    source = f"listen:rtmp://127.0.0.1:{free_port()}/live/key"
    begun = time.monotonic()
    async with castcore(tmp_path, "run", source, "--copy", "--to", f"{sink.url}/key", "--json") as program:
        assert await program.ended() == ExitStatus.SOURCE
    assert 10.0 <= time.monotonic() - begun < 14.0
    assert program.messages("summary")[0]["problem"]["code"] == "runner.source_not_up"


async def test_a_reader_of_the_output_that_goes_away(sink: Sink, tmp_path: Path) -> None:
    """``castcore run … --json | head -3`` ends the stream in order."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *START, "run", PICTURE, "--to", f"{sink.url}/key", "--json",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment(tmp_path),
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    for _ in range(3):
        await process.stdout.readline()
    process._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]
    said = await process.stderr.read()
    assert await process.wait() == ExitStatus.OK
    assert said == b""
    await sink.until(lambda: all(one.over for one in sink.sessions))


def test_on_a_terminal(tmp_path: Path) -> None:
    """A table is drawn and redrawn, and at the end the terminal is as it was."""
    shown = on_terminal(tmp_path, "run", PICTURE, "--record", "film.mkv", "--duration", "2.5")
    assert "destination" in shown
    assert "encoder:" in shown
    assert shown.count("Mbit/s") >= 2
    assert shown.rfind(f"{ESCAPE}[?25h") > shown.rfind(f"{ESCAPE}[?25l") >= 0
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert re.search("Delivered 00:00:0[23]", plain)
    assert "Traceback" not in plain


def on_terminal(folder: Path, *arguments: str) -> str:
    """Run the program on a pseudo-terminal and return all that it wrote there."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execve(sys.executable, [sys.executable, *START, *arguments], environment(folder))
    shown = b""
    try:
        while data := os.read(terminal, 65536):
            shown += data
    except OSError:  # its end, on Linux
        pass
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == ExitStatus.OK
    return shown.decode()


async def test_a_terminal_that_is_closed_leaves_no_publisher_behind(sink: Sink, tmp_path: Path) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        arguments = ["run", PICTURE, "--to", f"{sink.url}/key"]
        os.execve(sys.executable, [sys.executable, *START, *arguments], environment(tmp_path))
    try:
        session = await sink.playing("key", 30)
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        os.close(terminal)
        await sink.until(lambda: session.over, within=4)
        assert session.in_order
        await gone(family)
    finally:
        os.waitpid(pid, 0)
