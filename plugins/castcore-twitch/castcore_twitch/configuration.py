"""What can be set for a Twitch destination."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr

from castcore_sdk import ConfigurationError, ExtensionConfig, Secret, problem, ui

_KEY = re.compile(r"[A-Za-z0-9_-]{4,128}")
_TEST = "?bandwidthtest=true"
_LANGUAGE = r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*|other)$"


def _key(value: SecretStr) -> SecretStr:
    if not _KEY.fullmatch(value.get_secret_value()):
        raise problem("twitch.key_character")
    return value


Key = Annotated[Secret, AfterValidator(_key)]
Tag = Annotated[str, Field(min_length=1, max_length=100)]

_CHANNEL: dict[str, Any] = ui(group="channel")


class TwitchConfig(ExtensionConfig):
    """A stream key, or what a connected channel shows."""

    stream_key: Key | None = None
    """The stream key of your channel's settings. With it no account is needed; leave it empty where a channel is
    connected, and the key is fetched."""
    ingest: Literal["nearest", "automatic"] = "nearest"
    """Which server: the one that answers fastest from here, or Twitch's own choice by your address."""
    backup: bool = False
    """Name the second server as well; it is taken when the first fails."""
    protocol: Literal["rtmps", "rtmp"] = Field(default="rtmps", json_schema_extra=ui(advanced=True))
    """RTMPS is encrypted. Choose RTMP only where a network does not let it pass."""
    bandwidth_test: bool = False
    """Send without going live: only Twitch Inspector shows the stream."""
    category: str | None = Field(default=None, min_length=1, max_length=140, json_schema_extra=_CHANNEL)
    """Name of the category, such as ``Music``, or its number; for metadata that names none."""
    tags: tuple[Tag, ...] = Field(default=(), max_length=10, json_schema_extra=_CHANNEL)
    """Tags, for metadata that has none: at most ten of 25 letters and digits."""
    language: str | None = Field(default=None, pattern=_LANGUAGE, json_schema_extra=_CHANNEL)
    """Language of the stream, such as ``de``, or ``other``."""


def key_from_url(url: str) -> Mapping[str, Any]:
    """Turn ``twitch:KEY`` into data for the configuration; ``?bandwidthtest=true`` may follow.

    ``twitch:`` alone leaves the key open. Raise ConfigurationError, which never quotes the key.
    """
    scheme, colon, key = url.partition(":")
    key = key.removeprefix("//")
    test = key.endswith(_TEST)
    key = key.removesuffix(_TEST)
    if scheme.lower() != "twitch" or not colon or (key and not _KEY.fullmatch(key)):
        raise ConfigurationError("twitch.key_character", field="stream_key")
    return {**({"stream_key": key} if key else {}), **({"bandwidth_test": True} if test else {})}
