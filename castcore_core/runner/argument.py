"""Fill in the places that a plan leaves open in its ffmpeg arguments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from castcore_core.runner.error import RunnerError
from castcore_core.runner.plan import Argument, Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """What stands in the open places of one process."""

    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    pipes: Mapping[str, int] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    seek: float | None = None
    """Seconds; None: from the beginning."""


def fill(arguments: Iterable[Argument], filling: Filling) -> list[str]:
    """Return the arguments as strings. Raise RunnerError (``runner.reference_unknown``)."""
    return [text for argument in arguments for text in _fill_one(argument, filling)]


def references(arguments: Iterable[Argument]) -> Iterator[Ref]:
    """Yield every open place."""
    for argument in arguments:
        for part in argument if isinstance(argument, tuple) else (argument,):
            if isinstance(part, Ref):
                yield part


def _fill_one(argument: Argument, filling: Filling) -> list[str]:
    if isinstance(argument, str):
        return [argument]
    if isinstance(argument, tuple):
        return ["".join(part if isinstance(part, str) else _value(part, filling) for part in argument)]
    if argument.kind == "seek":
        return [] if filling.seek is None else ["-ss", f"{filling.seek:.3f}"]
    return [_value(argument, filling)]


def _value(ref: Ref, filling: Filling) -> str:
    try:
        if ref.kind == "secret":
            return filling.secrets[ref.name]
        if ref.kind == "pipe":
            return f"pipe:{filling.pipes[ref.name]}"
        if ref.kind == "value":
            return filling.values[ref.name]
    except KeyError:
        pass
    raise RunnerError("runner.reference_unknown", {"kind": ref.kind, "name": ref.name})
