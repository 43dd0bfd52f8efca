"""What can be set for a YouTube destination."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr

from castcore_sdk import ConfigurationError, ExtensionConfig, Secret, problem, ui

_KEY = re.compile(r"[A-Za-z0-9_-]{4,128}")
_PLAYLIST = re.compile(r"[A-Za-z0-9_-]{2,64}")
_LANGUAGE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"


def _key(value: SecretStr) -> SecretStr:
    if not _KEY.fullmatch(value.get_secret_value()):
        raise problem("youtube.key_character")
    return value


def _playlist(value: str) -> str:
    if not _PLAYLIST.fullmatch(value):
        raise problem("youtube.playlist_invalid")
    return value


Key = Annotated[Secret, AfterValidator(_key)]
Playlist = Annotated[str, AfterValidator(_playlist)]
Tag = Annotated[str, Field(min_length=1, max_length=100)]

_CHANNEL: dict[str, Any] = ui(group="channel")
_ADVANCED: dict[str, Any] = ui(group="channel", advanced=True)


class YoutubeConfig(ExtensionConfig):
    """A stream key, or how the broadcasts of a connected channel are made."""

    stream_key: Key | None = None
    """The stream key that YouTube Studio shows. With it nothing else is needed and YouTube is asked nothing; leave it
    empty where a channel is connected."""
    backup: bool = False
    """Name YouTube's second server as well; it is taken when the first fails."""
    protocol: Literal["rtmps", "rtmp"] = Field(default="rtmps", json_schema_extra=ui(advanced=True))
    """RTMPS is encrypted. Choose RTMP only where a network does not let it pass."""
    privacy: Literal["public", "unlisted", "private"] = Field(default="unlisted", json_schema_extra=_CHANNEL)
    """Who can watch: everybody, those who have the address, or you alone."""
    category: str | None = Field(default=None, min_length=1, max_length=60, json_schema_extra=_CHANNEL)
    """Name of the category, such as ``Gaming``, or its number; for broadcasts that name none themselves."""
    tags: tuple[Tag, ...] = Field(default=(), max_length=50, json_schema_extra=_CHANNEL)
    """Search words, for broadcasts that have none themselves."""
    language: str | None = Field(default=None, pattern=_LANGUAGE, json_schema_extra=_CHANNEL)
    """Language of title and sound, such as ``de``."""
    playlists: tuple[Playlist, ...] = Field(default=(), max_length=10, json_schema_extra=_CHANNEL)
    """Playlists that take each broadcast: what follows ``list=`` in their address."""
    start: Literal["automatic", "scheduled", "manual"] = Field(default="automatic", json_schema_extra=_CHANNEL)
    """When viewers see it: as soon as the stream arrives, at the scheduled time, or when somebody presses the button in
    YouTube Studio."""
    latency: Literal["normal", "low", "ultraLow"] = Field(default="normal", json_schema_extra=_CHANNEL)
    """How far behind viewers are. Low latency costs them resolution or buffer."""
    dvr: bool = Field(default=True, json_schema_extra=_CHANNEL)
    """Viewers can go back while it is live."""
    made_for_kids: bool = Field(default=False, json_schema_extra=_CHANNEL)
    """The law asks for this declaration; YouTube switches off chat and other things for such broadcasts."""
    auto_stop: bool = Field(default=False, json_schema_extra=_ADVANCED)
    """YouTube ends the broadcast about a minute after the stream stops. Without it an outage does not end it, and
    CastCore ends it when the job ends."""
    reuse_stream: bool = Field(default=False, json_schema_extra=_ADVANCED)
    """Use one stream, and so one stream key, for all broadcasts of this destination. Broadcasts cannot overlap then."""
    region: str = Field(default="US", pattern=r"^[A-Z]{2}$", json_schema_extra=_ADVANCED)
    """Country whose list of categories is read."""
    daily_quota: int = Field(default=10_000, ge=1, le=100_000_000, json_schema_extra=_ADVANCED)
    """Units a day that Google gives your project; 10,000 unless you asked for more."""


def key_from_url(url: str) -> dict[str, str]:
    """Turn ``youtube:KEY`` into data for the configuration. Raise ConfigurationError, which never quotes the key.

    ``youtube:`` alone leaves the key open.
    """
    scheme, colon, key = url.partition(":")
    key = key.removeprefix("//")
    if scheme.lower() != "youtube" or not colon or (key and not _KEY.fullmatch(key)):
        raise ConfigurationError("youtube.key_character", field="stream_key")
    return {"stream_key": key} if key else {}
