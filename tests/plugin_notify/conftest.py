"""Fixtures: as for all notifications, with castcore-apprise installed."""

import pytest

from notifications.conftest import admin, chat, house, hurried, keep, operator, other, viewer, watching

pytest.importorskip("castcore_apprise", reason="castcore-apprise is not installed")

__all__ = ["admin", "chat", "house", "hurried", "keep", "operator", "other", "viewer", "watching"]
