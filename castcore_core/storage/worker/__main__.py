"""``python -I -m castcore_core.storage.worker --folder FOLDER --id 8HEX``: started by the server, never by hand.

The first line on standard output is ``ready``, or the error as JSON; nothing is written afterwards.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path

from castcore_core.runner.error import RunnerError
from castcore_core.storage.worker.process import WorkerProcess


def main() -> int:
    """Hold one storage. Return the exit status: 0 after any life, 1 where it could not begin, 2 for other arguments."""
    match sys.argv[1:]:
        case ["--folder", folder, "--id", name] if re.fullmatch(r"[0-9a-f]{8}", name):
            pass
        case _:
            sys.stderr.write("usage: python -I -m castcore_core.storage.worker --folder FOLDER --id 8HEX\n")
            return 2
    ready = _let_go()
    try:
        asyncio.run(_serve(Path(folder), name, ready))
    except RunnerError as error:
        os.write(ready, json.dumps({"error": error.problem.to_json()}).encode() + b"\n")
        return 1
    # Threads of a plugin that hang must not keep the process, and with it port and lock.
    os._exit(0)


async def _serve(folder: Path, name: str, ready: int) -> None:
    await WorkerProcess(folder, name).run(ready)


def _let_go() -> int:
    """Keep none of the starter's descriptors but a copy of standard output for the one line."""
    ready = os.dup(1)
    os.set_inheritable(ready, False)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.close(null)
    return ready


if __name__ == "__main__":
    sys.exit(main())
