"""What became of each plugin, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Scalar = str | int | float | bool


class PluginState(StrEnum):
    """The six ends of loading a plugin; every one but `LOADED` carries a reason."""

    LOADED = "loaded"
    DISABLED = "disabled"
    INCOMPATIBLE = "incompatible"
    FAILED = "failed"
    QUARANTINED = "quarantined"
    LEFT_OUT = "left_out"


@dataclass(frozen=True, slots=True)
class Reason:
    """A code of the catalogue with its parameters; ``detail`` is for developers and never translated."""

    code: str
    params: Mapping[str, Scalar] = field(default_factory=dict)
    detail: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return a value that `json` can write."""
        return {"code": self.code, "params": dict(self.params), "detail": self.detail}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Reason:
        """Read what `to_json` wrote. Raises KeyError or TypeError on anything else."""
        return cls(str(value["code"]), dict(value["params"]), str(value["detail"]))


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a plugin is not loaded."""

    state: PluginState
    reason: Reason


class LoadError(Exception):
    """A plugin cannot be loaded; ``reason`` says why and ``faults`` lists everything that was found."""

    def __init__(self, *faults: Reason) -> None:
        super().__init__(faults[0].code)
        self.reason = faults[0]
        self.faults = faults
