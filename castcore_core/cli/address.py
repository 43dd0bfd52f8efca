"""A name or an address in a narrow column."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

_PARTS = re.compile(r"[^/?&\s]*[/?&\s]*")
"""What ends where a line may: after slashes, and what else separates the parts of an address."""


@dataclass(frozen=True, slots=True)
class Address:
    """Breaks at its slashes; only a part that is wider than the column is cut within."""

    text: str

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Return the widths from the widest part to one line."""
        widest = max(cell_len(part.rstrip()) for part in _PARTS.findall(self.text))
        return Measurement(widest, cell_len(self.text)).with_maximum(options.max_width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield its lines."""
        lines = [""]
        for part in _PARTS.findall(self.text):
            if lines[-1] and cell_len(lines[-1] + part.rstrip()) > options.max_width:
                lines.append("")
            lines[-1] += part
        yield Text("\n".join(line.rstrip() for line in lines), overflow="fold")
