"""What is remembered about plugins between starts: switched off, in quarantine, who had an id, recent crashes."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from castcore_core.plugins import jsonfile
from castcore_core.plugins.offer import BUILTIN
from castcore_core.plugins.state import Reason
from castcore_sdk import ConfigurationError


@dataclass(slots=True)
class Standing:
    """The memory; ``owners`` maps an id to the distribution that had it first, in order of appearance.

    ``crashes`` are pairs of time (seconds since the epoch) and plugin id, empty where no plugin was named.
    ``suspects`` are the same for plugins that were seen in a death that may have had another cause. ``revision`` grows
    with every change, so that a running server notices what a command has done.
    """

    disabled: set[str] = field(default_factory=set)
    quarantined: dict[str, Reason] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    crashes: list[tuple[float, str]] = field(default_factory=list)
    suspects: list[tuple[float, str]] = field(default_factory=list)
    revision: int = 0

    def forgive(self, plugin: str) -> None:
        """Take ``plugin`` out of quarantine and off the list of suspects."""
        self.quarantined.pop(plugin, None)
        self.suspects = [(at, name) for at, name in self.suspects if name != plugin]


class StandingFile:
    """The memory on disk. A file that cannot be read is put aside and counts as empty."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "standing.json"
        self._lock = folder / "standing.lock"

    def read(self) -> Standing:
        """Return what is remembered."""
        value = jsonfile.read(self._file)
        try:
            return _parsed(value or {})
        except (KeyError, TypeError, ValueError, AttributeError):
            self._file.replace(self._file.with_suffix(f".bad-{int(time.time())}"))
            return Standing()

    def change(self, edit: Callable[[Standing], None]) -> Standing:
        """Apply ``edit`` and write, alone among all processes. Raises OSError where it cannot be written."""
        with self._alone():
            standing = self.read()
            edit(standing)
            standing.revision += 1
            jsonfile.write(self._file, _value(standing), sync=True)
        return standing

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def change_standing(memory: StandingFile, plugin: str, *, enabled: bool) -> Standing:
    """Remember that ``plugin`` is on or off; switching it on also ends a quarantine.

    Raises ConfigurationError ``plugins.builtin_fixed`` for the core's own, OSError where nothing can be written.
    """
    if plugin == BUILTIN:
        raise ConfigurationError("plugins.builtin_fixed")

    def edit(standing: Standing) -> None:
        if enabled:
            standing.disabled.discard(plugin)
            standing.forgive(plugin)
        else:
            standing.disabled.add(plugin)

    return memory.change(edit)


def _parsed(value: dict[str, Any]) -> Standing:
    return Standing(
        disabled={str(name) for name in value.get("disabled", [])},
        quarantined={str(k): Reason.from_json(v) for k, v in value.get("quarantined", {}).items()},
        owners={str(k): str(v) for k, v in value.get("owners", {}).items()},
        crashes=[(float(at), str(name)) for at, name in value.get("crashes", [])],
        suspects=[(float(at), str(name)) for at, name in value.get("suspects", [])],
        revision=int(value.get("revision", 0)),
    )


def _value(standing: Standing) -> dict[str, Any]:
    return {
        "disabled": sorted(standing.disabled),
        "quarantined": {name: reason.to_json() for name, reason in standing.quarantined.items()},
        "owners": standing.owners,
        "crashes": standing.crashes,
        "suspects": standing.suspects,
        "revision": standing.revision,
    }
