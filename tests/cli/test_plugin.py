"""Broken third-party plugins beside a real run, and what ``castcore plugin`` says of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from castcore_core.cli.status import ExitStatus
from cli.program import castcore
from plugins.conftest import Site, open_site
from plugins.test_isolation import AWFUL
from runner.scene import Sink
from servers.reading import read

BLOCKING = """
class Blocker(Destination[Config]):
    id = "blocker"
    protocols = frozenset({PublishProtocol.RTMP})
    url_schemes = frozenset({"blocker"})
    timeouts = {"open_broadcast": timedelta(seconds=1)}
    config_from_url = classmethod(lambda cls, url, /: {})
    async def open_broadcast(self, request, /): time.sleep(3600)
    async def close_broadcast(self, reference, /): time.sleep(3600)

@hookimpl
def castcore_register_destinations(): return [Blocker]
@hookimpl
async def castcore_plugin_enabled(context): time.sleep(3600)
"""

FROM_URL = "url_schemes = frozenset({'awful'}); config_from_url = classmethod(lambda cls, url, /: {})"

STATES = {
    "good": ("loaded", None),
    "awful": ("loaded", None),
    "blocker": ("loaded", None),
    "importerror": ("failed", "plugins.import_failed"),
    "exits": ("failed", "plugins.import_failed"),
    "endless": ("failed", "plugins.import_timeout"),
    "crasher": ("failed", "plugins.import_crashed"),
    "thief": ("failed", "plugins.scheme_taken"),
    "future": ("incompatible", "plugins.sdk_incompatible"),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One plugin that works and one that is broken in each way."""
    for site in open_site(tmp_path_factory.mktemp("third-party") / "site"):
        site.good("good")
        site.add("awful", AWFUL.replace("protocols =", f"{FROM_URL}; protocols ="))
        site.add("blocker", BLOCKING)
        site.add("importerror", "import no_such_library_at_all")
        site.add("exits", "sys.exit(3)")
        site.add("endless", "while True: time.sleep(1)")
        site.add("crasher", "ctypes.string_at(0)")
        site.add("thief", BLOCKING.replace('"blocker"', '"thief"', 1).replace('{"blocker"}', '{"rtmp"}'))
        site.add("future", "raise SystemExit", requires="castcore-sdk>=2,<3")
        yield site


@pytest.fixture(scope="module")
def listed(site: Site, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Look at all plugins once; gives the folder where that is remembered, and what was said."""
    folder = tmp_path_factory.mktemp("installation")

    async def look() -> dict[str, Any]:
        async with castcore(folder, "plugin", "list", "--json", env={"PYTHONPATH": site.path[0]}) as program:
            assert await program.ended(60) == ExitStatus.OK
        return {one["id"]: one for one in json.loads(program.out[0])["plugins"]}

    return folder, asyncio.run(look())


@pytest.mark.parametrize("plugin", STATES)
def test_each_plugin_has_its_state_and_reason(listed: tuple[Path, dict[str, Any]], plugin: str) -> None:
    state, code = STATES[plugin]
    record = listed[1][plugin]
    assert record["state"] == state
    assert (record["reason"] or {"code": None})["code"] == code


def test_the_builtin_is_untouched(listed: tuple[Path, dict[str, Any]]) -> None:
    offers = {one["id"] for one in listed[1]["builtin"]["offers"]}
    assert {"rtmp", "srt", "hls", "udp", "file"} <= offers


async def test_a_run_beside_them_is_unchanged(
    site: Site, listed: tuple[Path, dict[str, Any]], sink: Sink, tmp_path: Path
) -> None:
    film = tmp_path / "film.mkv"
    arguments = ["run", "test:320x180@30", "--to", f"{sink.url}/key", "--record", str(film), "--duration", "1.5"]
    async with castcore(listed[0], *arguments, env={"PYTHONPATH": site.path[0]}) as program:
        assert await program.ended() == ExitStatus.OK
    (session,) = sink.of("key")
    assert session.in_order
    assert max(session.steps()) <= 50
    assert read(film).video is not None
    assert "Traceback" not in program.text


@pytest.mark.parametrize(("target", "code"), [("blocker:x", "plugins.blocks"), ("awful:x", "plugins.call_failed")])
async def test_one_of_them_as_a_target_is_a_coded_error(
    site: Site, listed: tuple[Path, dict[str, Any]], sink: Sink, target: str, code: str
) -> None:
    arguments = ["run", "test:320x180@30", "--to", f"{sink.url}/key", "--to", target, "--json"]
    async with castcore(listed[0], *arguments, env={"PYTHONPATH": site.path[0]}) as program:
        assert await program.ended() == ExitStatus.INPUT
    assert [one["code"] for one in program.messages("error")] == [code]
    assert program.err == []
    assert sink.sessions == []


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["plugin", "list"], 0, "plugins.import_timeout"),
        (["plugin", "info", "good"], 0, "castcore-good 1.0"),
        (["plugin", "info", "future"], 0, "plugins.sdk_incompatible"),
        (["plugin", "info", "nobody"], 3, "plugins.unknown"),
        (["plugin", "check", "importerror"], 3, "plugins.import_failed"),
    ],
)
async def test_what_people_read(
    site: Site, listed: tuple[Path, dict[str, Any]], arguments: list[str], status: int, said: str
) -> None:
    async with castcore(listed[0], *arguments, env={"PYTHONPATH": site.path[0], "COLUMNS": "300"}) as program:
        assert await program.ended() == status
    assert said in "\n".join(program.out) + program.text
    assert "Traceback" not in program.text
