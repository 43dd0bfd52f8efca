"""Put any text into a filter's option, so that ffmpeg reads back exactly that text."""

from __future__ import annotations

_OPTION = "\\':"
"""What the parser of a filter's options takes for its own (ffmpeg-utils manual, quoting and escaping)."""
_GRAPH = "\\'[],;"
"""What the parser of filter graphs takes for its own (ffmpeg-filters manual, notes on filtergraph escaping)."""


def filter_value(text: str) -> str:
    """Return ``text`` escaped for both parsers, blanks at its ends included. NUL cannot be carried: ValueError."""
    if "\0" in text:
        raise ValueError("a filter option cannot hold NUL")
    return _escape(_escape(text, _OPTION), _GRAPH)


def _escape(text: str, special: str) -> str:
    inner = text.strip()
    first = text.find(inner) if inner else len(text)
    last = first + len(inner)
    return "".join(
        f"\\{char}" if char in special or not first <= place < last else char for place, char in enumerate(text)
    )
