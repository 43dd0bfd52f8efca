"""The profiles: which arguments make NVENC do what is asked."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from castcore_nvenc.availability import availability, cards
from castcore_sdk import (
    CheckResult,
    EncoderArguments,
    EncoderDevice,
    EncodeRequest,
    EncoderProfile,
    ExtensionConfig,
    FFmpegInfo,
    HardwareInfo,
    ui,
)

PRESETS = {"fast": "p2", "balanced": "p4", "quality": "p6"}
"""From p1 (fastest) to p7 (best)."""
MULTIPASS = {"fast": "disabled", "balanced": "qres", "quality": "fullres"}
"""A first pass over each frame, at no, a quarter or the full resolution: steadier rates for some of the speed."""
TUNES = {"standard": "hq", "low": "ll", "ultra-low": "ull"}
_LOOKAHEAD = 20
"""Frames; it costs as many frames of delay, so only where delay does not matter."""


class NvencConfig(ExtensionConfig):
    """Settings of the NVIDIA encoder."""

    gpu: int | None = Field(default=None, ge=0, le=63, json_schema_extra=ui(advanced=True))
    """Which card, counted from 0 as nvidia-smi does; empty: the first that can encode."""
    sessions: int | None = Field(default=None, ge=1, le=1000, json_schema_extra=ui(advanced=True))
    """How many pictures the card's driver encodes at once; empty: 8 for GeForce cards, no limit for others."""
    spatial_aq: bool = Field(default=True, json_schema_extra=ui(advanced=True))
    """Spend more bits on smooth areas, where the eye sees errors first."""


class NvencProfile(EncoderProfile[NvencConfig], ABC):
    """What the three codecs have in common."""

    encoder: ClassVar[str]
    """Its name in ffmpeg."""

    def available(self, ffmpeg: FFmpegInfo, hardware: HardwareInfo, /) -> Sequence[CheckResult]:
        """Look for the encoder in the build and for an NVIDIA card; only a probe encode proves that it encodes."""
        return availability(self.encoder, self.config.gpu, ffmpeg, hardware)

    def devices(self, hardware: HardwareInfo, /) -> Sequence[EncoderDevice]:
        """Return the NVIDIA cards that have an encoding unit."""
        return cards(self.config.gpu, self.config.sessions, hardware)

    def arguments(self, request: EncodeRequest, /) -> EncoderArguments:
        """Return arguments that ffmpeg 5.1 and 9.0 both know (AV1: from 6.0 on)."""
        self.require(request)
        ten_bit = request.pixel_format == "yuv420p10le"
        card = self.config.gpu if request.device is None else request.device.rpartition(":")[2]
        return EncoderArguments(
            filters=("format=p010le",) if ten_bit else (),
            output_options=(
                *("-c:v", self.encoder, "-preset", PRESETS[request.preset], "-tune", TUNES[request.latency]),
                *_rate(request),
                *_gop(request),
                *self._profile(request, ten_bit=ten_bit),
                *(("-spatial-aq", "1") if self.config.spatial_aq else ()),
                *_latency(request),
                *(() if card is None else ("-gpu", str(card))),
            ),
        )

    def _profile(self, request: EncodeRequest, *, ten_bit: bool) -> tuple[str, ...]:
        return ("-profile:v", request.profile or ("main10" if ten_bit else "main"))


class NvencH264(NvencProfile):
    """H.264 on an NVIDIA card."""

    id = "nvenc.h264"
    codecs = frozenset({"h264"})
    encoder = "h264_nvenc"

    def _profile(self, request: EncodeRequest, *, ten_bit: bool) -> tuple[str, ...]:
        return ("-profile:v", request.profile or "high")


class NvencHevc(NvencProfile):
    """HEVC on an NVIDIA card, 10 bits included."""

    id = "nvenc.hevc"
    codecs = frozenset({"hevc"})
    pixel_formats = frozenset({"yuv420p", "yuv420p10le"})
    encoder = "hevc_nvenc"


class NvencAv1(NvencProfile):
    """AV1 on an NVIDIA card of the Ada generation (RTX 40, L4, L40) or newer, 10 bits included."""

    id = "nvenc.av1"
    codecs = frozenset({"av1"})
    pixel_formats = frozenset({"yuv420p", "yuv420p10le"})
    encoder = "av1_nvenc"

    def _profile(self, request: EncodeRequest, *, ten_bit: bool) -> tuple[str, ...]:
        return ()  # Main is the only one, and the encoder has no option for it.


def _rate(request: EncodeRequest) -> tuple[str, ...]:
    """Return the rate control: constant with its peak at the target, or variable up to one and a half times it."""
    rate = request.video_bitrate
    most = rate if request.rate_control == "cbr" else rate * 3 // 2
    buffer = rate // 2 if request.latency == "ultra-low" else rate * 2
    return (
        *("-rc", request.rate_control, "-b:v", str(rate), "-maxrate", str(most), "-bufsize", str(buffer)),
        *("-multipass", MULTIPASS[request.preset]),
    )


def _gop(request: EncodeRequest) -> tuple[str, ...]:
    """Return a fixed GOP. Keyframes are forced at its frames, so that they are those of any other encoder's."""
    return (
        *("-g", str(request.gop), "-bf", str(request.b_frames), "-strict_gop", "1", "-no-scenecut", "1"),
        *("-forced-idr", "1", "-force_key_frames", f"expr:not(mod(n,{request.gop}))"),
    )


def _latency(request: EncodeRequest) -> tuple[str, ...]:
    if request.latency != "standard":
        return ("-delay", "0", *(("-zerolatency", "1") if request.b_frames == 0 else ()))
    return ("-rc-lookahead", str(_LOOKAHEAD)) if request.preset == "quality" else ()
