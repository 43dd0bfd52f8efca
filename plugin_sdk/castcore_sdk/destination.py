"""Platforms and places that receive a stream."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import SecretStr

from castcore_sdk.errors import ConfigurationError
from castcore_sdk.extension import CheckResult, ConfigT, Extension


class PublishProtocol(StrEnum):
    """How the stream reaches the destination."""

    RTMP = "rtmp"
    RTMPS = "rtmps"
    SRT = "srt"
    HLS = "hls"
    UDP = "udp"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastMetadata:
    """What viewers read about a broadcast."""

    title: str
    description: str = ""
    category: str | None = None
    tags: tuple[str, ...] = ()
    language: str | None = None
    """BCP 47."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLimits:
    """What the destination takes; None: it names no limit. Bit rates are in bits per second."""

    max_video_bitrate: int | None = None
    max_audio_bitrate: int | None = None
    max_width: int | None = None
    max_height: int | None = None
    max_fps: int | None = None
    keyframe_interval: timedelta | None = None
    """The longest it allows."""
    video_codecs: frozenset[str] = frozenset({"h264"})
    audio_codecs: frozenset[str] = frozenset({"aac"})
    constant_bitrate: bool = False
    """It asks for a constant bit rate."""
    max_duration: timedelta | None = None
    """The longest broadcast it takes or keeps; core begins a new one before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastRequest:
    """What core wants to send."""

    broadcast_id: str
    metadata: BroadcastMetadata
    starts_at: datetime | None = None
    push_metadata: bool = False
    """Show ``metadata`` from the start. False: nobody wrote any for this destination, and it is made from the job's
    name, for platforms where a broadcast needs a title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishTarget:
    """Where and how to send, made by ``Destination.open_broadcast``.

    ``url`` never holds a secret. What else is in it, by protocol:

    ============  ==========================  =====================================  ==========================
    protocol      url                         options                                secrets
    ============  ==========================  =====================================  ==========================
    rtmp, rtmps   ``scheme://host[:port]/app``  ``username``, ``ca_file``, ``verify``  ``stream_key``; ``password``
    srt           ``srt://host:port``         ffmpeg's ``libsrt`` protocol options   ``passphrase``, ``streamid``
    udp           ``udp://host:port``         ffmpeg's ``udp`` protocol options      (none)
    hls           absolute path of a folder   ``playlist`` (file name) and ffmpeg's  (none)
                                              ``hls`` muxer options
    file          absolute path of a file     ``format`` (ffmpeg's muxer name),      (none)
                                              ``overwrite``, ``audio_only``
    ============  ==========================  =====================================  ==========================

    Truth values are ``"1"``; what is false or left to the default is absent, except ``verify``: ``"0"`` where
    certificates are not checked.
    """

    reference: str
    """The destination's own name for this broadcast; given back to every later call."""
    protocol: PublishProtocol
    url: str
    stream_key: SecretStr | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    secret_options: Mapping[str, SecretStr] = field(default_factory=dict)
    backup_url: str | None = None
    """A second address for the same stream, with the same key and options."""
    expires_at: datetime | None = None


class BroadcastPhase(StrEnum):
    """Where a broadcast is, as the platform sees it."""

    READY = "ready"
    LIVE = "live"
    ENDED = "ended"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastStatus:
    """What the platform says about a broadcast."""

    phase: BroadcastPhase
    viewers: int | None = None
    watch_url: str | None = None
    issues: tuple[CheckResult, ...] = ()


class Destination(Extension[ConfigT], ABC):
    """A platform that receives a stream."""

    protocols: ClassVar[frozenset[PublishProtocol]]
    limits: ClassVar[StreamLimits] = StreamLimits()
    url_schemes: ClassVar[frozenset[str]] = frozenset()
    """Lower-case schemes that reach this destination from a terminal: ``castcore run --to SCHEME:…``."""

    @classmethod
    def config_from_url(cls, url: str, /) -> Mapping[str, Any]:
        """Turn a URL of one of ``url_schemes`` into data for the configuration. Pure: no I/O.

        What is secret in it (key, password, passphrase) goes into secret fields. Raise ConfigurationError, whose
        texts and parameters never hold a secret.
        """
        raise ConfigurationError("config.no_url_form", params={"destination": cls.id})

    def limits_for(self, width: int, height: int, fps: float, codec: str, /) -> StreamLimits:
        """Return the limits for one picture format, in pixels and frames per second. Pure: no I/O.

        For platforms whose bit rate depends on the picture; the others leave it as it is.
        """
        return self.limits

    def offers(self, capability: type[Any], /) -> bool:
        """Tell whether this configuration has a capability: ``SupportsMetadata``, ``SupportsStatus``. Pure: no I/O.

        For platforms that can do less with some configurations, such as with a stream key alone.
        """
        return isinstance(self, capability)

    @abstractmethod
    async def open_broadcast(self, request: BroadcastRequest, /) -> PublishTarget:
        """Prepare the platform. Same broadcast_id, same broadcast: safe to repeat."""

    @abstractmethod
    async def close_broadcast(self, reference: str, /) -> None:
        """End the broadcast. No error when it has already ended."""


class SupportsMetadata(ABC):
    """A destination whose title and description can change while it is live."""

    @abstractmethod
    async def update_metadata(self, reference: str, metadata: BroadcastMetadata, /) -> None:
        """Show this from now on. Raise NotFoundError for a reference it does not know."""


class SupportsThumbnail(ABC):
    """A destination that shows a picture before and beside the broadcast."""

    @abstractmethod
    async def set_thumbnail(self, reference: str, image: bytes, media_type: str, /) -> None:
        """Show ``image``, a ``image/jpeg`` or ``image/png``. Raise NotFoundError for a reference it does not know."""


class SupportsStatus(ABC):
    """A destination that tells how it sees the broadcast."""

    status_interval: ClassVar[timedelta] = timedelta(seconds=30)
    """The least time between two questions."""

    @abstractmethod
    async def status(self, reference: str, /) -> BroadcastStatus:
        """Ask the platform. Raise NotFoundError for a reference it does not know."""
