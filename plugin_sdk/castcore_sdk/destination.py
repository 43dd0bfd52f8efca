"""Platforms and places that receive a stream."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import SecretStr

from castcore_sdk.context import OAuthSession
from castcore_sdk.extension import CheckResult, ConfigT, Extension


class PublishProtocol(StrEnum):
    RTMP = "rtmp"
    RTMPS = "rtmps"
    SRT = "srt"
    HLS = "hls"
    UDP = "udp"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastMetadata:
    title: str
    description: str = ""
    category: str | None = None
    tags: tuple[str, ...] = ()
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLimits:
    max_video_bitrate: int | None = None
    max_audio_bitrate: int | None = None
    max_width: int | None = None
    max_height: int | None = None
    max_fps: int | None = None
    keyframe_interval: timedelta | None = None
    video_codecs: frozenset[str] = frozenset({"h264"})
    audio_codecs: frozenset[str] = frozenset({"aac"})


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastRequest:
    broadcast_id: str
    metadata: BroadcastMetadata
    starts_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishTarget:
    reference: str
    protocol: PublishProtocol
    url: str
    stream_key: SecretStr | None = None
    secret_options: Mapping[str, SecretStr] = field(default_factory=dict)
    backup_url: str | None = None
    expires_at: datetime | None = None


class BroadcastPhase(StrEnum):
    READY = "ready"
    LIVE = "live"
    ENDED = "ended"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastStatus:
    phase: BroadcastPhase
    viewers: int | None = None
    watch_url: str | None = None
    issues: tuple[CheckResult, ...] = ()


class Destination(Extension[ConfigT], ABC):
    """A platform that receives a stream."""

    protocols: ClassVar[frozenset[PublishProtocol]]
    limits: ClassVar[StreamLimits] = StreamLimits()

    @abstractmethod
    async def open_broadcast(self, request: BroadcastRequest, /) -> PublishTarget:
        """Prepare the platform. Same broadcast_id, same broadcast: safe to repeat."""

    @abstractmethod
    async def close_broadcast(self, reference: str, /) -> None:
        """End the broadcast. No error when it has already ended."""


class SupportsMetadata(ABC):
    @abstractmethod
    async def update_metadata(self, reference: str, metadata: BroadcastMetadata, /) -> None: ...


class SupportsStatus(ABC):
    status_interval: ClassVar[timedelta] = timedelta(seconds=30)

    @abstractmethod
    async def status(self, reference: str, /) -> BroadcastStatus: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthProvider:
    authorize_url: str
    token_url: str
    scopes: tuple[str, ...]
    revoke_url: str | None = None
    pkce: bool = True
    client_auth: Literal["client_secret_basic", "client_secret_post", "none"] = "client_secret_post"


class SupportsOAuth(ABC):
    oauth_provider: ClassVar[OAuthProvider]

    @abstractmethod
    async def account_label(self, session: OAuthSession, /) -> str: ...
