"""The types of destinations: what plugins say of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from castcore_core.plugins.registry import Registered
from castcore_sdk import (
    Destination,
    StreamLimits,
    SupportsMetadata,
    SupportsOAuth,
    SupportsStatus,
    SupportsThumbnail,
    config_schema,
)

Kind = Registered[type[Destination[Any]]]

ABILITIES = {
    "oauth": SupportsOAuth,
    "metadata": SupportsMetadata,
    "status": SupportsStatus,
    "thumbnail": SupportsThumbnail,
}
"""What a type can do beyond taking a stream, by the name that the API gives it."""


def describe(kind: Kind) -> dict[str, Any]:
    """Return what the API tells of a type."""
    item = kind.item
    return {
        "id": kind.id,
        "plugin": kind.plugin,
        "protocols": sorted(item.protocols),
        "capabilities": [name for name, ability in ABILITIES.items() if issubclass(item, ability)],
        "limits": limits_of(item.limits),
        "config_schema": config_schema(item.config_model),
    }


def limits_of(limits: StreamLimits) -> dict[str, Any]:
    """Return limits as the API tells them; times in seconds."""
    return {
        "max_video_bitrate": limits.max_video_bitrate,
        "max_audio_bitrate": limits.max_audio_bitrate,
        "max_width": limits.max_width,
        "max_height": limits.max_height,
        "max_fps": limits.max_fps,
        "keyframe_interval": _seconds(limits.keyframe_interval),
        "video_codecs": sorted(limits.video_codecs),
        "audio_codecs": sorted(limits.audio_codecs),
        "constant_bitrate": limits.constant_bitrate,
        "max_duration": _seconds(limits.max_duration),
    }


def _seconds(time: timedelta | None) -> float | None:
    return None if time is None else time.total_seconds()
