"""``python -I -m castcore_core.runner --folder FOLDER --id 8HEX``: started by `client.launch`, never by hand.

The first line on standard output is ``ready``, or the error as JSON; nothing is written afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sys
from pathlib import Path

from castcore_core.runner.error import RunnerError
from castcore_core.runner.process import serve


def main() -> int:
    """Run one job. Return the exit status: 0 after any job, 1 where the runner could not start."""
    parser = argparse.ArgumentParser(prog="castcore_core.runner", allow_abbrev=False)
    parser.add_argument("--folder", type=Path, required=True, help="the run folder")
    parser.add_argument("--id", required=True, help="8 hex digits of the job", dest="name")
    options = parser.parse_args()
    if not re.fullmatch(r"[0-9a-f]{8}", options.name):
        parser.error("--id wants 8 hex digits")
    ready = _let_go()
    try:
        asyncio.run(serve(options.folder, options.name, ready))
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
