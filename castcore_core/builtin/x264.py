"""H.264 with x264."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from castcore_core.builtin.software import SoftwareConfig, SoftwareEncoder, rate_options
from castcore_sdk import EncoderArguments, EncodeRequest, ui

PRESETS = {"fast": "superfast", "balanced": "veryfast", "quality": "medium"}


class X264Config(SoftwareConfig):
    """Settings of the H.264 encoder."""

    tune: Literal["film", "animation", "grain", "stillimage"] | None = Field(
        default=None, json_schema_extra=ui(widget="select", advanced=True)
    )
    """What kind of picture it should do best; empty: anything."""


class X264(SoftwareEncoder[X264Config]):
    """H.264 on the processor: works everywhere, every player understands it."""

    id = "builtin.x264"
    codecs = frozenset({"h264"})
    encoder = "libx264"

    def arguments(self, request: EncodeRequest, /) -> EncoderArguments:
        """Return a closed GOP of fixed length: ``keyint_min`` equal to ``g`` and no keyframes at scene cuts."""
        self.require(request)
        gop = str(request.gop)
        tune = ",".join(
            [*([self.config.tune] if self.config.tune else []), *(["zerolatency"] * (request.latency != "standard"))]
        )
        return EncoderArguments(
            output_options=(
                *("-c:v", self.encoder, "-preset", PRESETS[request.preset]),
                *rate_options(request),
                *("-g", gop, "-keyint_min", gop, "-sc_threshold", "0", "-bf", str(request.b_frames)),
                *("-pix_fmt", request.pixel_format, "-profile:v", request.profile or "high"),
                *(("-tune", tune) if tune else ()),
                *(("-threads", str(self.config.threads)) if self.config.threads else ()),
            )
        )
