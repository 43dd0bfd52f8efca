"""The server's log: one line per event on standard error, for people or as JSON, without any known secret."""

from __future__ import annotations

import logging
import sys
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from castcore_core.config import Configuration
from castcore_core.secrets import scrubber

# Their lines at lower levels hold SQL values and one line per connection.
_QUIET = ("aiosqlite", "asyncio", "asyncpg", "httpcore2", "httpx2", "hypercorn", "quart", "tortoise")

# Without the frames' variables: they hold headers, bodies and keys.
_TRACEBACK = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))


def configure_log(configuration: Configuration, stream: TextIO = sys.stderr) -> None:
    """Send the program's own log and that of its libraries to ``stream``; may be called again."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    as_json = configuration.log_format == "json" or (configuration.log_format == "auto" and not stream.isatty())
    last: list[Processor] = (
        [_TRACEBACK, _scrub, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if as_json
        else [structlog.processors.format_exc_info, _scrub, structlog.dev.ConsoleRenderer(colors=stream.isatty())]
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(configuration.log_level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *(processor for processor in shared if not isinstance(processor, structlog.stdlib.ExtraAdder)),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def keep_log_aside() -> None:
    """Let a command's libraries tell warnings and errors alone, on standard error: standard output is the command's."""
    configure_log(Configuration(log_level="warning"))


def _scrub(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    return {key: _without_secrets(value) for key, value in event.items()}


def _without_secrets(value: Any) -> Any:
    if isinstance(value, str):
        return scrubber.scrub(value)
    if isinstance(value, dict):
        return {key: _without_secrets(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_without_secrets(part) for part in value]
    return value if value is None or isinstance(value, bool | int | float) else scrubber.scrub(str(value))
