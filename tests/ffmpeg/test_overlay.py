"""Logos and text on the programme."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import pytest

from castcore_core.ffmpeg.arguments import Extras, build_encoding
from castcore_core.ffmpeg.profile import Filters, Logo, Profile, TextOverlay, VideoSettings
from castcore_core.ffmpeg.source import PatternSource, PipeSource, Source
from castcore_core.ffmpeg.video import Rendition
from castcore_sdk import EncoderArguments, EncodeRequest
from servers.encoding import FONT, build_of, encode, resolve, run
from servers.media import Clips


class Lossless:
    """An encoder that keeps every pixel."""

    codecs = frozenset({"h264"})

    def arguments(self, request: EncodeRequest, /) -> EncoderArguments:
        return EncoderArguments(output_options=("-c:v", "libx264", "-preset", "ultrafast", "-qp", "0"))


def plan(ffmpeg: str, *filters: Filters, source: Source | None = None) -> Any:
    video = VideoSettings() if source else VideoSettings(width=320, height=180)
    renditions = [
        Rendition(id=f"r{n}", profile=Profile(name="x", video=video, audio=None, filters=each), encoder=Lossless())
        for n, each in enumerate(filters)
    ]
    source = source or PatternSource(width=320, height=180)
    return build_encoding(build_of(ffmpeg), source, renditions, Extras(font=FONT)).encoder.arguments


def pictures(ffmpeg: str, folder: Path, *filters: Filters) -> list[av.VideoFrame]:
    words = [
        part
        for word in plan(ffmpeg, *filters)
        for part in (("-t", "0.5", word) if getattr(word, "name", "").startswith("r") else (word,))
    ]
    return [last(path) for path in encode(ffmpeg, words, folder, [f"r{n}" for n in range(len(filters))]).values()]


def last(path: Path) -> av.VideoFrame:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))[-1]


def pixel(frame: av.VideoFrame, x: int, y: int) -> tuple[int, int]:
    """Return luma and red difference."""
    luma, red = frame.planes[0], frame.planes[2]
    return bytes(luma)[y * luma.line_size + x], bytes(red)[y // 2 * red.line_size + x // 2]


@pytest.mark.parametrize(
    ("position", "place"),
    [
        ("top-left", (20, 12)),
        ("top-right", (300, 12)),
        ("bottom-left", (20, 168)),
        ("bottom-right", (300, 168)),
        ("center", (160, 90)),
    ],
)
def test_a_logo_stands_in_its_corner_to_the_end(
    ffmpeg: str, clips: Clips, tmp_path: Path, position: Any, place: tuple[int, int]
) -> None:
    logo = Filters(logo=Logo(path=str(clips["logo"]), position=position, scale=0.2))
    (frame,) = pictures(ffmpeg, tmp_path, logo)
    luma, red = pixel(frame, *place)
    assert 50 <= luma <= 95
    assert red > 220


def test_opacity_lets_the_programme_through(ffmpeg: str, clips: Clips, tmp_path: Path) -> None:
    path = str(clips["logo"])
    seen = pictures(
        ffmpeg, tmp_path, Filters(), *(Filters(logo=Logo(path=path, position="center", opacity=o)) for o in (0.5, 1.0))
    )
    none, half, full = (pixel(frame, 160, 90)[1] for frame in seen)
    assert none < half < full


def test_each_rendition_has_its_own(ffmpeg: str, clips: Clips, tmp_path: Path) -> None:
    text = TextOverlay(text="50%: it's {on}", size=0.2, position="top-left")
    both = Filters(logo=Logo(path=str(clips["logo"]), position="bottom-right"), text=text)
    plain, marked = pictures(ffmpeg, tmp_path, Filters(), both)
    assert pixel(plain, 300, 168) != pixel(marked, 300, 168)
    rows = [bytes(each.planes[0])[: 60 * each.planes[0].line_size] for each in (plain, marked)]
    assert rows[0] != rows[1]
    assert max(rows[1]) > 220  # white letters


def test_a_logo_on_a_source_of_unknown_size(ffmpeg: str, clips: Clips, tmp_path: Path) -> None:
    logo = Filters(logo=Logo(path=str(clips["logo"]), position="top-left"))
    words = plan(ffmpeg, logo, source=PipeSource())
    values = {("pipe", "r0"): f"file:{tmp_path}/r0.flv", ("pipe", "progress"): f"{tmp_path}/progress"}
    run(ffmpeg, ["-y", *resolve(words, values)], clips["flv"].read_bytes())
    assert pixel(last(tmp_path / "r0.flv"), 20, 12)[1] > 220
