"""``python -m castcore_core.server``: the server without the command line around it."""

from __future__ import annotations

import sys

from castcore_core.cli.serve import serve_until_stopped

if __name__ == "__main__":
    serve_until_stopped({}, json_output="--json" in sys.argv[1:])
