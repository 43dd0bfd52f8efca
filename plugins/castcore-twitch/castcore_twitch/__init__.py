"""Twitch as a destination: with a stream key, or with a connected channel."""

__version__ = "1.0.0"
