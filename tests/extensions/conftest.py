"""Fixtures: a server with its staff, without an engine."""

from servers.house import admin, house, operator

__all__ = ["admin", "house", "operator"]
