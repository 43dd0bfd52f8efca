"""The data folder: its rooms, and that nobody else reads in it."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from castcore_sdk.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class DataFolder:
    """Paths inside the data folder; :meth:`prepare` creates them."""

    root: Path
    ROOMS: ClassVar[tuple[str, ...]] = ("run", "logs", "media", "backups")

    @property
    def run(self) -> Path:
        """Sockets, locks and journals of the runners."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """Logs of the jobs."""
        return self.root / "logs"

    @property
    def media(self) -> Path:
        """Media that operators may use by path."""
        return self.root / "media"

    @property
    def backups(self) -> Path:
        """Backups, also the ones made before a migration."""
        return self.root / "backups"

    def prepare(self) -> None:
        """Create the folder and its rooms for the owner alone, and close what is open to others; may be called again.

        Raises ConfigurationError (``configuration.data_dir_unusable``) with the path and the kind of fault.
        """
        for folder in (self.root, *(self.root / room for room in self.ROOMS)):
            try:
                folder.mkdir(mode=0o700, parents=folder is self.root, exist_ok=True)
                if stat.S_IMODE(folder.stat().st_mode) & 0o077:
                    folder.chmod(0o700)
                probe = folder / ".writable"
                probe.touch(mode=0o600)
                probe.unlink(missing_ok=True)
            except OSError as error:
                raise ConfigurationError(
                    "configuration.data_dir_unusable",
                    field="data_dir",
                    params={"path": str(folder), "reason": error.strerror or type(error).__name__},
                ) from None
