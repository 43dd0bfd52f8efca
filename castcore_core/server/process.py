"""``castcore serve``: from the configuration to a served address, and to a clean stop within a second."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import ssl
from collections.abc import Callable, Iterable
from typing import Any

import structlog
import uvloop
from hypercorn.asyncio import serve as serve_hypercorn

from castcore_core.api.app import create_app
from castcore_core.api.gate import Gate
from castcore_core.config import Configuration
from castcore_core.core import Core
from castcore_core.feature import FEATURES, Feature
from castcore_core.server.life import live
from castcore_core.server.listen import BACKLOG, ListenConfig, address_of, bind, tls_context
from castcore_core.server.log import configure_log
from castcore_core.server.notify import keep_watchdog, notify

Ready = Callable[[str, Core], None]
"""Called once with the address when requests are answered."""

_log = structlog.get_logger(__name__)


def run_server(
    configuration: Configuration, ready: Ready, *, features: Iterable[Feature] = FEATURES, gate: Gate | None = None
) -> None:
    """Serve until SIGTERM or SIGINT; raises the CastCoreError of whatever keeps it from starting."""
    configure_log(configuration)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(configuration, ready, tuple(features), gate))


async def serve(
    configuration: Configuration, ready: Ready, features: tuple[Feature, ...], gate: Gate | None = None
) -> None:
    """Serve inside a running loop until the first stop signal; a second one changes nothing."""
    context = tls_context(configuration)
    with contextlib.closing(bind(configuration)) as bound:
        async with live(configuration, features=features) as core:
            loop = asyncio.get_running_loop()
            loop.set_exception_handler(_on_loop_fault)
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, _stop, core, number)
            app = create_app(core, features=features, gate=gate)
            listening = asyncio.create_task(
                serve_hypercorn(app, ListenConfig(bound, context), shutdown_trigger=core.stopping.wait)
            )
            watchdog = asyncio.create_task(keep_watchdog())
            try:
                # From here on callers wait in the backlog for a moment, and are not refused.
                bound.listen(BACKLOG)
                ready(address_of(configuration, bound), core)
                notify("READY=1")
                await listening
            finally:
                core.stopping.set()
                notify("STOPPING=1")
                watchdog.cancel()
                await asyncio.gather(listening, watchdog, return_exceptions=True)
                for number in (signal.SIGTERM, signal.SIGINT):
                    loop.remove_signal_handler(number)
    _log.info("stopped")


def _on_loop_fault(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    # A client that breaks off its TLS handshake, and one that is cut off at the stop, are no faults of ours.
    if not isinstance(error, ssl.SSLError | asyncio.CancelledError):
        _log.error("fault in the event loop", reason=context.get("message"), exc_info=error)


def _stop(core: Core, number: signal.Signals) -> None:
    if not core.stopping.is_set():
        _log.info("stopping", signal=number.name)
        core.stopping.set()
