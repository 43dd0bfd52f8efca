"""Know how the life of the server before this one ended."""

from __future__ import annotations

from pathlib import Path

from castcore_core.runner.identity import Identity


class LifeMark:
    """A file that is there while an engine runs, and after one that was killed."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "engine.life"

    def begin(self) -> bool:
        """Put the mark; return whether this is a start in order: not the next one after a kill in the same boot."""
        boot = Identity.of(1).boot
        try:
            killed = self._path.read_text(encoding="ascii") == boot
        except (FileNotFoundError, UnicodeDecodeError):
            killed = False
        self._path.write_text(boot, encoding="ascii")
        return not killed

    def end(self) -> None:
        """Take the mark away. May be called twice."""
        self._path.unlink(missing_ok=True)
