"""Show arguments to people, secrets masked."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from castcore_core.runner.plan import Argument, Ref

MASK = "••••"


def preview(arguments: Sequence[Argument]) -> list[str]:
    """Return the arguments as ffmpeg would get them at its first start, open places named, secrets masked."""
    shown = []
    for argument in arguments:
        if argument == Ref(kind="seek"):
            continue
        parts = argument if isinstance(argument, tuple) else (argument,)
        shown.append("".join(part if isinstance(part, str) else _shown(part) for part in parts))
    return shown


def shell_line(program: str, arguments: Sequence[Argument]) -> str:
    """Return the preview as one line that a shell would read alike, but for what is masked."""
    return shlex.join([program, *preview(arguments)])


def _shown(ref: Ref) -> str:
    if ref.kind == "secret":
        return MASK
    if ref.kind == "pipe":
        return f"pipe:<{ref.name}>"
    return "" if ref.name == "part" else f"<{ref.name}>"
