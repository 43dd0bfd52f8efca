"""Judge how earlier processes died: whose fault, and whether to start in safe mode.

A death counts where the process was loading a plugin, stood still or crashed in one, or was young (60 s by default).
A healthy process that is killed later counts for nothing, even while a plugin's thread is busy.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from castcore_core.plugins.breadcrumb import Breadcrumb, Remains, remains, trace_file
from castcore_core.plugins.standing import Standing, StandingFile
from castcore_core.plugins.state import Reason

WINDOW = 300.0
CRASHES = 3
LOADING = "load"

_FATAL_THREAD = re.compile(r"^Current thread 0x([0-9a-f]+).*\n((?:  .*\n?)*)", re.MULTILINE)
_FATAL_FILE = re.compile(r'^  File "([^"]+)"', re.MULTILINE)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Death:
    """How one process died; ``certain`` is False where being killed from outside looks the same."""

    plugin: str
    method: str = ""
    certain: bool = True


def judge(left: Remains, *, owner: Callable[[str], str | None]) -> Death | None:
    """Return what ``left`` says, None where it counts for nothing. ``owner`` finds the plugin of a source file."""
    if left.trace.startswith("Fatal"):
        if named := _fatal(left, owner):
            return named
    elif left.trace.startswith("Timeout") and (crumb := _holding(left)):
        return Death(crumb.plugin, crumb.method)
    if left.blocked:
        return Death(left.blocked.plugin, left.blocked.method)
    in_loop = next((crumb for thread, crumb in left.running if thread == left.main_thread), None)
    if in_loop:
        return Death(in_loop.plugin, in_loop.method, certain=in_loop.method == LOADING)
    return Death("") if left.early else None


def account(folder: Path, memory: StandingFile, *, owner: Callable[[str], str | None] = lambda file: None) -> bool:
    """Settle all deaths that life files in ``folder`` tell of; say whether to start in safe mode.

    A named plugin is quarantined alone. A suspicion does so when it repeats within `WINDOW` seconds. Deaths without a
    name lead to safe mode at the third within that time.
    """
    safe = False

    def edit(standing: Standing) -> None:
        nonlocal safe
        now = time.time()
        standing.crashes = [crash for crash in standing.crashes if 0 <= now - crash[0] < WINDOW]
        standing.suspects = [crash for crash in standing.suspects if 0 <= now - crash[0] < WINDOW]
        nameless = len(_nameless(standing))
        for life in sorted(folder.glob("*.life")):
            left = remains(life)
            if left is None:
                continue
            if death := judge(left, owner=owner):
                _count(standing, death, left, now)
            trace_file(life).unlink(missing_ok=True)
            life.unlink(missing_ok=True)
        found = len(_nameless(standing))
        safe = found >= CRASHES and found > nameless

    if any(folder.glob("*.life")):
        memory.change(edit)
    return safe


def _nameless(standing: Standing) -> list[float]:
    return [at for at, plugin in standing.crashes if not plugin]


def _count(standing: Standing, death: Death, left: Remains, now: float) -> None:
    _log.warning("an earlier process died, plugin %r, %r\n%s", death.plugin, death.method, left.trace)
    if death.plugin and not death.certain:
        standing.suspects.append((now, death.plugin))
        if sum(plugin == death.plugin for _, plugin in standing.suspects) < 2:
            return
    standing.crashes.append((now, death.plugin))
    if death.plugin:
        params = {"plugin": death.plugin, "method": death.method}
        standing.quarantined[death.plugin] = Reason("plugins.crashed", params, left.trace[:4000])


def _fatal(left: Remains, owner: Callable[[str], str | None]) -> Death | None:
    """Find the plugin in what `faulthandler` wrote: by the thread's breadcrumb, else by the files of its stack."""
    found = _FATAL_THREAD.search(left.trace)
    if found is None:
        return None
    thread = int(found[1], 16)
    if crumb := next((crumb for ident, crumb in left.running if ident == thread), None):
        return Death(crumb.plugin, crumb.method)
    plugins = (owner(file) for file in _FATAL_FILE.findall(found[2]))
    plugin = next((plugin for plugin in plugins if plugin), None)
    return Death(plugin) if plugin else None


def _holding(left: Remains) -> Breadcrumb | None:
    """Return who holds the interpreter lock: the call in the loop, else the only one in a thread."""
    if in_loop := next((crumb for thread, crumb in left.running if thread == left.main_thread), None):
        return in_loop
    return left.running[0][1] if len(left.running) == 1 else None
