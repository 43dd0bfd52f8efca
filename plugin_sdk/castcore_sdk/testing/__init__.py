"""The conformance kit: checks that any plugin can inherit, and a host that lives in memory.

It needs pytest (``castcore-sdk[testing]``) and nothing of the core.
"""

import pytest

# Before the import, so that a failing check shows its values.
pytest.register_assert_rewrite(
    "castcore_sdk.testing.destination",
    "castcore_sdk.testing.encoder",
    "castcore_sdk.testing.extension",
    "castcore_sdk.testing.notifier",
    "castcore_sdk.testing.page",
    "castcore_sdk.testing.placement",
    "castcore_sdk.testing.source",
    "castcore_sdk.testing.storage",
)

from castcore_sdk.testing.context import MemoryContext, MemorySession, MemoryStore  # noqa: E402
from castcore_sdk.testing.destination import DestinationConformance  # noqa: E402
from castcore_sdk.testing.encoder import EncoderConformance  # noqa: E402
from castcore_sdk.testing.extension import ExtensionConformance  # noqa: E402
from castcore_sdk.testing.loopback import loopback  # noqa: E402
from castcore_sdk.testing.notifier import NotifierConformance  # noqa: E402
from castcore_sdk.testing.page import PageConformance  # noqa: E402
from castcore_sdk.testing.placement import PlacementConformance  # noqa: E402
from castcore_sdk.testing.source import SourceConformance  # noqa: E402
from castcore_sdk.testing.storage import StorageConformance  # noqa: E402

__all__ = [
    "DestinationConformance",
    "EncoderConformance",
    "ExtensionConformance",
    "MemoryContext",
    "MemorySession",
    "MemoryStore",
    "NotifierConformance",
    "PageConformance",
    "PlacementConformance",
    "SourceConformance",
    "StorageConformance",
    "loopback",
]
