"""The types of destinations: what plugins say of them, and how their configurations are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from castcore_core.destinations.secret import MASK
from castcore_core.error import InvalidError
from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.registry import Registered
from castcore_sdk import (
    ConfigurationError,
    Destination,
    ExtensionConfig,
    SupportsMetadata,
    SupportsStatus,
    config_schema,
)

Kind = Registered[type[Destination[Any]]]


def kind_of(host: PluginHost, type_id: str) -> Kind:
    """Return a type. Raises ConfigurationError ``destinations.type_unknown``."""
    found = host.registry.destinations.get(type_id)
    if found is None:
        raise ConfigurationError("destinations.type_unknown", field="type", params={"type": type_id})
    return found


def parse(host: PluginHost, kind: Kind, data: Mapping[str, Any]) -> ExtensionConfig:
    """Return the checked configuration. Raises ConfigurationError with the field, never with its value."""
    if any(MASK in text for text in _strings(data)):
        # A form that sends back what it was shown would replace the secret by its mask.
        raise InvalidError.at("config", type="masked_secret")
    return host.parse_config(kind, data)


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


def addresses_and_paths(config: BaseModel) -> Iterator[tuple[str, str, str]]:
    """Yield ``url`` or ``path``, field and value of everything in a configuration that names another place.

    A path is what the plugin's form hint says is one; an address is whatever looks like one.
    """
    for name, field in type(config).model_fields.items():
        value = getattr(config, name)
        if isinstance(value, BaseModel):
            for kind, inner, text in addresses_and_paths(value):
                yield kind, f"{name}.{inner}", text
        extra = field.json_schema_extra
        hints = extra.get("x-castcore-ui", {}) if isinstance(extra, dict) else {}
        widget = hints.get("widget") if isinstance(hints, dict) else None
        for text in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(text, str) and text:
                if widget == "path":
                    yield "path", name, text
                elif widget == "url" or "://" in text:
                    yield "url", name, text


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
