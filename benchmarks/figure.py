"""One measured figure, the table of them, and ``results.json``."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

RESULTS = Path(__file__).with_name("results.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """``value`` in ``unit``, beside the ``reference`` measured in the same run, and the ``bound`` it must keep."""

    name: str
    """What is measured, from what to what."""
    value: float
    unit: str
    reference: float | None = None
    reference_name: str = ""
    bound: float | None = None
    sense: Literal["max", "min"] = "max"
    """``max``: the value must not be above the bound; ``min``: not below."""

    @property
    def holds(self) -> bool | None:
        """Say whether the bound is kept; None where there is none."""
        if self.bound is None:
            return None
        return self.value <= self.bound if self.sense == "max" else self.value >= self.bound


def machine() -> str:
    """Return processor, cores and kernel in words."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}"


def commit() -> str:
    """Return the commit that is measured, marked where the tree differs from it."""
    said = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return said.stdout.strip() or "unknown"


def write(figures: list[Figure]) -> None:
    """Write ``results.json``."""
    shared = {"commit": commit(), "machine": machine()}
    RESULTS.write_text(json.dumps([{**asdict(one), "holds": one.holds, **shared} for one in figures], indent=2) + "\n")


def show(figures: list[Figure]) -> None:
    """Print the table."""
    from rich.console import Console
    from rich.table import Table

    table = Table("measured", "value", "reference of the same run", "bound", "holds")
    for one in figures:
        sign = "≤" if one.sense == "max" else "≥"
        reference = "" if one.reference is None else f"{one.reference:.3g} {one.unit} ({one.reference_name})"
        verdict = {True: "[green]yes[/green]", False: "[red]NO[/red]", None: ""}[one.holds]
        bound = "" if one.bound is None else f"{sign} {one.bound:g} {one.unit}"
        table.add_row(one.name, f"{one.value:.3g} {one.unit}", reference, bound, verdict)
    terminal = Console(width=max(120, Console().width))
    terminal.print(table)
    terminal.print(f"{machine()}; commit {commit()}; written to {RESULTS.relative_to(Path.cwd())}")
