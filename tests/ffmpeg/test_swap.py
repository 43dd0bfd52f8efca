"""A file that was looked into and is another one when ffmpeg opens it: whatever it leads to is left alone."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from castcore_core.builtin.x264 import X264, X264Config
from castcore_core.ffmpeg.arguments import Extras, build_encoding
from castcore_core.ffmpeg.diagnosis import diagnose
from castcore_core.ffmpeg.profile import PRESETS
from castcore_core.ffmpeg.source import FileSource, Source, StoredSource
from castcore_core.ffmpeg.video import Rendition
from castcore_core.media.info import MediaInfo
from castcore_core.media.probe import probe
from castcore_sdk.testing import MemoryContext
from servers.encoding import FONT, build_of, resolve
from servers.media import Clips

Served = tuple[str, list[str]]

_LEADING: dict[str, Callable[[str], str]] = {
    "hls": lambda place: f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:5\n#EXTINF:5.0,\n{place}\n#EXT-X-ENDLIST\n",
    "concat": lambda place: f"ffconcat version 1.0\nfile '{place}'\n",
    "dash": lambda place: (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT5S" profiles="urn:mpeg:dash:profile:isoff-main:2011"><Period><AdaptationSet '
        f'mimeType="video/mp4"><Representation id="1" bandwidth="1000"><BaseURL>{place}</BaseURL><SegmentBase/>'
        "</Representation></AdaptationSet></Period></MPD>"
    ),
    "sdp": lambda place: "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n",
}
_CLEAR = {"ffmpeg.source_replaced", "ffmpeg.source_no_index", "ffmpeg.source_invalid"}


class _Folder(SimpleHTTPRequestHandler):
    """Serves a folder and notes what is asked for."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Served]:
    """Serve the folder of the test; give the address and the paths that were asked for."""
    asked: list[str] = []
    handler = type("Noting", (_Folder,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(tmp_path))) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def looked_into(clips: Clips, film: Path) -> MediaInfo:
    """Put the film in its place and look into it."""
    shutil.copyfile(clips["ts" if film.suffix == ".ts" else "av"], film)
    return asyncio.run(probe(film))


def command(ffmpeg: str, source: Source, output: Path) -> Sequence[str]:
    """Return what would be run, as loud as it gets."""
    main = Rendition(id="main", profile=PRESETS["source"], encoder=X264(X264Config(), MemoryContext()))
    made = build_encoding(build_of(ffmpeg), source, [main], Extras(font=FONT))
    values = {("pipe", "main"): f"file:{output}", ("pipe", "progress"): f"{output}.progress"}
    words = resolve(made.encoder.arguments, values)
    words[words.index("level+warning")] = "level+debug"
    return [ffmpeg, "-y", *words]


@pytest.mark.parametrize("suffix", [".mp4", ".ts"])
@pytest.mark.parametrize("leading", _LEADING)
@pytest.mark.parametrize("loop", [False, True])
def test_a_local_film_that_became_a_playlist(
    ffmpeg: str, clips: Clips, tmp_path: Path, leading: str, suffix: str, loop: bool
) -> None:
    film, secret = tmp_path / f"film{suffix}", tmp_path / "secret.ts"
    media = looked_into(clips, film)
    shutil.copyfile(clips["ts"], secret)
    film.write_text(_LEADING[leading](secret.name))
    source = FileSource(path=str(film), media=media, loop=loop)
    done = subprocess.run(command(ffmpeg, source, tmp_path / "out.flv"), capture_output=True, timeout=20)
    log = done.stderr.decode()
    assert done.returncode != 0
    assert secret.name not in log
    assert diagnose(log, status=done.returncode).code in _CLEAR, log


@pytest.mark.parametrize("suffix", [".mp4", ".ts"])
@pytest.mark.parametrize("leading", ["hls", "concat", "dash"])
def test_a_stored_film_that_became_a_playlist(
    ffmpeg: str, clips: Clips, tmp_path: Path, web: Served, leading: str, suffix: str
) -> None:
    address, asked = web
    film = tmp_path / f"film{suffix}"
    media = looked_into(clips, film)
    shutil.copyfile(clips["ts"], tmp_path / "secret.ts")
    film.write_text(_LEADING[leading](f"{address}/secret.ts"))
    source = StoredSource(address=f"{address}/{film.name}", media=media)
    done = subprocess.run(command(ffmpeg, source, tmp_path / "out.flv"), capture_output=True, timeout=20)
    assert done.returncode != 0
    assert set(asked) == {f"/{film.name}"}
    assert diagnose(done.stderr.decode(), status=done.returncode).code in _CLEAR


def test_a_film_of_another_kind_is_named_as_what_it_is(ffmpeg: str, clips: Clips, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    media = looked_into(clips, film)
    shutil.copyfile(clips["mkv"], film)
    words = command(ffmpeg, FileSource(path=str(film), media=media), tmp_path / "out.flv")
    done = subprocess.run(words, capture_output=True, timeout=20)
    assert diagnose(done.stderr.decode(), status=done.returncode).code == "ffmpeg.source_replaced"


@pytest.mark.parametrize("clip", ["av", "mkv", "ts", "flv", "mp3", "opus", "vp8-vorbis"])
def test_what_is_still_the_same_plays(ffmpeg: str, clips: Clips, tmp_path: Path, clip: str) -> None:
    media = asyncio.run(probe(clips[clip]))
    pinned = ["-format_whitelist", media.container]
    words = [ffmpeg, "-v", "error", *pinned, "-i", f"file:{clips[clip]}", "-t", "0.2", "-f", "null", "-"]
    assert subprocess.run(words, capture_output=True, timeout=20).returncode == 0
