"""Whether the server can do its work, and what keeps it from it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

from castcore_sdk.errors import CastCoreError

Check = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check; ``code`` is empty where all is well."""

    name: str
    status: Literal["ok", "failed"]
    code: str = ""
    params: dict[str, str | int | float | bool] = field(default_factory=dict)


class Health:
    """Checks by name; features add theirs while the server starts."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}

    def add(self, name: str, check: Check) -> None:
        """Ask ``check`` from now on; it raises a CastCoreError where something is wrong, within 2 s."""
        self._checks[name] = check

    async def examine(self) -> list[Finding]:
        """Run all checks side by side."""
        return list(await asyncio.gather(*(_run(name, check) for name, check in sorted(self._checks.items()))))


async def _run(name: str, check: Check) -> Finding:
    try:
        await check()
    except CastCoreError as error:
        return Finding(name, "failed", error.code, dict(error.params))
    return Finding(name, "ok")
