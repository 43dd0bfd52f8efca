"""Locks by name, shared by all instances of the plugin in one event loop."""

from __future__ import annotations

import asyncio
from weakref import WeakValueDictionary

_locks: WeakValueDictionary[tuple[int, str], asyncio.Lock] = WeakValueDictionary()


def lock(name: str) -> asyncio.Lock:
    """Return the lock of this name; it lives as long as somebody holds or awaits it."""
    key = (id(asyncio.get_running_loop()), name)
    found = _locks.get(key)
    if found is None:
        found = _locks[key] = asyncio.Lock()
    return found
