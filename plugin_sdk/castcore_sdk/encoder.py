"""Encoder profiles: ffmpeg arguments for one encoder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Literal

from castcore_sdk.extension import CheckResult, ConfigT, Extension


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodeRequest:
    width: int
    height: int
    fps: float
    video_bitrate: int
    keyframe_interval: timedelta
    codec: str
    profile: str | None = None
    pixel_format: str = "yuv420p"
    rate_control: Literal["cbr", "vbr"] = "cbr"
    b_frames: int = 0
    latency: Literal["standard", "low", "ultra-low"] = "standard"
    preset: Literal["fast", "balanced", "quality"] = "balanced"


@dataclass(frozen=True, slots=True, kw_only=True)
class FFmpegInfo:
    version: tuple[int, ...]
    encoders: frozenset[str]
    filters: frozenset[str]
    hwaccels: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareInfo:
    gpus: tuple[str, ...] = ()
    render_nodes: tuple[str, ...] = ()
    cpu_count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderArguments:
    """Arguments as a list; core places them, no plugin ever builds a shell string."""

    input_options: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    output_options: tuple[str, ...] = ()


class EncoderProfile(Extension[ConfigT], ABC):
    codecs: ClassVar[frozenset[str]]

    @abstractmethod
    def available(self, ffmpeg: FFmpegInfo, hardware: HardwareInfo, /) -> Sequence[CheckResult]:
        """Say why this profile can or cannot work here. Pure: no I/O."""

    @abstractmethod
    def arguments(self, request: EncodeRequest, /) -> EncoderArguments:
        """Return the ffmpeg arguments. Pure: no I/O."""
