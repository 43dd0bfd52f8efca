"""Figures as the reader's language writes them; ``webui/src/text.ts`` has the same rules for the scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

NAMES = frozenset({"code", "first", "id", "index", "last", "line", "number", "pid", "port", "status", "track", "year"})
"""Placeholders whose whole numbers name something: a port is written 12049, not 12,049."""

_BYTES = ("B", "kB", "MB", "GB", "TB")
_BITS = ("bit/s", "kbit/s", "Mbit/s", "Gbit/s")
_GERMAN = str.maketrans(",.", ".,")


@dataclass(frozen=True, slots=True)
class Figures:
    """Write numbers in one language."""

    language: str

    def count(self, value: float, digits: int = 3) -> str:
        """Return 1,234.5 in English and 1.234,5 in German, with at most ``digits`` decimals."""
        text = f"{round(value, digits):,.{digits}f}" if isinstance(value, float) else f"{value:,}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return text.translate(_GERMAN) if self.language == "de" else text

    def rate(self, fraction: str) -> str:
        """Return a frame rate that is kept as a fraction, 30000/1001, as 29.97."""
        return self.count(float(Fraction(fraction)), 2)

    def bytes(self, value: float) -> str:
        """Return a size in decimal units: 1.4 MB."""
        return self._scaled(value, _BYTES)

    def bitrate(self, value: float) -> str:
        """Return a rate in bits per second: 2.5 Mbit/s."""
        return self._scaled(value, _BITS)

    def length(self, seconds: float) -> str:
        """Return how long something lasts: 0:07, 4:05:06 or 3 d 04:05."""
        whole = max(0, round(seconds))
        days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
        if days:
            return f"{days} d {hours:02}:{minutes:02}"
        return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"

    def within(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of a sentence, its numbers written out."""
        return {name: self._value(name, value) for name, value in params.items()}

    def _value(self, name: str, value: Any) -> Any:
        figure = isinstance(value, float) or (
            isinstance(value, int) and not isinstance(value, bool) and name not in NAMES
        )
        return self.count(value) if figure else value

    def _scaled(self, value: float, units: tuple[str, ...]) -> str:
        at = 0
        while value >= 1000 and at < len(units) - 1:
            value, at = value / 1000, at + 1
        return f"{self.count(float(value), 1 if at and value < 100 else 0)} {units[at]}"
