"""AV1 with SVT-AV1."""

from __future__ import annotations

from castcore_core.builtin.software import SoftwareConfig, SoftwareEncoder, buffer_size
from castcore_sdk import EncoderArguments, EncodeRequest

PRESETS = {"fast": "9", "balanced": "8", "quality": "6"}
"""From preset 10 on SVT-AV1 itself warns of visible artefacts."""


class SvtAv1(SoftwareEncoder[SoftwareConfig]):
    """AV1 on the processor: the lowest bit rate, for platforms and players that take it."""

    id = "builtin.svtav1"
    codecs = frozenset({"av1"})
    pixel_formats = frozenset({"yuv420p", "yuv420p10le"})
    encoder = "libsvtav1"

    def arguments(self, request: EncodeRequest, /) -> EncoderArguments:
        """Return arguments that SVT-AV1 1.4 (ffmpeg 5.1) and 4.0 (ffmpeg 9.0) both take.

        Neither takes ``maxrate`` at the target rate, constant rates need its low-delay structure, and its
        low-delay structure knows constant rates only: low latency is therefore always constant. It chooses its own
        reference structure, so ``b_frames`` has no say.
        """
        self.require(request)
        constant = request.rate_control == "cbr" or request.latency != "standard"
        own = "rc=2:pred-struct=1" if constant else "rc=1:pred-struct=2"
        return EncoderArguments(
            output_options=(
                *("-c:v", self.encoder, "-preset", PRESETS[request.preset]),
                *("-b:v", str(request.video_bitrate), "-bufsize", buffer_size(request), "-g", str(request.gop)),
                *("-pix_fmt", request.pixel_format),
                *("-svtav1-params", f"{own}:scd=0" + (f":lp={self.config.threads}" if self.config.threads else "")),
            )
        )
