"""The hook implementation of the plugin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from castcore_sdk import Destination, hookimpl
from castcore_twitch.destination import TwitchDestination


@hookimpl
def castcore_register_destinations() -> Sequence[type[Destination[Any]]]:
    """Return the Twitch destination."""
    return (TwitchDestination,)
