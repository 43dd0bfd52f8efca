"""Who acts right now, known to every service without being handed through."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

Kind = Literal["user", "token", "anonymous", "command", "system"]


@dataclass(frozen=True, slots=True)
class Caller:
    """The one who acts: ``id`` is the user's, ``address`` where the call comes from."""

    kind: Kind
    id: str | None = None
    name: str = ""
    address: str = ""


SYSTEM = Caller("system")
COMMAND = Caller("command")
"""The command line on the server's machine."""

_current: ContextVar[Caller] = ContextVar("caller", default=SYSTEM)


def caller() -> Caller:
    """Return who acts in this task; the server itself where nobody asked."""
    return _current.get()


def become(new: Caller) -> None:
    """Let ``new`` be the one who acts for the rest of this task; the gate does this for every request."""
    _current.set(new)


@contextmanager
def acting_as(new: Caller) -> Iterator[None]:
    """Let ``new`` be the one who acts inside the block."""
    token = _current.set(new)
    try:
        yield
    finally:
        _current.reset(token)
