"""The hook implementation of the plugin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from castcore_nfs.backend import NfsStorage
from castcore_nfs.mount import MountedNfs
from castcore_sdk import StorageBackend, hookimpl


@hookimpl
def castcore_register_storage_backends() -> Sequence[type[StorageBackend[Any]]]:
    """Return the storage backends."""
    return (NfsStorage, MountedNfs)
