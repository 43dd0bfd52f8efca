"""What an operator sees while a stream runs: a table on a terminal, plain lines elsewhere, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from rich.live import Live
from rich.markup import escape
from rich.table import Table

from castcore_core.cli.address import Address
from castcore_core.cli.message import console, say, show_problem, text_of, write
from castcore_core.runner.event import JobState, LogLine, Notice, OutputState, OutputStatistics, Progress, SourceState

if TYPE_CHECKING:
    from castcore_core.runner.event import Event

_COLOURS = {
    "up": "green",
    "running": "green",
    "connecting": "cyan",
    "starting": "cyan",
    "reconnecting": "yellow",
    "fallback": "yellow",
    "lost": "yellow",
    "failed": "red",
    "never_up": "red",
    "ended": "green",
}


class Display(Protocol):
    """Shows a run."""

    def show(self, event: Event) -> None:
        """Take in one event."""

    def close(self) -> None:
        """Leave the terminal as it was."""


class JsonDisplay:
    """One event a line on standard output."""

    def show(self, event: Event) -> None:
        """Print the event."""
        print(json.dumps({"event": event.to_json()}), flush=True)  # noqa: T201

    def close(self) -> None:
        """Nothing is open."""


class LineDisplay:
    """A line for each change of state, with its reason; for pipes, files and logs."""

    def __init__(self, names: Mapping[str, str], *, verbose: bool = False) -> None:
        self._names = names
        self._verbose = verbose
        self._told: dict[str, tuple[str, str]] = {}

    def show(self, event: Event) -> None:
        """Print what a person wants to know of the event."""
        match event:
            case JobState():
                self._line(say("stream"), event.state, event.code, event.params)
            case SourceState():
                self._line(say("source"), event.state, event.code, event.params, event.retry_in)
            case OutputState():
                self._output(event)
            case Notice():
                show_problem(event.code, event.params, level="info")
            case LogLine() if self._verbose:
                write(f"[dim]{event.source}: {escape(event.line)}[/dim]")

    def close(self) -> None:
        """Nothing is open."""

    def _output(self, event: OutputState) -> None:
        """Say once that a destination is gone and why, and once that it is back, not each attempt between."""
        known = self._told.get(event.output)
        now = (event.state, event.code)
        if known == now or (known and known[0] == "reconnecting" and event.state == "connecting"):
            return
        self._told[event.output] = now
        name = self._names.get(event.output, event.output)
        code, params = ("", {}) if event.state == "ended" else (event.code, event.params)
        self._line(name, event.state, code, params, event.retry_in)

    def _line(
        self, name: str, state: str, code: str, params: Mapping[str, object], retry_in: float | None = None
    ) -> None:
        colour = _COLOURS.get(state, "white")
        clock = datetime.now(tz=UTC).astimezone().strftime("%H:%M:%S")
        line = f"[dim]{clock}[/dim] {escape(name)}: [{colour}]{say('state_' + state)}[/{colour}]"
        if retry_in is not None:
            line += " " + say("retry_in", seconds=f"{retry_in:.0f}")
        if code:
            text = text_of(code, params)
            line += f" · {escape(text.message)} [dim]({escape(code)})[/dim]"
            if text.remedy and state in ("failed", "reconnecting"):
                line += f"\n         {escape(text.remedy)}"
        write(line)


class TableDisplay(LineDisplay):
    """The same lines, above a table of the destinations that is redrawn in place."""

    def __init__(self, names: Mapping[str, str], *, verbose: bool = False) -> None:
        super().__init__(names, verbose=verbose)
        self._progress = Progress()
        self._live = Live(console=console(), auto_refresh=False, transient=True)
        self._live.start()

    def show(self, event: Event) -> None:
        """Print changes and redraw the table with the last figures."""
        if isinstance(event, Progress):
            self._progress = event
            self._live.update(self._table(), refresh=True)
        else:
            super().show(event)

    def close(self) -> None:
        """Take the table away."""
        self._live.stop()

    def _table(self) -> Table:
        table = destination_table(self._names, self._progress.outputs)
        encoder = self._progress.encoder
        if encoder is not None and encoder.speed is not None:
            table.caption = say("encoder_line", fps=f"{encoder.fps or 0:.0f}", speed=f"{encoder.speed:.2f}")
            table.caption_justify = "left"
        return table


def destination_table(
    names: Mapping[str, str], outputs: Mapping[str, OutputStatistics], *, final: bool = False
) -> Table:
    """Return one row per destination; ``final`` shows totals instead of what happens now."""
    table = Table(box=None, pad_edge=False)
    # The one column that may wrap: where a terminal is narrow, figures stay whole.
    table.add_column(say("column_destination"), min_width=20)
    table.add_column(say("column_state"), no_wrap=True)
    last = ("sessions",) if final else ("rate", "waiting")
    for column in ("on_air", "sent", *last, "dropped", "reconnects"):
        table.add_column(say(f"column_{column}"), justify="right", no_wrap=True)
    for output, name in names.items():
        one = outputs.get(output) or OutputStatistics()
        state = _final_state(one) if final else one.state
        now = (str(one.sessions),) if final else (f"{one.bitrate / 1000:.1f} Mbit/s", f"{one.queue_ms} ms")
        table.add_row(
            Address(name),
            f"[{_COLOURS.get(state, 'white')}]{say('state_' + state)}[/]",
            clock(one.seconds),
            size(one.bytes),
            *now,
            str(one.dropped_tags),
            str(one.reconnects),
        )
    return table


def _final_state(one: OutputStatistics) -> str:
    """Return how a destination ended: never up, down at the end, or in order."""
    if one.sessions == 0:
        return "never_up"
    return "failed" if one.code else "ended"


def clock(seconds: float) -> str:
    """Return seconds as ``HH:MM:SS``."""
    whole = round(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def size(count: int) -> str:
    """Return bytes in a unit that is easily read."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def choose(names: Mapping[str, str], *, as_json: bool, verbose: bool) -> Display:
    """Return the display that fits: nothing is redrawn where standard error is no terminal."""
    if as_json:
        return JsonDisplay()
    if sys.stderr.isatty() and console().is_terminal:
        return TableDisplay(names, verbose=verbose)
    return LineDisplay(names, verbose=verbose)
