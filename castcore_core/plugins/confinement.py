"""Run plugin code so that it can raise, swallow or block what it likes and the host still knows where it is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Generator
from dataclasses import dataclass
from typing import Any

from castcore_core.plugins.breadcrumb import Breadcrumb, Trail

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What plugin code returned or raised; ``error`` may be any `BaseException`."""

    value: Any = None
    error: BaseException | None = None


def run(trail: Trail, crumb: Breadcrumb, function: Callable[[], Any]) -> Outcome:
    """Call a plain function of a plugin."""
    trail.enter(crumb)
    try:
        return Outcome(value=function())
    except BaseException as error:  # SystemExit and KeyboardInterrupt of a plugin must not end the host
        return Outcome(error=error)
    finally:
        trail.leave()


class Confinement:
    """Await a coroutine function of a plugin, step by step.

    Each step leaves a breadcrumb, so what blocks the event loop is known exactly. `SystemExit` ends up in the outcome
    and not in the loop. Once `abandon` was called, the next cancellation ends it whatever the plugin does.
    """

    def __init__(self, trail: Trail, crumb: Breadcrumb, function: Callable[[], Awaitable[Any]]) -> None:
        self.crumb = crumb
        self._trail = trail
        self._function = function
        self._abandoned = False

    def abandon(self) -> None:
        """End the plugin's coroutine at the next cancellation, even if it swallowed earlier ones."""
        self._abandoned = True

    def __await__(self) -> Generator[Any, Any, Outcome]:
        """Return the outcome. Raises CancelledError only where the host cancelled."""
        coroutine = _invoke(self._function)
        thrown: BaseException | None = None
        cancelled = False
        while True:
            self._trail.enter(self.crumb)
            try:
                waiting = coroutine.send(None) if thrown is None else coroutine.throw(thrown)
            except StopIteration as stop:
                return Outcome(value=stop.value)
            except asyncio.CancelledError as error:
                if cancelled:
                    raise
                return Outcome(error=error)
            except BaseException as error:
                return Outcome(error=error)
            finally:
                self._trail.leave()
            thrown = None
            try:
                yield waiting
            except GeneratorExit:
                self._close(coroutine)
                raise
            except BaseException as error:
                cancelled = cancelled or isinstance(error, asyncio.CancelledError)
                if self._abandoned:
                    self._close(coroutine)
                    raise
                thrown = error

    def _close(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        outcome = run(self._trail, self.crumb, coroutine.close)
        if outcome.error is not None:
            _log.warning(
                "plugin %s: %s raised %s when it was ended",
                self.crumb.plugin,
                self.crumb.method,
                type(outcome.error).__name__,
            )


async def _invoke(function: Callable[[], Awaitable[Any]]) -> Any:
    return await function()
