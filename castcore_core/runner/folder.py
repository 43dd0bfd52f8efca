"""The run folder: where runners are found."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from castcore_core.runner.error import RunnerError

_PRIVATE = 0o700


class RunFolder:
    """A folder that is ours alone (0700), held open so that long paths do no harm to sockets (107 bytes at most)."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Open the folder. Raise RunnerError (``runner.folder_unsafe``) for one that others may enter."""
        try:
            if create:
                path.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
            self.fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise RunnerError("runner.folder_unsafe", {"folder": str(path)}, error.strerror or "") from error
        status = os.fstat(self.fd)
        if status.st_uid != os.getuid() or stat.S_IMODE(status.st_mode) & ~_PRIVATE:
            self.close()
            raise RunnerError("runner.folder_unsafe", {"folder": str(path)}, "owner or mode")
        self.path = path

    def address(self, name: str) -> str:
        """Return the path under which a socket of this folder is bound or connected."""
        return f"/proc/self/fd/{self.fd}/{name}" if sys.platform == "linux" else str(self.path / name)

    def close(self) -> None:
        """Let the folder go. May be called twice."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
