"""Encoder profiles: ffmpeg arguments for one encoder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar, Literal, TypeAlias

from castcore_sdk.errors import ConfigurationError
from castcore_sdk.extension import CheckResult, ConfigT, Extension

RateControl: TypeAlias = Literal["cbr", "vbr"]
Latency: TypeAlias = Literal["standard", "low", "ultra-low"]
Preset: TypeAlias = Literal["fast", "balanced", "quality"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodeRequest:
    """What one rendition's video is to be."""

    width: int
    height: int
    fps: float
    """Frames per second, exact and constant: 30000 / 1001, not 29.97."""
    video_bitrate: int
    """Bits per second."""
    keyframe_interval: timedelta
    codec: str
    """``h264``, ``hevc`` or ``av1``."""
    profile: str | None = None
    """As the encoder calls it; None: the usual one for the pixel format."""
    pixel_format: str = "yuv420p"
    """``yuv420p``, or ``yuv420p10le`` for ten bits. What the filter chain delivers before the encoder's own filters."""
    rate_control: RateControl = "cbr"
    b_frames: int = 0
    latency: Latency = "standard"
    preset: Preset = "balanced"
    device: str | None = None
    """The ``EncoderDevice`` that core has chosen; None: the encoder's own choice."""

    @property
    def gop(self) -> int:
        """The keyframe interval in whole frames, 1 at least."""
        return max(1, round(self.fps * self.keyframe_interval.total_seconds()))


@dataclass(frozen=True, slots=True, kw_only=True)
class FFmpegInfo:
    """What an ffmpeg build lists. A listed encoder may still fail: only a probe encode proves it."""

    version: tuple[int, ...]
    encoders: frozenset[str]
    filters: frozenset[str]
    hwaccels: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareInfo:
    """What was seen of the machine, without using it."""

    gpus: tuple[str, ...] = ()
    """Names with the maker in front: ``NVIDIA H200``, ``Intel Arc A380``."""
    render_nodes: tuple[str, ...] = ()
    """``/dev/dri/renderD*`` that exist."""
    denied_nodes: tuple[str, ...] = ()
    """Those of ``render_nodes`` that this user may not open."""
    node_makers: Mapping[str, str] = field(default_factory=dict)
    """Render node → ``NVIDIA``, ``AMD`` or ``Intel``, where it is known."""
    cpu_count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderDevice:
    """A device that encodes."""

    id: str
    """The same for every encoder that uses this device: ``nvidia:0``, ``/dev/dri/renderD128``."""
    name: str
    """For people."""
    sessions: int | None = None
    """How many pictures its driver encodes at once; None: it names no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderArguments:
    """Arguments as a list; core places them, no plugin ever builds a shell string."""

    input_options: tuple[str, ...] = ()
    """Before the first input, once for each distinct tuple in a process: the choice of a device.

    ffmpeg has one device for filters in a process, so renditions on different devices cannot share one.
    """
    filters: tuple[str, ...] = ()
    """Appended to the end of the video filter chain, which has scaled and converted to ``pixel_format``."""
    output_options: tuple[str, ...] = ()
    """``-c:v`` and all that belongs to the video encoder; core adds nothing to it."""


class EncoderProfile(Extension[ConfigT], ABC):
    """One encoder. Its configuration must have a default for every field."""

    codecs: ClassVar[frozenset[str]]
    """``h264``, ``hevc``, ``av1``."""
    pixel_formats: ClassVar[frozenset[str]] = frozenset({"yuv420p"})
    """What it takes; add ``yuv420p10le`` where it encodes ten bits."""

    @abstractmethod
    def available(self, ffmpeg: FFmpegInfo, hardware: HardwareInfo, /) -> Sequence[CheckResult]:
        """Say why this profile can or cannot work here. Pure: no I/O.

        A result of severity ERROR means that a probe encode is not worth its time.
        """

    def devices(self, hardware: HardwareInfo, /) -> Sequence[EncoderDevice]:
        """Return the devices that the encoder may use here, the best first. Pure: no I/O.

        Core counts the sessions on each and names one in ``EncodeRequest.device``. Empty: it needs none.
        """
        return ()

    @abstractmethod
    def arguments(self, request: EncodeRequest, /) -> EncoderArguments:
        """Return the ffmpeg arguments. Pure: no I/O. Call ``require`` first.

        They must give a closed GOP of exactly ``request.gop`` frames, and hold for every build that core supports.
        """

    def require(self, request: EncodeRequest, /) -> None:
        """Raise ConfigurationError when ``request`` asks for a codec or pixel format that is not declared."""
        if request.codec not in self.codecs:
            raise ConfigurationError("encoders.codec_unsupported", params={"encoder": self.id, "codec": request.codec})
        if request.pixel_format not in self.pixel_formats:
            params = {"encoder": self.id, "pixel_format": request.pixel_format}
            raise ConfigurationError("encoders.pixel_format_unsupported", params=params)
