"""The hook implementation of the plugin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from castcore_sdk import EncoderProfile, hookimpl
from castcore_vaapi.profile import VaapiAv1, VaapiH264, VaapiHevc


@hookimpl
def castcore_register_encoder_profiles() -> Sequence[type[EncoderProfile[Any]]]:
    """Return the VA-API profiles."""
    return (VaapiH264, VaapiHevc, VaapiAv1)
