"""Who is blamed when a real process dies, and who is not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from castcore_core.plugins.host import HostSettings, PluginHost
from castcore_core.plugins.state import PluginState

SERVER = """
import asyncio, json, os, signal, sys
sys.path[:0] = json.loads(sys.argv[1])
from pathlib import Path
from castcore_core.plugins.host import HostSettings, PluginHost
base = Path(sys.argv[2])
host = PluginHost(base / "data", base / "cache", path=json.loads(sys.argv[1])[:1],
    settings=HostSettings(early=float(sys.argv[3]), blocked=0.2))
host.load()

async def main():
    await host.start()
    found = [found for found in host.registry.destinations.values() if found.plugin != "builtin"]
    instances = {one.id: host.create(one, {}) for one in found}
    print("ready", flush=True)
    for line in await asyncio.to_thread(lambda: [sys.stdin.readline()]):
        name, method = line.split()
        if name == "end":
            await host.aclose()
            return
        instance = instances[name]
        task = asyncio.create_task(instance.call(getattr(instance.extension, method)))
        await asyncio.sleep(0.05)
        print("called", flush=True)
        await task

asyncio.run(main())
"""

VICTIM = """
import signal
class D(Destination[Config]):
    id = "victim"
    async def open_broadcast(self, request, /): ...
    async def close_broadcast(self, reference, /): ...
    async def segfault(self): ctypes.string_at(0)
    async def thread_segfault(self): await self.context.run_blocking(ctypes.string_at, 0)
    async def exits(self): os._exit(3)
    async def blocks(self):
        await asyncio.sleep(0.1)
        time.sleep(60)
    async def holds_the_lock(self):
        await asyncio.sleep(0.1)
        ctypes.PyDLL(None).usleep(60_000_000)
    async def waits(self): await asyncio.sleep(60)
    async def busy_thread(self): await self.context.run_blocking(time.sleep, 60)
