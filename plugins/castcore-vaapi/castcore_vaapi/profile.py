"""The profiles: which arguments make VA-API do what is asked."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

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
from castcore_vaapi.availability import FIRST_NODE, availability, nodes

LEVELS = {"fast": "7", "balanced": "4", "quality": "1"}
"""Intel's driver counts from 1 (best) to 7 (fastest); drivers without levels ignore it with a warning."""


class VaapiConfig(ExtensionConfig):
    """Settings of the VA-API encoder."""

    device: str | None = Field(
        default=None,
        pattern=r"^/dev/dri/renderD[0-9]{1,3}$",
        json_schema_extra=ui(widget="path"),
    )
    """Render node of the graphics card; empty: one that works and has room."""
    low_power: bool = Field(default=False, json_schema_extra=ui(advanced=True))
    """Use Intel's low-power encoder; newer Intel graphics have no other, and it needs the HuC firmware."""


class VaapiProfile(EncoderProfile[VaapiConfig], ABC):
    """What the three codecs have in common."""

    encoder: ClassVar[str]
    """Its name in ffmpeg."""

    def available(self, ffmpeg: FFmpegInfo, hardware: HardwareInfo, /) -> Sequence[CheckResult]:
        """Look for the encoder in the build and for the render node; only a probe encode proves that it encodes."""
        return availability(self.encoder, self.config.device, ffmpeg, hardware)

    def devices(self, hardware: HardwareInfo, /) -> Sequence[EncoderDevice]:
        """Return the render nodes of Intel and AMD graphics, or the one that the configuration names."""
        return nodes(self.config.device, hardware)

    def arguments(self, request: EncodeRequest, /) -> EncoderArguments:
        """Return arguments that ffmpeg 5.1 and 9.0 both know (AV1: from 6.1 on)."""
        self.require(request)
        ten_bit = request.pixel_format == "yuv420p10le"
        return EncoderArguments(
            input_options=("-vaapi_device", request.device or self.config.device or FIRST_NODE),
            filters=("format=p010le" if ten_bit else "format=nv12", "hwupload"),
            output_options=(
                *("-c:v", self.encoder, "-compression_level", LEVELS[request.preset]),
                *_rate(request),
                *_gop(request),
                *("-profile:v", request.profile or self._profile(ten_bit=ten_bit)),
                # One frame at a time: the default of two costs a frame of delay.
                *(("-async_depth", "1") if request.latency != "standard" else ()),
                *(("-low_power", "1") if self.config.low_power else ()),
            ),
        )

    def _profile(self, *, ten_bit: bool) -> str:
        return "main10" if ten_bit else "main"


class VaapiH264(VaapiProfile):
    """H.264 on Intel or AMD graphics."""

    id = "vaapi.h264"
    codecs = frozenset({"h264"})
    encoder = "h264_vaapi"

    def _profile(self, *, ten_bit: bool) -> str:
        return "high"


class VaapiHevc(VaapiProfile):
    """HEVC on Intel or AMD graphics, 10 bits included."""

    id = "vaapi.hevc"
    codecs = frozenset({"hevc"})
    pixel_formats = frozenset({"yuv420p", "yuv420p10le"})
    encoder = "hevc_vaapi"


class VaapiAv1(VaapiProfile):
    """AV1 on Intel Arc, AMD RDNA 3 or newer, 10 bits included."""

    id = "vaapi.av1"
    codecs = frozenset({"av1"})
    pixel_formats = frozenset({"yuv420p", "yuv420p10le"})
    encoder = "av1_vaapi"

    def _profile(self, *, ten_bit: bool) -> str:
        return "main"  # Main holds 8 and 10 bits (AV1 specification, A.2).


def _rate(request: EncodeRequest) -> tuple[str, ...]:
    """Return the rate control: constant with its peak at the target, or variable up to one and a half times it."""
    rate = request.video_bitrate
    most = rate if request.rate_control == "cbr" else rate * 3 // 2
    buffer = rate // 2 if request.latency == "ultra-low" else rate * 2
    mode = request.rate_control.upper()
    return ("-rc_mode", mode, "-b:v", str(rate), "-maxrate", str(most), "-bufsize", str(buffer))


def _gop(request: EncodeRequest) -> tuple[str, ...]:
    """Return a fixed GOP. Keyframes are forced at its frames, so that they are those of any other encoder's."""
    gop = request.gop
    return ("-g", str(gop), "-bf", str(request.b_frames), "-force_key_frames", f"expr:not(mod(n,{gop}))")
