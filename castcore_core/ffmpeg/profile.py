"""Encoding profiles: how a rendition is to look and sound."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

CopyMode = Literal["off", "video", "audio", "all"]
Corner = Literal["top-left", "top-right", "bottom-left", "bottom-right", "center"]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class VideoSettings(_Settings):
    """The picture; what is None follows the source."""

    width: int | None = Field(default=None, ge=16, le=8192, multiple_of=2)
    height: int | None = Field(default=None, ge=16, le=8192, multiple_of=2)
    """Given alone, the width follows the source's shape."""
    fps: float | None = Field(default=None, ge=1, le=240)
    bitrate: int | None = Field(default=None, ge=50_000, le=200_000_000)
    """Bits per second; None: by size and rate, see ``video_bitrate``."""
    keyframe_interval: float = Field(default=2.0, ge=0.5, le=10)
    """Seconds."""
    preset: Literal["fast", "balanced", "quality"] = "balanced"
    tune: Literal["film", "animation", "grain", "stillimage"] | None = None
    """Taken over into the configuration of encoders that have it."""
    pixel_format: Literal["yuv420p", "yuv420p10le"] = "yuv420p"
    deinterlace: Literal["auto", "off", "yadif", "bwdif"] = "auto"
    """``auto``: bwdif where the source is interlaced."""
    rate_control: Literal["cbr", "vbr"] = "cbr"


class Loudness(_Settings):
    """Loudness normalisation (EBU R128, one pass)."""

    target: float = Field(default=-23.0, ge=-40, le=-5)
    """LUFS: -23 for broadcast (EBU R128), -14 as streaming platforms play."""
    true_peak: float = Field(default=-1.5, ge=-9, le=0)
    """dBTP."""


class AudioSettings(_Settings):
    """The sound."""

    codec: Literal["aac", "opus"] = "aac"
    bitrate: int = Field(default=160_000, ge=16_000, le=512_000)
    """Bits per second."""
    sample_rate: Literal[44100, 48000] = 48000
    channels: Literal[1, 2] = 2
    loudness: Loudness | None = None


class Logo(_Settings):
    """A picture laid over the programme."""

    path: str = Field(min_length=1)
    position: Corner = "top-right"
    opacity: float = Field(default=1.0, gt=0, le=1)
    scale: float = Field(default=0.12, gt=0, le=1)
    """Its width as a part of the programme's."""


class TextOverlay(_Settings):
    """A line of text laid over the programme."""

    text: str = Field(min_length=1, max_length=1000, pattern=r"^[^\x00-\x09\x0b-\x1f\x7f]+$")
    """Lines are parted by a newline. Other control characters are refused: a tab ends build 5.1 with SIGFPE."""
    position: Corner = "bottom-left"
    size: float = Field(default=0.05, gt=0, le=0.5)
    """Height of the letters as a part of the picture's."""
    color: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] = "#ffffff"
    box: bool = True
    """A dark ground behind the letters."""


class Filters(_Settings):
    """What is laid over the programme."""

    logo: Logo | None = None
    text: TextOverlay | None = None


class Profile(_Settings):
    """One way to encode."""

    name: str = Field(min_length=1, max_length=100)
    encoder: str = "builtin.x264"
    """Id of the encoder extension."""
    encoder_options: dict[str, str | int | float | bool | None] = Field(default_factory=dict, max_length=32)
    """Settings of that encoder, as its own schema names them; such as the device."""
    encoder_fallback: Literal["software", "none"] = "software"
    """What encodes where that encoder has no device or no room: the built-in one, or nothing."""
    video: VideoSettings | None = VideoSettings()
    """None: sound alone."""
    audio: AudioSettings | None = AudioSettings()
    """None: picture alone."""
    filters: Filters = Filters()
    copy_mode: CopyMode = "off"
    """What passes through as it is; copied streams ignore their settings."""
    latency: Literal["standard", "low", "ultra-low"] = "standard"

    @property
    def copies_video(self) -> bool:
        """Say whether the picture passes through."""
        return self.video is not None and self.copy_mode in ("video", "all")

    @property
    def copies_audio(self) -> bool:
        """Say whether the sound passes through."""
        return self.audio is not None and self.copy_mode in ("audio", "all")


_EFFICIENCY = {"h264": 1.0, "hevc": 0.65, "av1": 0.55}
_REFERENCE_PIXELS = 1920 * 1080
_REFERENCE_BITRATE = 4_500_000
_STEP = 50_000


def video_bitrate(width: int, height: int, fps: float | Fraction, codec: str = "h264") -> int:
    """Return bits per second for a picture: 4.5 Mbit/s at 1920x1080 and 30 Hz in H.264.

    It grows with the number of pixels to the power 0.75 and the rate to the power 0.4, since neighbours resemble each
    other the more the closer they are: 1080p60 gets 5.95 Mbit/s (Twitch takes 6), 720p30 2.45, 2160p60 16.8.
    HEVC takes 65 %, AV1 55 % of that. Rounded to 50 kbit/s, between 200 kbit/s and 40 Mbit/s.
    """
    pixels = math.pow(width * height / _REFERENCE_PIXELS, 0.75)
    rate = _REFERENCE_BITRATE * pixels * math.pow(float(fps) / 30, 0.4) * _EFFICIENCY.get(codec, 1.0)
    return min(40_000_000, max(200_000, round(rate / _STEP) * _STEP))


def _named(name: str, width: int, height: int, fps: float) -> Profile:
    return Profile(name=name, video=VideoSettings(width=width, height=height, fps=fps))


PRESETS = {
    profile.name: profile
    for profile in (
        Profile(name="source"),
        _named("1080p60", 1920, 1080, 60),
        _named("1080p30", 1920, 1080, 30),
        _named("720p60", 1280, 720, 60),
        _named("720p30", 1280, 720, 30),
        _named("480p30", 854, 480, 30),
        Profile(name="audio-only", video=None),
    )
}
"""The profiles that are always there; ``source`` keeps the source's size and rate and is the default."""

COPY = Profile(name="copy", copy_mode="all")
"""Everything passes through."""
