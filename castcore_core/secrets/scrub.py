"""Take known secrets out of text by value: patterns miss, values do not."""

from __future__ import annotations

import re
from collections import OrderedDict
from urllib.parse import quote, quote_plus

_HIDDEN = "••••"
_LEAST = 4
_MOST_PASSING = 200
"""Secrets that others replace: access tokens come every hour, and each makes the pattern longer."""


class Scrubber:
    """Remember secret values and replace each of them in any text; shorter than four characters is not remembered."""

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._passing: OrderedDict[str, None] = OrderedDict()
        self._pattern: re.Pattern[str] | None = None

    def add(self, secret: str, *, passing: bool = False) -> None:
        """Remember ``secret``, also as it looks inside a URL; may be called again.

        ``passing``: others will take its place, so it is forgotten once 200 of its kind were used after it.
        """
        if len(secret) < _LEAST or secret in self._values:
            return
        if not passing:
            self._values |= _forms(secret)
        elif secret in self._passing:
            self._passing.move_to_end(secret)
            return
        else:
            self._passing[secret] = None
            if len(self._passing) > _MOST_PASSING:
                self._passing.popitem(last=False)
        self._pattern = None

    def scrub(self, text: str) -> str:
        """Return ``text`` without any remembered value."""
        if not (self._values or self._passing):
            return text
        if self._pattern is None:
            # Longest first, so that a secret that contains another leaves nothing of itself behind.
            ordered = sorted(self._values.union(*map(_forms, self._passing)), key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, ordered)))
        return self._pattern.sub(_HIDDEN, text)


def _forms(secret: str) -> set[str]:
    return {secret, quote(secret, safe=""), quote(secret), quote_plus(secret)}


scrubber = Scrubber()
"""The process's own: every secret that the key ring opens is remembered here."""
