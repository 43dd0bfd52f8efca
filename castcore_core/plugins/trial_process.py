"""The child of a trial: import one plugin, call its registration hooks, tell what was found.

Run as a script with ``python -I``; it reads one JSON object from stdin and writes one line of JSON to what was its
stdout. The plugin's own output goes nowhere. What `faulthandler` writes at a crash follows on the same pipe.
"""

from __future__ import annotations

import faulthandler
import json
import os
import resource
import signal
import sys
import traceback


def main() -> None:
    """Try the plugin that stdin names, and leave without running exit handlers or waiting for threads."""
    order = json.loads(sys.stdin.buffer.readline())
    # A trial must not outlive a parent that was killed: SIGALRM ends it even inside C code.
    signal.alarm(order["seconds"])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answer = os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    faulthandler.enable(file=answer, all_threads=False)
    sys.path[:] = order["path"]
    try:
        os.write(answer, json.dumps(_try(order["plugin"], order["module"])).encode() + b"\n")
    except BaseException:  # the host's own code, shadowed or disturbed by the plugin's
        os.write(answer, traceback.format_exc()[-4000:].encode("utf-8", "replace"))
        os._exit(70)
    os._exit(0)


def _try(plugin: str, module: str) -> dict[str, object]:
    from castcore_core.plugins.contract import inspect_module
    from castcore_core.plugins.extension import config_notes
    from castcore_core.plugins.importing import import_plugin
    from castcore_core.plugins.state import LoadError

    try:
        inspection = inspect_module(import_plugin(module), plugin)
    except LoadError as error:
        return {"offers": [], "faults": [fault.to_json() for fault in error.faults], "notes": []}
    return {
        "offers": [contribution.offer.to_json() for contribution in inspection.contributions],
        "faults": [fault.to_json() for fault in inspection.faults],
        "notes": [note.to_json() for each in inspection.contributions for note in config_notes(each.item)],
    }


if __name__ == "__main__":
    main()
