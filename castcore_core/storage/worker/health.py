"""How the storage behind a worker does, as its latest calls have shown."""

from __future__ import annotations

import time
from collections.abc import Callable

from castcore_sdk import AuthenticationError, CastCoreError, ConfigurationError, TemporaryError


class Health:
    """What the last call that tells something has come to."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self.error: CastCoreError | None = None
        """None: all is well."""
        self.known = False
        """Whether the storage was ever spoken to."""
        self.is_hung = False
        """A call did not come back, and no other one has since it began: nothing may ever come back."""
        self._on_change = on_change
        self._well = 0.0

    def note(self, error: CastCoreError | None) -> None:
        """Remember the end of a call; an error about one file says that the storage itself is there."""
        if not _tells(error):
            error = None
            self._well = time.monotonic()
        before = (self.known, self.error.code if self.error else None)
        self.known, self.error = True, error
        if before != (True, error.code if error else None):
            self._on_change()

    def hung(self, begun: float) -> None:
        """Note that a call of the time ``begun`` was given up."""
        if self._well < begun and not self.is_hung:
            self.is_hung = True
            self._on_change()


def _tells(error: CastCoreError | None) -> bool:
    if error is None or (error.code.startswith("storage.") and error.code != "storage.timeout"):
        return False
    return isinstance(error, TemporaryError | AuthenticationError | ConfigurationError)