@hookimpl
def castcore_register_destinations(): return [D]
"""


class Server:
    """A server process over a data folder; ``early`` as in `HostSettings`."""

    def __init__(self, site, base: Path, *, early: float = 0.0) -> None:
        self.site, self.base, self.early = site, base, early

    def start(self) -> subprocess.Popen[str]:
        path = json.dumps([str(self.site.folder), *[entry for entry in sys.path if entry]])
        arguments = [sys.executable, "-c", SERVER, path, str(self.base), str(self.early)]
        return subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, line: str, *, kill_after: str | None = None) -> int:
        """Start, send one line, wait for the words ``kill_after`` on stdout or stderr, kill; return the status."""
        with self.start() as process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            assert process.stdout.readline() == "ready\n", process.stderr.read()
            if line:
                process.stdin.write(line + "\n")
                process.stdin.flush()
            if kill_after == "called":
                assert process.stdout.readline() == "called\n"
            elif kill_after == "stuck":
                self.await_evidence()
            if kill_after is not None:
                process.kill()
            return process.wait(20)

    def await_evidence(self) -> None:
        """Wait until the life file or the trace beside it tells that the loop stands still."""
        lives = self.base / "data" / "plugins" / "lives"
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            # The slot of the watchdog follows the header and the heartbeat.
            if any(b'"victim"' in life.read_bytes()[1280:1536] for life in lives.glob("*.life")):
                return
            if any(trace.read_bytes().startswith(b"Timeout") for trace in lives.glob("*.trace")):
                return
            time.sleep(0.05)
        raise AssertionError("no evidence")

    def next_host(self) -> PluginHost:
        host = PluginHost(
            self.base / "data", self.base / "cache", path=self.site.path, settings=HostSettings(early=self.early)
        )
        host.load()
        host.guard.trail.finish()
        return host


@pytest.fixture
def server(site, tmp_path: Path) -> Server:
    site.good("bystander")
    site.add("victim", VICTIM)
    return Server(site, tmp_path)


def states(host: PluginHost) -> dict[str, PluginState]:
    return {record.id: record.state for record in host.records}


BLAMED = {
    "builtin": PluginState.LOADED,
    "bystander": PluginState.LOADED,
    "victim": PluginState.QUARANTINED,
}
INNOCENT = BLAMED | {"victim": PluginState.LOADED}


@pytest.mark.parametrize("method", ["segfault", "thread_segfault"])
def test_a_segmentation_fault_quarantines_the_plugin_alone(server: Server, method: str) -> None:
    assert server.run(f"victim {method}") == -signal.SIGSEGV
    host = server.next_host()
    assert states(host) == BLAMED
    reason = host.record("victim").reason
    assert reason is not None
    assert reason.code == "plugins.crashed"
    assert "Segmentation fault" in reason.detail


@pytest.mark.parametrize("method", ["blocks", "holds_the_lock"])
def test_a_server_killed_while_a_plugin_freezes_it_blames_the_plugin(server: Server, method: str) -> None:
    server.run(f"victim {method}", kill_after="stuck")
    assert states(server.next_host()) == BLAMED


@pytest.mark.parametrize("line", ["", "victim waits", "victim busy_thread"])
def test_a_healthy_server_that_is_killed_never_counts(server: Server, line: str) -> None:
    for _ in range(3):
        server.run(line, kill_after="called" if line else "")
    host = server.next_host()
    assert states(host) == INNOCENT
    assert host.safe_mode is None


def test_a_sudden_end_inside_a_call_is_a_suspicion_that_counts_the_second_time(server: Server) -> None:
    assert server.run("victim exits") == 3
    assert states(server.next_host()) == INNOCENT
    assert server.run("victim exits") == 3
    assert states(server.next_host()) == BLAMED


def test_the_third_early_death_without_a_name_starts_safe_mode_once(server: Server) -> None:
    server.early = 60.0
    for _ in range(2):
        server.run("", kill_after="")
    assert server.next_host().safe_mode is None
    server.run("", kill_after="")
    host = server.next_host()
    assert host.safe_mode is not None
    assert states(host) == {
        "builtin": PluginState.LOADED,
        "bystander": PluginState.LEFT_OUT,
        "victim": PluginState.LEFT_OUT,
    }
    assert server.next_host().safe_mode is None


def test_a_good_end_leaves_nothing_behind(server: Server) -> None:
    server.early = 60.0
    for _ in range(3):
        assert server.run("end now") == 0
    assert not list((server.base / "data" / "plugins" / "lives").iterdir())
    assert server.next_host().safe_mode is None


def test_a_plugin_that_kills_the_process_only_while_the_server_loads_it_is_quarantined(site, tmp_path: Path) -> None:
    site.good("bystander")
    # Tried alone it behaves; only the real process has the breadcrumb folder of a server.
    site.add("victim", "if 'SERVER' in os.environ: os.kill(os.getpid(), 9)")
    server = Server(site, tmp_path)
    os.environ["SERVER"] = "1"
    try:
        with server.start() as process:
            assert process.wait(20) == -signal.SIGKILL
    finally:
        del os.environ["SERVER"]
    host = server.next_host()
    assert states(host) == BLAMED
    reason = host.record("victim").reason
    assert reason is not None
    assert reason.params == {"plugin": "victim", "method": "load"}


def test_a_server_that_is_asked_to_end_while_it_loads_blames_nobody(site, tmp_path: Path) -> None:
    site.add("victim", "if 'SERVER' in os.environ: print('loading', flush=True); time.sleep(60)")
    server = Server(site, tmp_path)
    os.environ["SERVER"] = "1"
    try:
        with server.start() as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "loading\n"
            process.terminate()
            assert process.wait(20) == -signal.SIGTERM
    finally:
        del os.environ["SERVER"]
    assert states(server.next_host())["victim"] is PluginState.LOADED


async def test_switching_a_plugin_on_ends_its_quarantine(server: Server) -> None:
    server.run("victim segfault")
    host = server.next_host()
    assert (await host.enable("victim")).state is PluginState.LOADED
    assert states(server.next_host()) == INNOCENT
    await host.aclose()
