"""The secrets of a plan, by name."""

from __future__ import annotations

from collections.abc import Mapping


class SecretBook:
    """Collects secrets while a plan is made and says whether one has to stand in an argument list."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.in_argv = False

    def add(self, name: str, value: str | None) -> str | None:
        """Keep ``value`` and return the name to refer to it by; None for no value."""
        if not value:
            return None
        self.values[name] = value
        return name

    def take(self, values: Mapping[str, str], *, in_argv: bool) -> None:
        """Keep several; ``in_argv``: ffmpeg is told them on its command line, for want of another way."""
        self.values.update(values)
        self.in_argv = self.in_argv or (in_argv and bool(values))

    def __repr__(self) -> str:
        return f"SecretBook({sorted(self.values)})"
