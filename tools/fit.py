"""Say plainly, before anything is installed, why this machine cannot run CastCore. Runs on any Python 3."""

import importlib.util
import platform
import sys


def obstacles():
    """Yield one sentence for each thing that is missing."""
    if sys.version_info < (3, 11):
        yield "CastCore needs Python 3.11 or newer; this is %s. Name another with: make PYTHON=/path/to/python3.11" % (
            platform.python_version()
        )
    if sys.platform == "win32":
        yield "CastCore does not run on Windows. Use WSL 2, a container or a Linux machine."
    elif platform.machine() not in ("x86_64", "aarch64", "arm64"):
        yield "CastCore supports x86-64 and arm64; this machine is %s." % platform.machine()
    if any(importlib.util.find_spec(name) is None for name in ("venv", "ensurepip")):
        yield "This Python has no venv module. On Debian and Ubuntu: sudo apt-get install python3-venv"


if __name__ == "__main__":
    found = list(obstacles())
    for line in found:
        sys.stderr.write("castcore: %s\n" % line)
    sys.exit(1 if found else 0)
