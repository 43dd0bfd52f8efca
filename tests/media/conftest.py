"""Clips for the tests of this folder."""

from servers.media import clips

__all__ = ["clips"]
