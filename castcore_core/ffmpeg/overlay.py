"""Lay a logo and text over the picture."""

from __future__ import annotations

from castcore_core.ffmpeg.escaping import filter_value
from castcore_core.ffmpeg.profile import Corner, Logo, TextOverlay

_MARGIN = 0.03
"""Distance from the edge as a part of the picture's size."""


def _place(position: Corner, outer: tuple[str, str], inner: tuple[str, str]) -> tuple[str, str]:
    (width, height), (own_width, own_height) = outer, inner
    if position == "center":
        return f"({width}-{own_width})/2", f"({height}-{own_height})/2"
    vertical, horizontal = position.split("-")
    x = f"{width}*{_MARGIN}" if horizontal == "left" else f"{width}-{own_width}-{width}*{_MARGIN}"
    y = f"{height}*{_MARGIN}" if vertical == "top" else f"{height}-{own_height}-{height}*{_MARGIN}"
    return x, y


def drawn_text(overlay: TextOverlay, font: str) -> str:
    """Return the filter that writes the text as it stands, nothing in it expanded; ``font`` is a font file's path."""
    x, y = _place(overlay.position, ("w", "h"), ("tw", "th"))
    box = ":box=1:boxcolor=0x000000@0.5:boxborderw=8" if overlay.box else ""
    return (
        f"drawtext=expansion=none:fontfile={filter_value(font)}:text={filter_value(overlay.text)}"
        f":fontcolor=0x{overlay.color[1:]}:fontsize=h*{overlay.size:g}:x={x}:y={y}{box}"
    )


def drawn_logo(logo: Logo, width: int, *, below: str, picture: str, above: str) -> str:
    """Return the filters that lay the input ``picture`` over ``below``; ``width`` is the programme's in pixels."""
    own = max(2, round(width * logo.scale))
    x, y = _place(logo.position, ("W", "H"), ("w", "h"))
    ready = f"[{picture}]format=rgba,colorchannelmixer=aa={logo.opacity:g},scale={own}:-1[{above}logo]"
    # the single picture of a logo stays: overlay repeats its last frame
    return f"{ready};[{below}][{above}logo]overlay=x={x}:y={y}:eof_action=repeat:format=auto[{above}]"
