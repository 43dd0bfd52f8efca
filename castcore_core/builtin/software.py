"""What the software encoders have in common: they need nothing but a build that lists them."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from castcore_sdk import (
    CheckResult,
    ConfigT,
    EncodeRequest,
    EncoderProfile,
    ExtensionConfig,
    FFmpegInfo,
    HardwareInfo,
    Severity,
    ui,
)


class SoftwareConfig(ExtensionConfig):
    """Settings of an encoder that runs on the processor."""

    threads: int | None = Field(default=None, ge=1, le=64, json_schema_extra=ui(advanced=True))
    """How many threads it uses; empty: as many as it finds useful."""


class SoftwareEncoder(EncoderProfile[ConfigT], ABC):
    """An encoder that runs on the processor."""

    encoder: ClassVar[str]
    """Its name in ffmpeg."""

    def available(self, ffmpeg: FFmpegInfo, hardware: HardwareInfo, /) -> Sequence[CheckResult]:
        """Say whether this build has the encoder; the hardware does not matter."""
        listed = self.encoder in ffmpeg.encoders
        return (
            CheckResult(
                code="encoders.available" if listed else "encoders.not_in_build",
                severity=Severity.OK if listed else Severity.ERROR,
                params={"encoder": self.encoder, "version": ".".join(str(part) for part in ffmpeg.version)},
            ),
        )


def buffer_size(request: EncodeRequest) -> str:
    """Return the rate buffer in bits: two seconds, or half a second for ultra-low latency."""
    return str(request.video_bitrate // 2 if request.latency == "ultra-low" else request.video_bitrate * 2)


def rate_options(request: EncodeRequest) -> tuple[str, ...]:
    """Return the bit-rate options of x264 and x265.

    Constant: the peak is the target. Variable: peaks of one and a half times the target.
    """
    rate = request.video_bitrate
    most = rate if request.rate_control == "cbr" else rate * 3 // 2
    return ("-b:v", str(rate), "-maxrate", str(most), "-bufsize", buffer_size(request))
