"""Hold a profile against what a destination takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from castcore_core.core import Core
from castcore_core.destinations.models import StreamDestination
from castcore_core.destinations.service import Destinations
from castcore_core.ffmpeg.profile import Profile, VideoSettings, video_bitrate
from castcore_core.media.info import MediaInfo
from castcore_core.plugins.host import PluginHost
from castcore_sdk import StreamLimits

_AS_FAR_AS = (1920, 1080, 30.0)
"""Assumed of a source that does not tell."""
Excess = tuple[str, str | int | float, str | int | float]


@dataclass(frozen=True, slots=True)
class Format:
    """A picture as it is sent."""

    width: int
    height: int
    fps: float
    codecs: frozenset[str]
    """What it may be encoded with."""

    @property
    def codec(self) -> str:
        """The codec that is reckoned with."""
        return min(self.codecs, default="h264")


def format_of(profile: Profile, media: MediaInfo | None, host: PluginHost) -> Format | None:
    """Return what a profile makes of a source; None: no picture, or one that passes through and is not known."""
    if profile.video is None:
        return None
    if profile.copies_video:
        if media is None or not media.video:
            return None
        stream = media.video[0]
        return Format(*stream.displayed, float(stream.fps or 0.0), frozenset({stream.codec}))
    registered = host.registry.encoder_profiles.get(profile.encoder)
    return Format(*_size(profile.video, media), registered.item.codecs if registered else frozenset({"h264"}))


def limits_for(core: Core, destination: StreamDestination, picture: Format | None) -> StreamLimits:
    """Return what a destination takes of a picture. Raises CastCoreError."""
    configurations = core.get(Destinations).configurations
    if picture is None:
        return configurations.type_of(destination.type).item.limits
    instance = configurations.instance(destination, name=f"limits-{destination.id}")
    return instance.call_sync(instance.extension.limits_for, picture.width, picture.height, picture.fps, picture.codec)


def exceeded(profile: Profile, limits: StreamLimits, picture: Format | None) -> Iterator[Excess]:
    """Yield what is too much: its name, the profile's value and the destination's limit."""
    if picture is not None:
        yield from _picture(picture, limits)
        if profile.video is not None and not profile.copies_video:
            yield from _encoding(profile.video, picture, limits)
    if profile.audio is not None and not profile.copies_audio:
        if profile.audio.codec not in limits.audio_codecs:
            yield "audio_codec", profile.audio.codec, ", ".join(sorted(limits.audio_codecs))
        if limits.max_audio_bitrate is not None and profile.audio.bitrate > limits.max_audio_bitrate:
            yield "audio_bitrate", profile.audio.bitrate, limits.max_audio_bitrate


def _picture(picture: Format, limits: StreamLimits) -> Iterator[Excess]:
    if not picture.codecs & limits.video_codecs:
        yield "video_codec", ", ".join(sorted(picture.codecs)), ", ".join(sorted(limits.video_codecs))
    for what, value, limit in (
        ("width", picture.width, limits.max_width),
        ("height", picture.height, limits.max_height),
    ):
        if limit is not None and value > limit:
            yield what, value, limit
    if limits.max_fps is not None and picture.fps > limits.max_fps + 0.01:
        yield "fps", round(picture.fps, 2), limits.max_fps


def _encoding(settings: VideoSettings, picture: Format, limits: StreamLimits) -> Iterator[Excess]:
    bitrate = settings.bitrate or video_bitrate(picture.width, picture.height, picture.fps, picture.codec)
    if limits.max_video_bitrate is not None and bitrate > limits.max_video_bitrate:
        yield "video_bitrate", bitrate, limits.max_video_bitrate
    if limits.constant_bitrate and settings.rate_control != "cbr":
        yield "rate_control", settings.rate_control, "cbr"
    longest = limits.keyframe_interval.total_seconds() if limits.keyframe_interval else None
    if longest is not None and settings.keyframe_interval > longest:
        yield "keyframe_interval", settings.keyframe_interval, longest


def _size(settings: VideoSettings, media: MediaInfo | None) -> tuple[int, int, float]:
    width, height, fps = _AS_FAR_AS
    if media is not None and media.video:
        width, height = media.video[0].displayed
        fps = float(media.video[0].fps or fps)
    if settings.height and not settings.width:
        width = round(width * settings.height / height)
    if settings.width and not settings.height:
        height = round(height * settings.width / width)
    return settings.width or width, settings.height or height, settings.fps or fps
