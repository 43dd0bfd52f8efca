"""Bring one plugin into this process."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from castcore_core.plugins.breadcrumb import Breadcrumb, Trail
from castcore_core.plugins.contract import Inspection, inspect_module
from castcore_core.plugins.crash import LOADING
from castcore_core.plugins.importing import import_plugin
from castcore_core.plugins.state import LoadError

_POLITE = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def load_module(trail: Trail, plugin: str, module: str) -> Inspection:
    """Import ``module`` and collect what it registers. Raises LoadError.

    A breadcrumb says which plugin is being loaded in case the process dies of it.
    """
    crumb = Breadcrumb(plugin, "", LOADING)
    with trail.inside(crumb), _polite_end(trail):
        inspection = inspect_module(import_plugin(module), plugin)
    if inspection.faults:
        raise LoadError(*inspection.faults)
    return inspection


@contextmanager
def _polite_end(trail: Trail) -> Iterator[None]:
    """Let somebody end the process while a plugin loads, without the plugin being blamed for it.

    Only default handlers are replaced: a server that has its own ends in good order anyway. A real Ctrl-C is raised
    after the block, since a plugin that raises `KeyboardInterrupt` looks the same in it.
    """
    pressed = False

    def end(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        if number == signal.SIGINT:
            pressed = True
            raise KeyboardInterrupt
        trail.finish()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    replaced: dict[signal.Signals, Callable[[int, FrameType | None], Any] | int | None] = {}
    if threading.current_thread() is threading.main_thread():
        for number in _POLITE:
            if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                replaced[number] = signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in replaced.items():
            signal.signal(number, handler)
    if pressed:
        raise KeyboardInterrupt
