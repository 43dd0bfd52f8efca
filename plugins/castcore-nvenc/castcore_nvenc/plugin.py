"""The hook implementation of the plugin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from castcore_nvenc.profile import NvencAv1, NvencH264, NvencHevc
from castcore_sdk import EncoderProfile, hookimpl


@hookimpl
def castcore_register_encoder_profiles() -> Sequence[type[EncoderProfile[Any]]]:
    """Return the NVENC profiles."""
    return (NvencH264, NvencHevc, NvencAv1)
