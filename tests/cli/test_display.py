"""The table of destinations."""

from __future__ import annotations

import pytest
from rich.console import Console

from castcore_core.cli.display import destination_table
from castcore_core.runner.event import OutputStatistics

NAMES = {
    "a": "rtmp://127.0.0.1:19350/live",
    "b": "The [house] channel",
    "c": "rtmp://" + "x" * 40 + "/live/channel",
    "d": "srt://例え.example:9000/配信/直播",
}


def rows(names: dict[str, str], width: int) -> str:
    """Return what stands in the first column, line by line."""
    console = Console(width=width, color_system=None)
    with console.capture() as captured:
        console.print(destination_table(names, {name: OutputStatistics() for name in names}, final=True))
    lines = captured.get().splitlines()
    assert all(len(line) <= width for line in lines)
    return "\n".join(line.split("  ")[0].rstrip() for line in lines[1:])


def test_an_address_breaks_at_its_slashes() -> None:
    assert rows({"a": NAMES["a"]}, 80) == "rtmp://127.0.0.1:19350/\nlive"
    assert rows({"a": NAMES["a"]}, 120) == NAMES["a"]


@pytest.mark.parametrize("width", [60, 70, 80, 100, 200])
def test_nothing_of_a_name_is_lost(width: int) -> None:
    assert rows(NAMES, width).replace("\n", "").replace(" ", "") == "".join(NAMES.values()).replace(" ", "")
