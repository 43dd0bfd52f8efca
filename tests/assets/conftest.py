"""A server and clips."""

from servers.house import admin, house, operator, viewer
from servers.media import clips, ffmpeg

__all__ = ["admin", "clips", "ffmpeg", "house", "operator", "viewer"]
