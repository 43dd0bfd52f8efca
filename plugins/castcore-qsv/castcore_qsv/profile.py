"""The profiles: which arguments make Quick Sync do what is asked."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from castcore_qsv.availability import availability, nodes
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

PRESETS = {"fast": "veryfast", "balanced": "medium", "quality": "slower"}
"""Intel's target usages 7, 4 and 2."""
FIRST_NODE = "/dev/dri/renderD128"
"""What Linux calls the first graphics card."""


class QsvConfig(ExtensionConfig):
    """Settings of the Quick Sync encoder."""

    device: str | None = Field(
        default=None,
        pattern=r"^/dev/dri/renderD[0-9]{1,3}$",
        json_schema_extra=ui(widget="path"),
    )
    """Render node of the Intel graphics; empty: one that works and has room."""


class QsvProfile(EncoderProfile[QsvConfig], ABC):
    """What the three codecs have in common."""

    encoder: ClassVar[str]
    """Its name in ffmpeg."""

    def available(self, ffmpeg: FFmpegInfo, hardware: HardwareInfo, /) -> Sequence[CheckResult]:
        """Look for the encoder in the build and for Intel graphics; only a probe encode proves that it encodes."""
        return availability(self.encoder, self.config.device, ffmpeg, hardware)

    def devices(self, hardware: HardwareInfo, /) -> Sequence[EncoderDevice]:
        """Return the render nodes of Intel graphics, or the one that the configuration names."""
        return nodes(self.config.device, hardware)

    def arguments(self, request: EncodeRequest, /) -> EncoderArguments:
        """Return arguments that ffmpeg 5.1 and 9.0 both know (AV1: from 6.1 on)."""
        self.require(request)
        ten_bit = request.pixel_format == "yuv420p10le"
        return EncoderArguments(
            input_options=("-qsv_device", request.device or self.config.device or FIRST_NODE),
            filters=("format=p010le" if ten_bit else "format=nv12",),
            output_options=(
                *("-c:v", self.encoder, "-preset", PRESETS[request.preset]),
                *_rate(request),
                *_gop(request),
                *("-profile:v", request.profile or self._profile(ten_bit=ten_bit)),
                # One frame at a time: the default of four costs three frames of delay.
                *(("-async_depth", "1") if request.latency != "standard" else ()),
            ),
        )

    def _profile(self, *, ten_bit: bool) -> str:
        return "main10" if ten_bit else "main"


class QsvH264(QsvProfile):
    """H.264 on Intel graphics."""

    id = "qsv.h264"
    codecs = frozenset({"h264"})
    encoder = "h264_qsv"

    def _profile(self, *, ten_bit: bool) -> str:
        return "high"


class QsvHevc(QsvProfile):
    """HEVC on Intel graphics, 10 bits included."""

    id = "qsv.hevc"
    codecs = frozenset({"hevc"})
    pixel_formats = frozenset({"yuv420p", "yuv420p10le"})
    encoder = "hevc_qsv"


class QsvAv1(QsvProfile):
    """AV1 on Intel Arc and the graphics of Core Ultra, 10 bits included."""

    id = "qsv.av1"
    codecs = frozenset({"av1"})
    pixel_formats = frozenset({"yuv420p", "yuv420p10le"})
    encoder = "av1_qsv"

    def _profile(self, *, ten_bit: bool) -> str:
        return "main"  # Main holds 8 and 10 bits (AV1 specification, A.2).


def _rate(request: EncodeRequest) -> tuple[str, ...]:
    """Return the rate control, which the encoder takes from the rates: constant where the peak is the target."""
    rate = request.video_bitrate
    most = rate if request.rate_control == "cbr" else rate * 3 // 2
    buffer = rate // 2 if request.latency == "ultra-low" else rate * 2
    return ("-b:v", str(rate), "-maxrate", str(most), "-bufsize", str(buffer))


def _gop(request: EncodeRequest) -> tuple[str, ...]:
    """Return a fixed GOP. Keyframes are forced at its frames, so that they are those of any other encoder's."""
    gop = request.gop
    forced = ("-forced_idr", "1", "-force_key_frames", f"expr:not(mod(n,{gop}))")
    return ("-g", str(gop), "-bf", str(request.b_frames), *forced)
