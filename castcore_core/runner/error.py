"""What can go wrong in a runner, as codes that a user can read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Param = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that went wrong: a code of the catalogues, its parameters, and words for the log."""

    code: str
    params: Mapping[str, Param] = field(default_factory=dict)
    detail: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the problem as JSON values."""
        return {"code": self.code, "params": dict(self.params), "detail": self.detail}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Problem:
        """Read what `to_json` wrote."""
        return cls(str(data["code"]), dict(data.get("params") or {}), str(data.get("detail", "")))


class RunnerError(Exception):
    """A runner, or the way to one, failed; carries ``code``, ``params`` and ``detail``."""

    def __init__(self, code: str, params: Mapping[str, Param] | None = None, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.params: dict[str, Param] = dict(params or {})
        self.detail = detail

    @property
    def problem(self) -> Problem:
        """Return the same as a value that events can carry."""
        return Problem(self.code, self.params, self.detail)


def problem_of(error: BaseException) -> Problem:
    """Return any exception as a problem; one without a code becomes ``runner.internal``."""
    code = getattr(error, "code", None)
    if isinstance(code, str):
        return Problem(code, dict(getattr(error, "params", {})), str(getattr(error, "detail", "")))
    return Problem("runner.internal", {"error": type(error).__name__}, str(error))
