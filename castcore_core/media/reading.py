"""Read what an opened container holds."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
from av.container import InputContainer

from castcore_core.media.info import AudioStream, MediaInfo, VideoStream

# FFmpeg's numbers (libavutil/pixfmt.h), which follow ITU-T H.273
_MATRICES = {1: "bt709", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020nc", 10: "bt2020c"}
_TRANSFERS = {1: "bt709", 6: "smpte170m", 14: "bt2020-10", 15: "bt2020-12", 16: "smpte2084", 18: "arib-std-b67"}
_FULL_RANGE = 2
_FIELD_ORDERS = range(2, 6)
"""AVFieldOrder values that mean interlaced."""

_NOT_MEDIA = frozenset({"tty", "ffmetadata", "bin", "adf", "idf", "xbin"})
"""Demuxers that take any text or binary for a picture."""

_STEADY = 0.02
"""Part by which the average may differ from the rate that fits all timestamps (libavformat's r_frame_rate)."""
_FASTEST = 60
"""Beyond it that rate is mere arithmetic, and the average tells more."""

_PACKETS = 400
"""Packets read in search of the first picture."""

MOST_PIXELS = 100_000_000
"""Pixels of a picture that is decoded; 8K has 33 million."""


class NotMedia(Exception):
    """What was opened holds nothing to play; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read(container: InputContainer, *, size: int | None) -> MediaInfo:
    """Describe the container. ``size`` is the file's size in bytes, None for other media. Raises NotMedia."""
    name = container.format.name
    if name in _NOT_MEDIA:
        raise NotMedia("media.not_media")
    still = is_still(container)
    shown = pictures(container)
    if not shown and not container.streams.audio:
        raise NotMedia("media.no_streams")
    for each in shown:
        limit_pixels(each)
    frames = _first_frames(container, shown) if shown else {}
    if still and not frames:
        raise NotMedia("media.no_picture")
    video = tuple(_video(each, frames.get(each.index), still=still) for each in shown)
    audio = tuple(_audio(each) for each in container.streams.audio)
    live = container.duration is None or still
    return MediaInfo(
        container=name,
        duration=None if live or container.duration is None else container.duration / av.time_base,
        size=size,
        bitrate=container.bit_rate or None,
        still=still,
        video=video,
        audio=audio,
        others=tuple(_others(container)),
        warnings=tuple(_warnings(container, video, audio, size, still=still)),
    )


def is_still(container: InputContainer) -> bool:
    """Say whether it is a single picture."""
    return container.format.name == "image2" or container.format.name.endswith("_pipe")


def pictures(container: InputContainer) -> list[Any]:
    """Return the video streams, covers left out."""
    return [each for each in container.streams.video if not each.disposition & each.disposition.attached_pic]


def limit_pixels(stream: Any) -> None:
    """Let the decoder refuse pictures of more than :data:`MOST_PIXELS`; raise NotMedia where that is known already."""
    context = stream.codec_context
    if context.width * context.height > MOST_PIXELS:
        raise NotMedia("media.too_many_pixels")
    context.options = {"max_pixels": str(MOST_PIXELS)}


def _first_frames(container: InputContainer, wanted: list[Any]) -> dict[int, Any]:
    """Decode up to the first picture of each video stream: rotation and fields are known only then."""
    frames: dict[int, Any] = {}
    try:
        for count, packet in enumerate(container.demux(wanted)):
            for frame in decode(packet):
                frames.setdefault(packet.stream.index, frame)
            if len(frames) == len(wanted) or count > _PACKETS:
                break
    except av.error.EOFError:
        return frames
    return frames


def decode(packet: Any) -> list[Any]:
    """Return the pictures in a packet, none where it is damaged."""
    try:
        return list(packet.decode())
    except av.error.InvalidDataError:
        return []  # the next may be whole


def _video(stream: Any, frame: Any, *, still: bool) -> VideoStream:
    context = stream.codec_context
    colours = frame if frame is not None else context
    average, base = stream.average_rate, stream.base_rate
    variable = bool(average and base and abs(average / base - 1) > _STEADY)
    rate = base if variable and base <= _FASTEST else average or stream.guessed_rate
    fps = None if still else rate
    return VideoStream(
        index=stream.index,
        codec=context.codec.canonical_name if hasattr(context.codec, "canonical_name") else context.name,
        width=context.width,
        height=context.height,
        profile=_text(stream.profile),
        fps=Fraction(fps) if fps else None,
        variable_rate=variable,
        sar=Fraction(stream.sample_aspect_ratio or 1) or Fraction(1),
        rotation=int(frame.rotation) % 360 if frame is not None else 0,
        pixel_format=context.pix_fmt,
        interlaced=bool(frame.interlaced_frame if frame is not None else context.field_order in _FIELD_ORDERS),
        full_range=int(colours.color_range) == _FULL_RANGE or str(context.pix_fmt).startswith("yuvj"),
        matrix=_MATRICES.get(int(colours.colorspace)),
        transfer=_TRANSFERS.get(int(context.color_trc)),
        bitrate=context.bit_rate or None,
        language=_language(stream),
        title=_text(stream.metadata.get("title")),
    )


def _audio(stream: Any) -> AudioStream:
    context = stream.codec_context
    return AudioStream(
        index=stream.index,
        codec=context.codec.canonical_name if hasattr(context.codec, "canonical_name") else context.name,
        channels=context.channels,
        sample_rate=context.sample_rate,
        profile=_text(stream.profile),
        bitrate=context.bit_rate or None,
        language=_language(stream),
        title=_text(stream.metadata.get("title")),
    )


def _language(stream: Any) -> str | None:
    language = _text(stream.metadata.get("language"))
    return None if language == "und" else language


def _text(value: Any) -> str | None:
    """Return text of the media fit to be shown: one line of at most 200 characters."""
    if not value:
        return None
    return "".join(each if each.isprintable() else " " for each in str(value)[:200]).strip() or None


def _others(container: InputContainer) -> Iterator[str]:
    for stream in container.streams:
        if stream.type not in ("video", "audio"):
            context = stream.codec_context
            yield context.name if context is not None else stream.type


def _warnings(
    container: InputContainer, video: tuple[Any, ...], audio: tuple[Any, ...], size: int | None, *, still: bool
) -> Iterator[str]:
    if size is not None and _end(container) > size:
        yield "media.cut_short"
    if not video:
        yield "media.no_video"
    if not audio and not still:
        yield "media.no_audio"


def _end(container: InputContainer) -> int:
    """Return where the last packet of the index ends, in bytes; 0 where the format keeps no index."""
    if "mp4" not in container.format.name.split(","):
        return 0
    ends = [each.index_entries[-1] for each in container.streams if len(each.index_entries)]
    return max((entry.pos + entry.size for entry in ends), default=0)
