"""Keep what an installation replaces, so that it can be brought back, also after a kill half-way."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

from castcore_core.plugins import jsonfile
from castcore_core.plugins.installer.plan import Change

_JOURNAL = "journal.json"


@dataclass(frozen=True, slots=True)
class Keeping:
    """Files and a journal in ``folder`` of the data folder; there is a journal while an installation is under way."""

    folder: Path
    prefix: Path

    @property
    def pending(self) -> tuple[Change, ...]:
        """Return the changes of an installation that was never finished; none where there is none."""
        value = jsonfile.read(self.folder / _JOURNAL)
        try:
            return tuple(Change(**each) for each in value["changes"]) if value else ()
        except (KeyError, TypeError):
            return ()

    @property
    def under_way(self) -> bool:
        """Tell whether an installation is under way, or was killed and not yet taken back."""
        return (self.folder / _JOURNAL).exists()

    def begin(self, changes: Iterable[Change], present: dict[str, Distribution]) -> None:
        """Copy the files of everything that will be replaced or removed. Raises OSError."""
        self.end()
        changes = tuple(changes)
        for change in changes:
            if change.before and change.name in present:
                for file in self._files(present[change.name]):
                    kept = self.folder / change.name / file.relative_to(self.prefix)
                    kept.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(file, kept, follow_symlinks=False)
        journal: dict[str, Any] = {"changes": [change.to_json() for change in changes]}
        jsonfile.write(self.folder / _JOURNAL, journal, sync=True)

    def restore(self, name: str) -> bool:
        """Put the files of ``name`` back; say whether there were any. Raises OSError."""
        kept = self.folder / name
        if not kept.is_dir():
            return False
        shutil.copytree(kept, self.prefix, symlinks=True, dirs_exist_ok=True)
        return True

    def end(self) -> None:
        """Forget everything: the installation is finished, or was taken back."""
        (self.folder / _JOURNAL).unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _files(self, each: Distribution) -> Iterator[Path]:
        for file in each.files or ():
            path = Path(str(each.locate_file(file))).resolve()
            if path.is_relative_to(self.prefix.resolve()) and path.is_file():
                yield self.prefix / path.relative_to(self.prefix.resolve())
