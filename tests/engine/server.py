"""The whole server behind an open gate: ``python -m engine.server``."""

from __future__ import annotations

import json

from castcore_core.config import load_configuration
from castcore_core.core import Core
from castcore_core.feature import FEATURES
from castcore_core.server.process import run_server
from servers.stage import OpenGate


def _ready(address: str, core: Core) -> None:
    print(json.dumps({"address": address}), flush=True)


if __name__ == "__main__":
    run_server(load_configuration(), _ready, features=FEATURES, gate=OpenGate())
