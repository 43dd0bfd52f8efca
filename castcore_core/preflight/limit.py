"""Hold a profile against what a destination takes."""

from __future__ import annotations

from collections.abc import Iterator

from castcore_core.ffmpeg.profile import Profile, video_bitrate
from castcore_core.media.info import MediaInfo
from castcore_core.plugins.host import PluginHost
from castcore_sdk import StreamLimits

_AS_FAR_AS = (1920, 1080, 30.0)
"""Assumed of a source that does not tell."""
Excess = tuple[str, str | int | float, str | int | float]


def exceeded(profile: Profile, limits: StreamLimits, media: MediaInfo | None, host: PluginHost) -> Iterator[Excess]:
    """Yield what is too much: its name, the profile's value and the destination's limit."""
    if profile.video is not None and not profile.copies_video:
        yield from _picture(profile, limits, media, host)
    elif profile.copies_video and media is not None and media.video:
        codec = media.video[0].codec
        if codec not in limits.video_codecs:
            yield "video_codec", codec, ", ".join(sorted(limits.video_codecs))
    if profile.audio is not None and not profile.copies_audio:
        if profile.audio.codec not in limits.audio_codecs:
            yield "audio_codec", profile.audio.codec, ", ".join(sorted(limits.audio_codecs))
        if limits.max_audio_bitrate is not None and profile.audio.bitrate > limits.max_audio_bitrate:
            yield "audio_bitrate", profile.audio.bitrate, limits.max_audio_bitrate


def _picture(profile: Profile, limits: StreamLimits, media: MediaInfo | None, host: PluginHost) -> Iterator[Excess]:
    settings = profile.video
    assert settings is not None
    width, height, fps = _size(profile, media)
    registered = host.registry.encoder_profiles.get(profile.encoder)
    codecs = registered.item.codecs if registered else frozenset({"h264"})
    if not codecs & limits.video_codecs:
        yield "video_codec", ", ".join(sorted(codecs)), ", ".join(sorted(limits.video_codecs))
    bitrate = settings.bitrate or video_bitrate(width, height, fps, min(codecs, default="h264"))
    sizes = (("width", width, limits.max_width), ("height", height, limits.max_height))
    for what, value, limit in (*sizes, ("video_bitrate", bitrate, limits.max_video_bitrate)):
        if limit is not None and value > limit:
            yield what, value, limit
    if limits.max_fps is not None and fps > limits.max_fps + 0.01:
        yield "fps", round(fps, 2), limits.max_fps
    longest = limits.keyframe_interval.total_seconds() if limits.keyframe_interval else None
    if longest is not None and settings.keyframe_interval > longest:
        yield "keyframe_interval", settings.keyframe_interval, longest


def _size(profile: Profile, media: MediaInfo | None) -> tuple[int, int, float]:
    settings = profile.video
    assert settings is not None
    width, height, fps = _AS_FAR_AS
    if media is not None and media.video:
        width, height = media.video[0].displayed
        fps = float(media.video[0].fps or fps)
    if settings.height and not settings.width:
        width = round(width * settings.height / height)
    if settings.width and not settings.height:
        height = round(height * settings.width / width)
    return settings.width or width, settings.height or height, settings.fps or fps
