"""One line of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from castcore_sdk import CastCoreError, CheckResult, Severity, TemporaryError

Level = Literal["green", "yellow", "red"]
Category = Literal["ffmpeg", "encoder", "source", "plan", "destination", "limits", "machine"]

_ORDER: tuple[Level, ...] = ("green", "yellow", "red")
_OF_SEVERITY: Mapping[Severity, Level] = {Severity.OK: "green", Severity.WARNING: "yellow", Severity.ERROR: "red"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What was found; ``blocking``: the job cannot run, whatever happens meanwhile."""

    code: str
    category: Category
    level: Level
    blocking: bool = False
    params: Mapping[str, str | int | float | bool] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the line as the API shows it."""
        return {
            "code": self.code,
            "category": self.category,
            "level": self.level,
            "blocking": self.blocking,
            "params": dict(self.params),
            "docs": f"reference/preflight.md#{self.category}",
        }


def ok(code: str, category: Category, **params: str | int | float | bool) -> Check:
    """Return a green line."""
    return Check(code=code, category=category, level="green", params=params)


def warn(code: str, category: Category, **params: str | int | float | bool) -> Check:
    """Return a yellow line."""
    return Check(code=code, category=category, level="yellow", params=params)


def stop(code: str, category: Category, **params: str | int | float | bool) -> Check:
    """Return a red line that keeps the job from starting."""
    return Check(code=code, category=category, level="red", blocking=True, params=params)


def of_error(error: CastCoreError, category: Category) -> Check:
    """Return the line of a failure: what may be over in a moment is yellow, what stays as it is blocks."""
    temporary = isinstance(error, TemporaryError)
    return Check(
        code=error.code,
        category=category,
        level="yellow" if temporary else "red",
        blocking=not temporary,
        params=error.params,
    )


def of_result(result: CheckResult, category: Category) -> Check:
    """Return the line of what a plugin or the planner says."""
    return Check(code=result.code, category=category, level=_OF_SEVERITY[result.severity], params=result.params)


def worst(checks: Sequence[Check]) -> Level:
    """Return the level of the whole."""
    return max((each.level for each in checks), key=_ORDER.index, default="green")
