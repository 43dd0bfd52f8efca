"""The hook implementation of the plugin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from castcore_apprise.notifier import AppriseNotifier
from castcore_sdk import Notifier, hookimpl


@hookimpl
def castcore_register_notifiers() -> Sequence[type[Notifier[Any]]]:
    """Return the notifier."""
    return (AppriseNotifier,)
