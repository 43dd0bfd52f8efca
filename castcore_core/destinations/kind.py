"""The types of destinations: what plugins say of them."""

from __future__ import annotations

from typing import Any

from castcore_core.plugins.registry import Registered
from castcore_sdk import Destination, SupportsMetadata, SupportsStatus, config_schema

Kind = Registered[type[Destination[Any]]]


def describe(kind: Kind) -> dict[str, Any]:
    """Return what the API tells of a type."""
    item = kind.item
    limits = item.limits
    capabilities = {"metadata": SupportsMetadata, "status": SupportsStatus}
    return {
        "id": kind.id,
        "plugin": kind.plugin,
        "protocols": sorted(item.protocols),
        "capabilities": [name for name, ability in capabilities.items() if issubclass(item, ability)],
        "limits": {
            "max_video_bitrate": limits.max_video_bitrate,
            "max_audio_bitrate": limits.max_audio_bitrate,
            "max_width": limits.max_width,
            "max_height": limits.max_height,
            "max_fps": limits.max_fps,
            "keyframe_interval": limits.keyframe_interval.total_seconds() if limits.keyframe_interval else None,
            "video_codecs": sorted(limits.video_codecs),
            "audio_codecs": sorted(limits.audio_codecs),
        },
        "config_schema": config_schema(item.config_model),
    }
