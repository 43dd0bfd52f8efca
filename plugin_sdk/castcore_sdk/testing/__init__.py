"""The conformance kit: checks that any plugin can inherit, and a host that lives in memory.

It needs pytest (``castcore-sdk[testing]``) and nothing of the core.
"""

import pytest

# Before the import, so that a failing check shows its values.
pytest.register_assert_rewrite(
    "castcore_sdk.testing.extension", "castcore_sdk.testing.destination", "castcore_sdk.testing.encoder"
)

from castcore_sdk.testing.context import MemoryContext, MemoryStore  # noqa: E402
from castcore_sdk.testing.destination import DestinationConformance  # noqa: E402
from castcore_sdk.testing.encoder import EncoderConformance  # noqa: E402
from castcore_sdk.testing.extension import ExtensionConformance  # noqa: E402

__all__ = ["DestinationConformance", "EncoderConformance", "ExtensionConformance", "MemoryContext", "MemoryStore"]
