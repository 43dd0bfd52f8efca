"""Take known secrets out of text by value: patterns miss, values do not."""

from __future__ import annotations

import re
from urllib.parse import quote, quote_plus

_HIDDEN = "••••"
_LEAST = 4


class Scrubber:
    """Remember secret values and replace each of them in any text; shorter than four characters is not remembered."""

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def add(self, secret: str) -> None:
        """Remember ``secret``, also as it looks inside a URL; may be called again."""
        if len(secret) < _LEAST or secret in self._values:
            return
        self._values |= {secret, quote(secret, safe=""), quote(secret), quote_plus(secret)}
        self._pattern = None

    def scrub(self, text: str) -> str:
        """Return ``text`` without any remembered value."""
        if not self._values:
            return text
        if self._pattern is None:
            # Longest first, so that a secret that contains another leaves nothing of itself behind.
            ordered = sorted(self._values, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, ordered)))
        return self._pattern.sub(_HIDDEN, text)


scrubber = Scrubber()
"""The process's own: every secret that the key ring opens is remembered here."""
