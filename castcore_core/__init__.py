"""CastCore: a self-hosted streaming-operations platform."""

import os

__version__ = "0.1.0"

# pydantic looks through all installed distributions for plugins of its own and fails with one that is malformed.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
