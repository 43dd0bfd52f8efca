"""What a probe says of good, bad and hostile media."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from castcore_core.media.info import MediaInfo
from castcore_core.media.member import _COMMAND
from castcore_core.media.probe import probe, probe_bytes
from castcore_sdk import CastCoreError, ConfigurationError, NotFoundError, PermanentError, TemporaryError
from servers.media import BUNDLED, Clips


async def code_of(location: Path | str, **more: float) -> str:
    with pytest.raises(CastCoreError) as caught:
        await probe(location, **more)  # type: ignore[arg-type]
    return caught.value.code


async def test_an_ordinary_clip(clips: Clips) -> None:
    info = await probe(clips["av"])
    assert "mp4" in info.container.split(",")
    assert info.duration == pytest.approx(5.0, abs=0.05)
    assert info.size == clips["av"].stat().st_size
    assert info.warnings == ()
    (video,), (audio,) = info.video, info.audio
    assert (video.codec, video.width, video.height, video.fps) == ("h264", 320, 180, 30)
    assert (video.pixel_format, video.matrix, video.interlaced, video.rotation) == ("yuv420p", "bt709", False, 0)
    assert (audio.codec, audio.channels, audio.sample_rate) == ("aac", 2, 48000)
    assert MediaInfo.from_json(info.to_json()) == info


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("interlaced", "interlaced", True),
        ("interlaced", "fps", Fraction(25)),
        ("rotated", "displayed", (180, 320)),
        ("sar", "displayed", (320, 180)),
        ("vfr", "variable_rate", True),
        ("vfr", "fps", Fraction(30)),
        ("ten-bit", "pixel_format", "yuv420p10le"),
        ("hevc", "codec", "hevc"),
        ("av1", "codec", "av1"),
        ("vp8-vorbis", "codec", "vp8"),
        ("mkv", "fps", Fraction(30)),
        ("ts", "fps", Fraction(30)),
    ],
)
async def test_what_matters_of_a_picture_is_seen(clips: Clips, name: str, field: str, value: object) -> None:
    assert getattr((await probe(clips[name])).video[0], field) == value


async def test_tracks_and_what_is_missing(clips: Clips) -> None:
    main, comment = (await probe(clips["two-audio"])).audio
    assert (main.language, main.title, comment.language, comment.channels) == ("eng", "Main", "deu", 1)
    assert (await probe(clips["no-audio"])).warnings == ("media.no_audio",)
    for name in ("audio-only", "mp3"):
        assert (await probe(clips[name])).warnings == ("media.no_video",)
    assert (await probe(clips["opus"])).audio[0].codec == "opus"


async def test_a_picture_is_a_still(clips: Clips) -> None:
    info = await probe(clips["still"])
    assert (info.still, info.duration, info.video[0].width, info.warnings) == (True, None, 320, ())


async def test_a_cover_is_no_video(clips: Clips, tmp_path: Path) -> None:
    song = tmp_path / "song.mp3"
    command = [BUNDLED, "-loglevel", "error", "-i", clips["mp3"], "-i", clips["still"], "-map", "0", "-map", "1"]
    subprocess.run([*command, "-c", "copy", "-disposition:v", "attached_pic", song], check=True)
    info = await probe(song)
    assert info.video == ()
    assert info.warnings == ("media.no_video",)


async def test_truncated_files(clips: Clips) -> None:
    assert (await probe(clips["truncated"])).warnings == ("media.cut_short",)
    assert await code_of(clips["no-moov"]) == "media.truncated"


@pytest.mark.parametrize(
    ("name", "code"), [("text", "media.not_media"), ("zeros", "media.not_media"), ("empty", "media.empty")]
)
async def test_what_is_no_media(clips: Clips, name: str, code: str) -> None:
    with pytest.raises(PermanentError) as caught:
        await probe(clips[name])
    assert caught.value.code == code


@pytest.mark.parametrize("name", ["x.txt", "x.srt", "x.m3u8", "x.ffconcat", "x.sdp", "x.jpg", "x.mkv", "x"])
async def test_text_is_no_media_whatever_its_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("1\n00:00:00,000 --> 00:00:01,000\nHello, this is only text.\n" * 30)
    assert await code_of(path) in ("media.not_media", "media.no_streams")


async def test_places_that_hold_no_file(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        await probe(tmp_path / "none.mp4")
    assert await code_of(tmp_path / "none.mp4") == "media.not_found"
    assert await code_of(tmp_path) == "media.is_directory"
    (tmp_path / "file").touch()
    assert await code_of(tmp_path / "file" / "below.mp4") == "media.not_found"
    assert await code_of(tmp_path / "nul\0nul") == "media.not_found"
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert await code_of(loop) == "media.unreadable"


async def test_long_paths(tmp_path: Path, clips: Clips) -> None:
    for length in (4095, 4096, 5000):
        path = "/" + "a/" * 3000
        assert await code_of(Path(path[:length])) in ("media.path_too_long", "media.not_found")
    assert await code_of(Path("/" + "a" * 4095)) == "media.path_too_long"
    assert await code_of(tmp_path / ("x" * 256)) == "media.path_too_long"
    longest = tmp_path / ("ü" * 125 + ".mp4")
    longest.write_bytes(clips["av"].read_bytes())
    assert (await probe(longest)).video


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/dev/random", "/proc/self/mem", "/proc/kmsg"])
async def test_devices_do_not_hang(path: str) -> None:
    async with asyncio.timeout(5):
        assert await code_of(Path(path)) in ("media.not_a_file", "media.empty", "media.unreadable")


async def test_pipes_and_sockets_do_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        async with asyncio.timeout(5):
            assert await code_of(tmp_path / "fifo") == "media.not_a_file"
            assert await code_of(tmp_path / "socket") == "media.not_a_file"


async def test_a_file_that_may_not_be_read(tmp_path: Path, clips: Clips, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.mp4"
    path.write_bytes(clips["av"].read_bytes())
    path.chmod(0)
    if os.access(path, os.R_OK):  # root: without its right to read everything
        bounded = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", *_COMMAND)
        monkeypatch.setattr("castcore_core.media.member._COMMAND", bounded)
    assert await code_of(path) == "media.unreadable"


@pytest.mark.parametrize(
    "name",
    [
        "-i.mp4",
        "concat:x.mp4",
        "http:foo.mp4",
        "file:x.mp4",
        "%03d.mp4",
        "a\nb.mp4",
        "日本語 🎬.mp4",
        "|x;$(id).mp4",
        "pipe:0",
    ],
)
async def test_names_are_only_names(tmp_path: Path, clips: Clips, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(clips["av"].read_bytes())
    assert (await probe(Path(name))).video[0].width == 320


async def test_a_name_that_is_no_unicode(tmp_path: Path, clips: Clips) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.mp4"))
    path.write_bytes(clips["av"].read_bytes())
    assert (await probe(path)).video[0].width == 320


async def test_a_picture_whose_name_is_a_pattern(tmp_path: Path, clips: Clips) -> None:
    path = tmp_path / "%03d.png"
    path.write_bytes(clips["still"].read_bytes())
    (tmp_path / "001.png").write_bytes(b"another file")
    assert (await probe(path)).still


async def test_a_list_does_not_reach_other_files_or_the_network(tmp_path: Path, clips: Clips) -> None:
    listing = tmp_path / "list.mp4"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        server.setblocking(False)
        for text in (
            f"ffconcat version 1.0\nfile 'http://127.0.0.1:{port}/x.mp4'\n",
            f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nhttp://127.0.0.1:{port}/x.ts\n#EXT-X-ENDLIST\n",
        ):
            listing.write_text(text)
            await code_of(listing)
        with pytest.raises(BlockingIOError):
            server.accept()


async def test_the_beginning_of_a_stream(clips: Clips) -> None:
    info = await probe_bytes(clips["flv"].read_bytes()[:60_000])
    assert (info.video[0].codec, info.video[0].fps, info.audio[0].codec) == ("h264", 30, "aac")
    with pytest.raises(PermanentError) as caught:
        await probe_bytes(b"nonsense" * 1000)
    assert caught.value.code == "media.not_media"


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 500_000), at=st.integers(0, 500_000), noise=st.binary(min_size=1, max_size=64))
def test_damaged_media_gives_an_answer_or_a_code(clips: Clips, tmp_path: Path, cut: int, at: int, noise: bytes) -> None:
    data = bytearray(clips["faststart"].read_bytes()[:cut])
    data[at : at + len(noise)] = noise
    path = tmp_path / "damaged.mp4"
    path.write_bytes(data)
    with contextlib.suppress(PermanentError):
        assert asyncio.run(probe(path)).container


async def test_a_worker_that_dies_is_no_disaster(clips: Clips, monkeypatch: pytest.MonkeyPatch) -> None:
    killed = ("/bin/sh", "-c", "kill -SEGV $$")
    monkeypatch.setattr("castcore_core.media.member._COMMAND", killed)
    with pytest.raises(PermanentError) as caught:
        await probe(clips["av"])
    assert (caught.value.code, caught.value.params) == ("media.probe_crashed", {"status": -11})


async def test_a_worker_that_hangs_is_ended(clips: Clips, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("castcore_core.media.member._COMMAND", ("/bin/sleep", "60"))
    monkeypatch.setattr("castcore_core.media.member._START_SECONDS", 0.0)
    with pytest.raises(TemporaryError) as caught:
        await probe(clips["av"], timeout=0.2)
    assert caught.value.code == "media.probe_timeout"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def web(clips: Clips) -> Iterator[str]:
    handler = partial(_Quiet, directory=str(clips.folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


async def test_addresses(clips: Clips, web: str) -> None:
    assert clips["faststart"].exists()
    assert (await probe(f"{web}/faststart.mp4")).video[0].width == 320
    with pytest.raises(NotFoundError) as caught:
        await probe(f"{web}/none.mp4")
    assert caught.value.code == "ffmpeg.http_not_found"


async def test_hls(clips: Clips, web: str) -> None:
    playlist = clips.folder / "list.m3u8"
    command = [BUNDLED, "-loglevel", "error", "-y", "-i", clips["av"], "-c", "copy", "-hls_time", "2", playlist]
    subprocess.run(command, check=True)
    info = await probe(f"{web}/list.m3u8")
    assert (info.container, info.video[0].width) == ("hls", 320)


async def test_a_stored_file_leads_to_no_other(clips: Clips, web: str, tmp_path: Path) -> None:
    whole, piece = tmp_path / "list.m3u8", tmp_path / "piece.ts"
    piece.write_bytes(clips["ts"].read_bytes())
    whole.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:5,\n{piece.as_uri()}\n#EXT-X-ENDLIST\n")
    assert await code_of(whole) == "media.not_media"
    (tmp_path / "list.mp4").write_text("ffconcat version 1.0\nfile piece.ts\n")
    assert await code_of(tmp_path / "list.mp4") == "media.not_media"
    (clips.folder / "led.m3u8").write_text(f"{whole.read_text().replace(piece.as_uri(), f'{web}/ts.ts')}")
    (clips.folder / "ts.ts").write_bytes(piece.read_bytes())
    assert (await probe(f"{web}/led.m3u8")).container == "hls"
    assert await code_of(f"{web}/led.m3u8", stored=True) == "media.not_media"
    assert (await probe(f"{web}/ts.ts", stored=True)).container == "mpegts"


async def test_unreachable_addresses() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert await code_of(f"http://127.0.0.1:{port}/x") == "ffmpeg.refused"
    assert await code_of(f"rtsp://127.0.0.1:{port}/x") == "ffmpeg.refused"
    assert await code_of("https://no-such-host.invalid/x") == "ffmpeg.host_not_found"


async def test_a_silent_server_takes_no_longer_than_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        async with asyncio.timeout(6):
            code = await code_of(f"http://127.0.0.1:{server.getsockname()[1]}/x", timeout=0.5)
    assert code in ("ffmpeg.timed_out", "media.probe_timeout")


async def test_srt_is_sampled_with_ffmpeg(clips: Clips) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    send = [
        BUNDLED,
        "-nostdin",
        "-loglevel",
        "quiet",
        "-re",
        "-stream_loop",
        "-1",
        "-i",
        str(clips["av"]),
        "-c",
        "copy",
    ]
    with subprocess.Popen([*send, "-f", "mpegts", f"srt://127.0.0.1:{port}?mode=listener"]) as sender:
        try:
            info = await probe(f"srt://127.0.0.1:{port}", ffmpeg=BUNDLED)
        finally:
            sender.kill()
    assert (info.video[0].width, info.audio[0].codec) == (320, "aac")


async def test_an_address_of_another_kind() -> None:
    for address in ("gopher://x/y", "file:///etc/passwd", "concat:a|b", "srt://h:1"):
        with pytest.raises(ConfigurationError) as caught:
            await probe(address)
        assert caught.value.code == "media.unknown_scheme"


async def test_a_location_never_stands_in_a_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = tmp_path / "seen"
    spy = ("/bin/sh", "-c", f"tr '\\0' ' ' < /proc/$$/cmdline > {seen}; tr '\\0' ' ' < /proc/$$/environ >> {seen}")
    monkeypatch.setattr("castcore_core.media.member._COMMAND", spy)
    monkeypatch.setenv("CANARY", "canary2")
    assert await code_of("http://user:canary1@h/canary3") == "media.probe_crashed"
    assert "canary" not in seen.read_text().lower()
