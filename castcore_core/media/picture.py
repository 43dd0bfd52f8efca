"""Make small and safe pictures out of untrusted media, inside of the worker."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import av.filter
from av.container import InputContainer

from castcore_core.media.reading import NotMedia, decode, is_still, limit_pixels, pictures

SEEK_PART = 10
"""A thumbnail is taken behind one part in so many: openings are black or a logo."""
_TALLEST = 4
"""A thumbnail is at most so many times as high as wide."""
_QUALITY = "72"
LARGEST = (3840, 2160)
"""Width and height that a picture is made to fit in; no stream of ours is larger."""

_TURNS = {90: ("transpose=cclock",), 180: ("hflip", "vflip"), 270: ("transpose=clock",)}
_PACKETS = 2000
"""Packets read in search of a picture."""


def thumbnail(container: InputContainer, width: int) -> bytes:
    """Return a WebP picture of ``width`` pixels, upright, in square pixels. Raises NotMedia ``media.no_picture``."""
    stream = _stream(container)
    frame = _early_frame(container, stream) or _first_frame(container, stream)
    shape = _fitted(frame, stream, width, width * _TALLEST, enlarge=True)
    picture = _drawn(frame, shape, "yuva420p" if _has_alpha(frame) else "yuv420p")
    return _encoded(picture, "libwebp", {"quality": _QUALITY, "compression_level": "2"})


def re_encode(container: InputContainer) -> tuple[dict[str, Any], bytes]:
    """Return the first picture anew, upright and no larger than :data:`LARGEST`: its shape, and its bytes.

    What came as JPEG goes as JPEG, all else as PNG. Raises NotMedia ``media.no_picture``.
    """
    stream = _stream(container)
    frame = _first_frame(container, stream)
    shape = _fitted(frame, stream, *LARGEST, enlarge=False)
    if container.format.name == "jpeg_pipe":
        kind, picture = "image/jpeg", _drawn(frame, shape, "yuvj420p")
        body = _encoded(picture, "mjpeg", {"qmin": "2", "qmax": "2"})
    else:
        kind, picture = "image/png", _drawn(frame, shape, "rgba" if _has_alpha(frame) else "rgb24")
        body = _encoded(picture, "png", {"pred": "mixed"})
    return {"media_type": kind, "width": picture.width, "height": picture.height}, body


def _stream(container: InputContainer) -> Any:
    """Return the stream that shows the media: its picture, or else its cover."""
    found = [*pictures(container), *container.streams.video]
    if not found:
        raise NotMedia("media.no_picture")
    limit_pixels(found[0])
    return found[0]


def _early_frame(container: InputContainer, stream: Any) -> Any:
    """Return the keyframe next to a tenth of the way, None where it cannot be sought there."""
    if not container.duration or is_still(container) or stream.disposition & stream.disposition.attached_pic:
        return None
    start = container.start_time or 0
    stream.codec_context.skip_frame = "NONKEY"
    try:
        container.seek(start + container.duration // SEEK_PART)
        if (frame := next(_frames(container, stream), None)) is not None:
            return frame
        container.seek(start)
    except av.FFmpegError:
        return None
    finally:
        stream.codec_context.skip_frame = "DEFAULT"
    return None


def _first_frame(container: InputContainer, stream: Any) -> Any:
    frame = next(_frames(container, stream), None)
    if frame is None:
        raise NotMedia("media.no_picture")
    return frame


def _frames(container: InputContainer, stream: Any) -> Iterator[Any]:
    try:
        for count, packet in enumerate(container.demux(stream)):
            yield from decode(packet)
            if count > _PACKETS:
                return
    except av.error.EOFError:
        return


def _fitted(frame: Any, stream: Any, width: int, height: int, *, enlarge: bool) -> tuple[int, int, int]:
    """Return width and height before it is turned, and the turn in degrees, for a picture inside of a box."""
    turn = int(frame.rotation) % 360 // 90 * 90
    aspect = Fraction(stream.sample_aspect_ratio or 1) or Fraction(1)
    stored = (max(1.0, float(frame.width * aspect)), float(frame.height))
    box = (height, width) if turn % 180 else (width, height)
    factor = min(box[0] / stored[0], box[1] / stored[1])
    if not enlarge:
        factor = min(1.0, factor)
    return (*(max(2, round(side * factor / 2) * 2) for side in stored), turn)  # type: ignore[return-value]


def _drawn(frame: Any, shape: tuple[int, int, int], pixel_format: str) -> Any:
    width, height, turn = shape
    graph = av.filter.Graph()
    steps = [f"scale={width}:{height}", *_TURNS.get(turn, ()), f"format={pixel_format}"]
    last: Any = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 1000)
    )
    first = last
    for step in steps:
        name, _, options = step.partition("=")
        following = graph.add(name, options or None)
        last.link_to(following)
        last = following
    sink = graph.add("buffersink")
    last.link_to(sink)
    graph.configure()
    frame.pts = 0
    first.push(frame)
    return sink.pull()


def _encoded(picture: Any, codec: str, options: dict[str, str]) -> bytes:
    context: Any = av.CodecContext.create(codec, "w")
    context.width, context.height = picture.width, picture.height
    context.pix_fmt = picture.format.name
    context.time_base = Fraction(1, 25)
    context.options = options
    picture.pts = 0
    return b"".join(bytes(packet) for packet in (*context.encode(picture), *context.encode(None)))


def _has_alpha(frame: Any) -> bool:
    return bool(frame.format.has_palette) or any(part.is_alpha for part in frame.format.components)
