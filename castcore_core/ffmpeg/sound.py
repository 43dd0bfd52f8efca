"""Build filters and encoder arguments of the sound."""

from __future__ import annotations

from collections.abc import Iterator

from castcore_core.ffmpeg.profile import AudioSettings

_LAYOUTS = {1: "mono", 2: "stereo"}


def sound_filters(settings: AudioSettings) -> Iterator[str]:
    """Yield the filters: gaps and late starts filled with silence, loudness, rate, channels.

    Loudness in one pass looks 3 s ahead, and the stream comes that much later.
    """
    yield f"aresample={settings.sample_rate}:async=1:first_pts=0"
    if loudness := settings.loudness:
        yield f"loudnorm=I={loudness.target:g}:TP={loudness.true_peak:g}:LRA=11"
        yield f"aresample={settings.sample_rate}"  # loudnorm delivers 192 kHz
    yield f"aformat=channel_layouts={_LAYOUTS[settings.channels]}"


def sound_options(settings: AudioSettings) -> tuple[str, ...]:
    """Return the encoder's arguments."""
    encoder = {"aac": "aac", "opus": "libopus"}[settings.codec]
    rate = "48000" if settings.codec == "opus" else str(settings.sample_rate)
    return ("-c:a", encoder, "-b:a", str(settings.bitrate), "-ar", rate, "-ac", str(settings.channels))


def silent_input(settings: AudioSettings) -> tuple[str, ...]:
    """Return an input of endless silence."""
    return ("-f", "lavfi", "-i", f"anullsrc=r={settings.sample_rate}:cl={_LAYOUTS[settings.channels]}")
