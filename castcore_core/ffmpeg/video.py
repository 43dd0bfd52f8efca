"""What one rendition asks of its video encoder, alike for programme and slate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Protocol

from castcore_core.ffmpeg.picture import Picture, finishing, gop_seconds, plan_picture
from castcore_core.ffmpeg.profile import Profile, VideoSettings, video_bitrate
from castcore_core.media.info import VideoStream
from castcore_sdk import EncoderArguments, EncodeRequest

_ASSUMED_SIZE = (1920, 1080)
_ASSUMED_RATE = Fraction(30)
_FASTEST_ASSUMED = Fraction(60)
"""Keyframes of a source of unknown rate are forced by time; ``-g`` must not come before them."""
_CODECS = ("h264", "hevc", "av1")
_TAKES_FORCED_IDR = frozenset({"libx264", "libx265", "h264_nvenc", "hevc_nvenc"})
"""Encoders whose forced keyframes would otherwise be mere intra pictures."""


class VideoEncoder(Protocol):
    """What is asked of an encoder: an ``EncoderProfile``, or something that guards one."""

    @property
    def codecs(self) -> frozenset[str]:
        """Return the codecs that it writes."""

    def arguments(self, request: EncodeRequest, /) -> EncoderArguments:
        """Return its ffmpeg arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """One encoded version that is wanted; ``encoder`` is None where the picture is copied or absent."""

    id: str
    profile: Profile
    encoder: VideoEncoder | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoPlan:
    """How one rendition's picture is made."""

    picture: Picture
    settings: VideoSettings
    codec: str
    encoder: EncoderArguments

    @property
    def gop(self) -> Fraction | None:
        """Return the keyframe interval in seconds; None where the rate is unknown."""
        return gop_seconds(self.settings.keyframe_interval, self.picture.fps) if self.picture.fps else None

    @property
    def ending(self) -> tuple[str, ...]:
        """Return the last filters: pixel format, colours, and what the encoder wants."""
        return (*finishing(self.picture, self.settings.pixel_format), *self.encoder.filters)

    def forced_keyframes(self) -> tuple[str, ...]:
        """Return arguments that set keyframes by time."""
        options = self.encoder.output_options
        forced = ("-force_key_frames", f"expr:gte(t,n_forced*{self.settings.keyframe_interval:g})")
        return (*forced, "-forced-idr", "1") if _TAKES_FORCED_IDR.intersection(options) else forced


def plan_video(rendition: Rendition, source: VideoStream | None) -> VideoPlan:
    """Ask the encoder for its arguments. ``source`` is None where it is unknown.

    Raises ConfigurationError where the encoder cannot do what the profile asks.
    """
    settings, encoder = rendition.profile.video, rendition.encoder
    if settings is None or encoder is None:
        raise ValueError(f"rendition {rendition.id} encodes no picture")
    picture = plan_picture(settings, source)
    codec = min(encoder.codecs, key=lambda name: _CODECS.index(name) if name in _CODECS else len(_CODECS))
    width, height = picture.width or _ASSUMED_SIZE[0], picture.height or _ASSUMED_SIZE[1]
    rate = picture.fps or _FASTEST_ASSUMED
    request = EncodeRequest(
        width=width,
        height=height,
        fps=float(rate),
        video_bitrate=settings.bitrate or video_bitrate(width, height, picture.fps or _ASSUMED_RATE, codec),
        keyframe_interval=timedelta(seconds=float(gop_seconds(settings.keyframe_interval, rate))),
        codec=codec,
        pixel_format=settings.pixel_format,
        rate_control=settings.rate_control,
        latency=rendition.profile.latency,
        preset=settings.preset,
    )
    return VideoPlan(picture=picture, settings=settings, codec=codec, encoder=encoder.arguments(request))
