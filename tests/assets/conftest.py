"""A server and clips."""

from servers.house import admin, house, operator, viewer
from servers.media import clips

__all__ = ["admin", "clips", "house", "operator", "viewer"]
