"""Take secrets out of anything that leaves the runner, by value."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "••••"
_SHORTEST = 4


class Scrubber:
    """Replaces each secret, as it is or percent-encoded. Secrets under 4 characters are too common to be found."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._pattern: re.Pattern[str] | None = None
        self._known: set[str] = set()
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Hide these as well from now on."""
        for secret in secrets:
            for part in (secret, *secret.split("?", 1)):
                self._known |= {form for form in _forms(part) if len(form) >= _SHORTEST}
        if self._known:
            longest_first = sorted(self._known, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def text(self, text: str) -> str:
        """Return ``text`` without a secret in it."""
        return self._pattern.sub(MASK, text) if self._pattern else text

    def value(self, value: Any) -> Any:
        """Return JSON values without a secret in any of their strings."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {name: self.value(item) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in value]
        return value


def _forms(secret: str) -> set[str]:
    escaped = secret.encode("unicode_escape").decode("ascii")
    return {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), escaped}
