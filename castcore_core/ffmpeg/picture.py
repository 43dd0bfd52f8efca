"""Decide a rendition's size, rate and colours, and build the filters that make them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from castcore_core.ffmpeg.profile import VideoSettings
from castcore_core.media.info import VideoStream

_RATES = tuple(
    Fraction(*rate)
    for rate in ((24000, 1001), (24, 1), (25, 1), (30000, 1001), (30, 1), (48, 1), (50, 1), (60000, 1001), (60, 1))
)
"""Rates in use in film and television."""
_FASTEST = Fraction(120)
_SD_HEIGHT = 720
"""Below it, media without a label is taken for standard definition (ITU-R BT.601), as players do."""

_SLACK = 2
"""Pixels by which a picture is stretched rather than given a hair-thin border: sources of odd size."""

_COLOURS = {
    # matrix: (primaries, transfer, matrix)
    "bt709": ("bt709", "bt709", "bt709"),
    "smpte170m": ("smpte170m", "smpte170m", "smpte170m"),
    "bt470bg": ("bt470bg", "smpte170m", "bt470bg"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What a rendition's picture is; None follows a source that is not known before it runs."""

    width: int | None
    height: int | None
    fps: Fraction | None
    colours: str = "bt709"


def steady_rate(fps: Fraction | float) -> Fraction:
    """Return the nearest rate in use where it is within half a per cent, else a simple fraction; at most 120."""
    exact = Fraction(fps)
    nearest = min(_RATES, key=lambda rate: abs(rate - exact))
    if abs(nearest / exact - 1) < Fraction(5, 1000):
        return nearest
    return min(exact.limit_denominator(1001), _FASTEST)


def plan_picture(settings: VideoSettings, source: VideoStream | None) -> Picture:
    """Return what the picture becomes: what the settings fix, else what the source has, in even numbers."""
    rate = settings.fps or (source.fps if source is not None else None)
    width, height = _size(settings, source)
    return Picture(
        width=width,
        height=height,
        fps=steady_rate(rate) if rate else None,
        colours=_colours(source),
    )


def _size(settings: VideoSettings, source: VideoStream | None) -> tuple[int | None, int | None]:
    if settings.width and settings.height:
        return settings.width, settings.height
    if source is None:
        return settings.width, settings.height
    width, height = source.displayed
    if settings.height:
        return _even(width * settings.height / height), settings.height
    if settings.width:
        return settings.width, _even(height * settings.width / width)
    return _even(width), _even(height)


def _even(length: float) -> int:
    return max(2, int(length + 0.01) // 2 * 2)


def _colours(source: VideoStream | None) -> str:
    if source is None:
        return "bt709"
    if source.matrix is None:
        return "smpte170m" if source.displayed[1] < _SD_HEIGHT else "bt709"
    return source.matrix if source.matrix in _COLOURS else "bt709"


def deinterlacer(settings: VideoSettings, source: VideoStream | None) -> str | None:
    """Return the filter that turns two fields into one frame, None where there is nothing to do."""
    wanted = settings.deinterlace
    if wanted == "auto":
        wanted = "bwdif" if source is not None and source.interlaced else "off"
    return None if wanted == "off" else f"{wanted}=mode=send_frame:parity=auto:deint=all"


def shaping(picture: Picture, source: VideoStream | None) -> Iterator[str]:
    """Yield the filters from the decoded to the wanted picture: scaled, centred on black, square pixels, steady."""
    if source is not None and picture.width and picture.height:
        yield from _fit(picture.width, picture.height, source)
    else:
        yield from _fit_unknown(picture)
    yield "setsar=1"
    if picture.fps is not None:
        yield f"fps={picture.fps}:start_time=0"  # all renditions start, and so cut, at the same times


def _fit(width: int, height: int, source: VideoStream) -> Iterator[str]:
    shown_width, shown_height = source.displayed
    factor = min(width / shown_width, height / shown_height)
    inner = min(width, _even(shown_width * factor + 1)), min(height, _even(shown_height * factor + 1))
    if width - inner[0] <= _SLACK and height - inner[1] <= _SLACK:
        inner = (width, height)
    yield f"scale={inner[0]}:{inner[1]}{_conversion(source)}"
    if inner != (width, height):
        yield f"pad={width}:{height}:(ow-iw)/2:(oh-ih)/2"


def _conversion(source: VideoStream) -> str:
    """Return the scaler's options where the source's range or matrix is none that a stream carries."""
    options = ":out_range=tv" if source.full_range else ""
    if source.matrix is not None and source.matrix not in _COLOURS:
        options += ":out_color_matrix=bt709"
    return options


def _fit_unknown(picture: Picture) -> Iterator[str]:
    yield "scale=w=trunc(iw*sar/2)*2:h=trunc(ih/2)*2"
    if picture.width and picture.height:
        size = f"{picture.width}:{picture.height}"
        yield f"scale={size}:force_original_aspect_ratio=decrease:force_divisible_by=2"
        yield f"pad={size}:(ow-iw)/2:(oh-ih)/2"
    elif picture.width or picture.height:
        yield f"scale={picture.width or -2}:{picture.height or -2}"


def finishing(picture: Picture, pixel_format: str) -> Iterator[str]:
    """Yield the filters that fix the pixel format and say its colours; source and slate must end alike."""
    primaries, transfer, matrix = _COLOURS[picture.colours]
    yield f"format={pixel_format}"
    yield f"setparams=range=tv:color_primaries={primaries}:color_trc={transfer}:colorspace={matrix}"


def gop_seconds(interval: float, fps: Fraction) -> Fraction:
    """Return the keyframe interval in whole frames, as seconds: never shorter than ``interval``."""
    frames = math.ceil(Fraction(interval).limit_denominator(1000) * fps)
    return Fraction(max(1, frames)) / fps
