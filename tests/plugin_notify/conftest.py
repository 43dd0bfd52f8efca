"""Fixtures: as for all notifications, with castcore-apprise installed."""

from notifications.conftest import admin, chat, house, hurried, keep, operator, other, viewer, watching

__all__ = ["admin", "chat", "house", "hurried", "keep", "operator", "other", "viewer", "watching"]
