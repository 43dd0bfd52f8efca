"""Text that comes out of ffmpeg's parsers as it went in."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from castcore_core.ffmpeg.escaping import filter_value
from castcore_core.ffmpeg.overlay import drawn_text
from castcore_core.ffmpeg.profile import TextOverlay
from servers.encoding import FONT

HOSTILE = [
    "plain",
    '50% off: it\'s "new"',
    "%{pts} %{localtime} %{eif:1:d}",
    r"back\slash \\ \: \n",
    "a,b;c[d]e=f|g{h}",
    "two\nlines",
    "  blanks at both ends  ",
    "'",
    "\\",
    "Käse 🎬 日本語",
    "[in]null[out];movie=/etc/passwd",
    "text=x:textfile=/etc/passwd",
]


def _picture(ffmpeg: str, graph: str) -> bytes:
    command = [ffmpeg, "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "color=c=gray:s=320x90:d=1"]
    command += ["-filter_complex", graph, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1"]
    return subprocess.run(command, capture_output=True, check=True).stdout


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_drawn_as_it_stands(ffmpeg: str, text: str, tmp_path: Path) -> None:
    """A text file needs no escaping: both ways must draw the same pixels."""
    overlay = TextOverlay(text=text, size=0.2)
    plain = tmp_path / "text"
    plain.write_bytes(text.encode())
    escaped = drawn_text(overlay, FONT)
    from_file = escaped.replace(f":text={filter_value(text)}:", f":textfile={filter_value(str(plain))}:")
    assert "textfile" in from_file
    drawn = _picture(ffmpeg, escaped)
    assert len(drawn) == 320 * 90
    assert drawn == _picture(ffmpeg, from_file)


def test_what_is_drawn_depends_on_the_text(ffmpeg: str) -> None:
    pictures = {_picture(ffmpeg, drawn_text(TextOverlay(text=text), FONT)) for text in ("one", "two", "%{pts}")}
    assert len(pictures) == 3


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30))
def test_the_graph_cannot_be_left(text: str) -> None:
    """Undo both levels as ffmpeg's av_get_token does: the text is back, and no end of the option comes before."""
    graph_level, rest = _token(filter_value(text) + ":next=1,other[pad]", "[],;")
    assert rest == ",other[pad]"
    assert _token(graph_level, ":") == (text, ":next=1")


def _token(text: str, ends: str) -> tuple[str, str]:
    text = text.lstrip(" \n\t\r")
    out: list[str] = []
    kept = place = 0
    while place < len(text) and text[place] not in ends:
        if text[place] == "\\" and place + 1 < len(text):
            out.append(text[place + 1])
            kept, place = len(out), place + 2
        elif text[place] == "'":
            close = text.find("'", place + 1)
            close = len(text) if close < 0 else close
            out += text[place + 1 : close]
            kept, place = len(out), close + 1
        else:
            out.append(text[place])
            place += 1
    while len(out) > kept and out[-1] in " \n\t\r":
        out.pop()
    return "".join(out), text[place:]


@pytest.mark.parametrize("text", ["", "a\0b", "a\tb", "a\rb", "\x1b[2J"])
def test_an_overlay_takes_no_control_characters(text: str) -> None:
    with pytest.raises(ValidationError):
        TextOverlay(text=text)


def test_nul_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        filter_value("a\0b")


def test_a_font_in_a_folder_with_any_name(ffmpeg: str, tmp_path: Path) -> None:
    folder = tmp_path / "it's a [font]: 100%, yes; no"
    folder.mkdir()
    (folder / "f.ttf").write_bytes(Path(FONT).read_bytes())
    overlay = TextOverlay(text="x")
    assert _picture(ffmpeg, drawn_text(overlay, str(folder / "f.ttf"))) == _picture(ffmpeg, drawn_text(overlay, FONT))


def test_a_line_in_the_profile_is_drawn_in_its_corner() -> None:
    command = drawn_text(TextOverlay(text="x", position="top-right", box=False), FONT)
    assert ":x=w-tw-w*0.03:y=h*0.03" in command
    assert "box" not in command
