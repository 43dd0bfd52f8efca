"""The hook implementation of the plugin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from castcore_qsv.profile import QsvAv1, QsvH264, QsvHevc
from castcore_sdk import EncoderProfile, hookimpl


@hookimpl
def castcore_register_encoder_profiles() -> Sequence[type[EncoderProfile[Any]]]:
    """Return the Quick Sync profiles."""
    return (QsvH264, QsvHevc, QsvAv1)
