"""The command line: ``castcore``."""

from __future__ import annotations

import logging
import os


def main() -> None:
    """Run ``castcore`` with the process's arguments; never shows a traceback unless ``CASTCORE_DEBUG`` is set."""
    from castcore_core.cli.message import fail
    from castcore_core.cli.status import ExitStatus

    for name in ("castcore", "castcore_core"):  # without a handler of somebody's, Python prints warnings bare
        logging.getLogger(name).addHandler(logging.NullHandler())
    try:
        _start()
    except KeyboardInterrupt:
        raise SystemExit(ExitStatus.ABORTED) from None
    except Exception as error:
        if os.environ.get("CASTCORE_DEBUG"):
            raise
        fail("cli.internal", {"reason": f"{type(error).__name__}: {error}"}, status=ExitStatus.INTERNAL)


def _start() -> None:
    from castcore_core.cli.app import app

    app(prog_name="castcore")
