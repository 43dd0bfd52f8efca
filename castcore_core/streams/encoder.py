"""A plugin's encoder as the argument builder wants it: every call goes through the guard."""

from __future__ import annotations

from typing import Any

from castcore_core.plugins.instance import Instance
from castcore_sdk import EncoderArguments, EncodeRequest, EncoderProfile


class GuardedEncoder:
    """Asks an encoder plugin for its arguments."""

    def __init__(self, instance: Instance[EncoderProfile[Any]]) -> None:
        self._instance = instance

    @property
    def codecs(self) -> frozenset[str]:
        """Return the codecs that it writes."""
        return self._instance.extension.codecs

    def arguments(self, request: EncodeRequest, /) -> EncoderArguments:
        """Return its ffmpeg arguments. Raises CastCoreError."""
        return self._instance.call_sync(self._instance.extension.arguments, request)
