"""Fixtures: a server with its staff, without an engine."""

from servers.house import admin, house, operator, viewer

__all__ = ["admin", "house", "operator", "viewer"]
