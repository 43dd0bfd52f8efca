"""What the encoder can open, described by value."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from castcore_core.media.info import MediaInfo
from castcore_core.runner.plan import Argument


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSource:
    """A local file, played at its own speed; a picture is shown without end."""

    path: str
    """Absolute."""
    media: MediaInfo
    loop: bool = False
    start_at: float = 0.0
    """Seconds into the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSource:
    """A file that is read over HTTP from a gateway of this machine, played at its own speed."""

    address: Argument
    """With its secrets as references."""
    media: MediaInfo | None = None
    """None: nobody has looked into it yet."""
    loop: bool = False
    start_at: float = 0.0
    """Seconds into the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSource:
    """An address that ffmpeg opens itself. RTMP is no such address: the runner plays it and feeds a PipeSource."""

    scheme: Literal["http", "https", "srt", "rtsp", "rtsps", "udp"]
    address: Argument
    """With its secrets as references, see ``address.conceal``."""
    media: MediaInfo | None = None
    """None: size and rate stay the source's and are unknown."""
    live: bool = True
    ca_file: str | None = None
    """PEM file of trusted authorities for TLS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PipeSource:
    """FLV on standard input, as the runner feeds it from an RTMP source."""

    media: MediaInfo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternSource:
    """A moving test picture and a tone."""

    width: int = 1280
    height: int = 720
    fps: Fraction = Fraction(30)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSource:
    """A camera (v4l2) or a screen (x11grab), with a microphone (alsa or pulse)."""

    video: str
    """``/dev/video0``, or a display such as ``:0.0``."""
    video_kind: Literal["v4l2", "x11grab"] = "v4l2"
    audio: str | None = None
    audio_kind: Literal["alsa", "pulse"] = "alsa"
    width: int = 1280
    height: int = 720
    fps: Fraction = Fraction(30)
    pixel_format: str | None = None
    """What the camera is to deliver: ``mjpeg``, ``yuyv422`` …; None: its choice."""


Source = FileSource | StoredSource | NetworkSource | PipeSource | PatternSource | DeviceSource
