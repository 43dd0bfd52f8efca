"""What YouTube takes, by picture and codec.

Figures: "Choose live encoder settings, bitrates, and resolutions", https://support.google.com/youtube/answer/2853702.
For H.264 it names a recommended rate, for H.265 and AV1 the highest; archives: 12 hours at most.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from castcore_sdk import StreamLimits

_MEGABIT = 1_000_000
_RATES = {
    # Lines of the picture, then up to 30 frames and above: H.264, H.265 and AV1.
    2160: ((30, 35), (35, 40)),
    1440: ((15, 25), (24, 30)),
    1080: ((10, 8), (12, 10)),
    720: ((4, 8), (6, 8)),
}
_SMOOTH = 30.5
"""Frames per second from which the higher rate holds."""

LIMITS = StreamLimits(
    max_video_bitrate=40 * _MEGABIT,
    max_audio_bitrate=384_000,
    max_width=3840,
    max_height=2160,
    max_fps=60,
    keyframe_interval=timedelta(seconds=4),
    video_codecs=frozenset({"h264", "hevc", "av1"}),
    audio_codecs=frozenset({"aac", "mp3"}),
    max_duration=timedelta(hours=12),
)
"""The most of everything."""


def limits_for(width: int, height: int, fps: float, codec: str) -> StreamLimits:
    """Return the limits for one picture; upright ones are measured by their width."""
    upright = height > width
    lines = min(size for size in _RATES if size >= min(width, height, 2160))
    h264, other = _RATES[lines][fps > _SMOOTH]
    return replace(
        LIMITS,
        max_video_bitrate=(h264 if codec == "h264" else other) * _MEGABIT,
        max_width=LIMITS.max_height if upright else LIMITS.max_width,
        max_height=LIMITS.max_width if upright else LIMITS.max_height,
    )
