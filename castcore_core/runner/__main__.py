"""``python -I -m castcore_core.runner --folder FOLDER --id 8HEX``: started by `client.launch`, never by hand.

The first line on standard output is ``ready``, or the error as JSON; nothing is written afterwards.
"""

from __future__ import annotations

import gc

gc.disable()  # a collection amid the imports finds nothing and costs 5 ms of the start

import asyncio  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import re  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

from castcore_core.runner.error import RunnerError  # noqa: E402
from castcore_core.runner.process import serve  # noqa: E402


def main() -> int:
    """Run one job. Return the exit status: 0 after any job, 1 where it could not start, 2 for other arguments."""
    gc.freeze()
    gc.enable()
    match sys.argv[1:]:
        case ["--folder", folder, "--id", name] if re.fullmatch(r"[0-9a-f]{8}", name):
            pass
        case _:
            sys.stderr.write("usage: python -I -m castcore_core.runner --folder FOLDER --id 8HEX\n")
            return 2
    ready = _let_go()
    try:
        asyncio.run(serve(Path(folder), name, ready))
    except RunnerError as error:
        os.write(ready, json.dumps({"error": error.problem.to_json()}).encode() + b"\n")
        return 1
    return 0


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
