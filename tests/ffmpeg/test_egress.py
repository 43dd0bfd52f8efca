"""Children that carry the bus elsewhere, fed with real FLV by both builds."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from pathlib import Path

import pytest

from castcore_core.ffmpeg.egress import check_container, hls_folder, recording, transport_stream
from castcore_core.runner.plan import Argument, Ref, RenditionPlan
from castcore_sdk import ConfigurationError
from servers.encoding import packets, resolve, run, video_of
from servers.media import Clips

FORMATS = [("mp4", "mp4"), ("matroska", "mkv"), ("mpegts", "ts"), ("flv", "flv")]
MAIN = RenditionPlan(id="main")
PASSPHRASE = "p%26ss+w0rd:/?x&y=#1"


def fill(arguments: tuple[Argument, ...], part: str = "", **secrets: str) -> list[str]:
    values = {("pipe", "progress"): "/dev/null", ("value", "part"): part}
    return resolve(arguments, values | {("secret", name): value for name, value in secrets.items()})


@pytest.mark.parametrize(("container", "extension"), FORMATS)
def test_a_recording_holds_everything(
    ffmpeg: str, clips: Clips, tmp_path: Path, container: str, extension: str
) -> None:
    path = tmp_path / f"it's 100% [new].{extension}"
    arguments = recording(str(path), MAIN, container=container)
    run(ffmpeg, fill(arguments), clips["flv"].read_bytes())
    assert video_of(path)["frames"] == 150
    assert len(packets(path, "audio")) == len(packets(clips["flv"], "audio"))
    run(ffmpeg, fill(arguments, part="-2"), clips["flv"].read_bytes())
    assert video_of(tmp_path / f"it's 100% [new]-2.{extension}")["frames"] == 150


@pytest.mark.parametrize(("container", "extension"), FORMATS)
def test_a_recording_survives_a_kill(ffmpeg: str, clips: Clips, tmp_path: Path, container: str, extension: str) -> None:
    path = tmp_path / f"x.{extension}"
    words = fill(recording(str(path), MAIN, container=container))
    with subprocess.Popen([ffmpeg, *words], stdin=subprocess.PIPE) as child:
        assert child.stdin is not None
        child.stdin.write(clips["flv"].read_bytes())
        child.stdin.flush()
        deadline = time.monotonic() + 10
        while not (path.exists() and path.stat().st_size > 350_000):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        child.kill()
        child.stdin.close()
    assert video_of(path)["frames"] >= 90


def test_a_recording_never_replaces_another_unasked(ffmpeg: str, clips: Clips, tmp_path: Path) -> None:
    path = tmp_path / "x.mkv"
    path.write_bytes(b"precious")
    words = fill(recording(str(path), MAIN, container="matroska"))
    subprocess.run([ffmpeg, *words], input=clips["flv"].read_bytes(), capture_output=True)
    assert path.read_bytes() == b"precious"
    run(ffmpeg, fill(recording(str(path), MAIN, container="matroska", overwrite=True)), clips["flv"].read_bytes())
    assert video_of(path)["frames"] == 150


@pytest.mark.parametrize("kind", ["mpegts", "fmp4"])
def test_a_playlist_goes_on_after_a_restart(ffmpeg: str, clips: Clips, tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "a 50% d'ir:[x],y"
    folder.mkdir()
    arguments = hls_folder(str(folder), MAIN, options={"hls_segment_type": kind})
    for _ in range(3):
        run(ffmpeg, fill(arguments), clips["flv"].read_bytes())
    playlist = (folder / "index.m3u8").read_text()
    segments = [line for line in playlist.splitlines() if line and not line.startswith("#")]
    numbers = [int(re.findall(r"\d+", segment)[0]) for segment in segments]
    assert numbers == list(range(3, 9))
    assert "#EXT-X-MEDIA-SEQUENCE:3" in playlist
    assert playlist.count("#EXT-X-DISCONTINUITY") == 2
    assert "#EXT-X-ENDLIST" not in playlist
    assert all((folder / segment).stat().st_size > 0 for segment in segments)
    assert not list(folder.glob("*.tmp"))
    last = tmp_path / "last"  # a playlist without an end would be waited on
    first = folder / "index-init.mp4"
    last.write_bytes((first.read_bytes() if kind == "fmp4" else b"") + (folder / segments[-2]).read_bytes())
    assert len(packets(last)) == 60


def test_segments_that_left_the_playlist_are_deleted(ffmpeg: str, tmp_path: Path) -> None:
    options = ["-g", "30", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-f", "flv", "-"]
    picture = ["-f", "lavfi", "-i", "color=s=64x64:r=30:d=12"]
    made = subprocess.run([ffmpeg, "-v", "error", *picture, *options], capture_output=True, check=True)
    silent = RenditionPlan(id="main", audio=False)
    run(ffmpeg, fill(hls_folder(str(tmp_path), silent, options={"hls_time": "1", "hls_list_size": "3"})), made.stdout)
    kept = {path.name for path in tmp_path.glob("*.ts")}
    assert {"index-00009.ts", "index-00010.ts", "index-00011.ts"} <= kept
    assert len(kept) <= 5


def test_a_folder_that_ffmpeg_would_misread_is_refused() -> None:
    for folder in ("/a/%v/b", "/a/%03d"):
        with pytest.raises(ConfigurationError) as caught:
            hls_folder(folder, MAIN)
        assert caught.value.code == "ffmpeg.folder_name"


@pytest.mark.parametrize("protocol", ["srt", "udp"])
def test_transport_streams_arrive(ffmpeg: str, clips: Clips, tmp_path: Path, protocol: str) -> None:
    port, received = free_port(), tmp_path / "received.ts"
    listen = ["-mode", "listener", "-passphrase", PASSPHRASE] if protocol == "srt" else ["-timeout", "1500000"]
    receive = [ffmpeg, "-nostdin", "-loglevel", "quiet", *listen, "-i", f"{protocol}://127.0.0.1:{port}"]
    options = {"mode": "caller", "connect_timeout": "2000"} if protocol == "srt" else {"pkt_size": "1316"}
    names = {"passphrase": "p", "streamid": "s"} if protocol == "srt" else {}
    send = transport_stream(f"{protocol}://127.0.0.1:{port}", MAIN, options=options, secrets=names)
    live = [ffmpeg, "-nostdin", "-loglevel", "quiet", "-re", "-i", str(clips["flv"]), "-t", "2.5", "-c", "copy"]
    with subprocess.Popen([*receive, "-c", "copy", str(received)]) as receiver:
        await_udp(port)
        with subprocess.Popen([*live, "-f", "flv", "pipe:1"], stdout=subprocess.PIPE) as feeder:
            words = fill(send, p=PASSPHRASE, s="#!::r=live/x,m=publish")
            sent = subprocess.run([ffmpeg, *words], stdin=feeder.stdout, capture_output=True, timeout=20)
        assert sent.returncode == 0, sent.stderr
        receiver.wait(10)
    assert len(packets(received)) >= 60


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def await_udp(port: int) -> None:
    wanted, deadline = f":{port:04X}", time.monotonic() + 5
    while not any(line.split()[1].endswith(wanted) for line in Path("/proc/net/udp").read_text().splitlines()[1:]):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_secrets_are_references() -> None:
    words = transport_stream("srt://h:1", MAIN, options={"mode": "caller"}, secrets={"passphrase": "o1.passphrase"})
    assert Ref(kind="secret", name="o1.passphrase") in words
    assert words[-1] == "srt://h:1?mode=caller"


def test_only_what_the_rendition_has_is_mapped() -> None:
    words = transport_stream("udp://h:1", RenditionPlan(id="a", video=False))
    assert "0:v:0" not in words
    assert "0:a:0" in words


@pytest.mark.parametrize(("container", "codec"), [("mpegts", "av1"), ("mpegts", "vp9"), ("mp4", "vorbis")])
def test_codecs_that_a_container_has_no_place_for(container: str, codec: str) -> None:
    check_container(container, frozenset({"h264", "aac"}))
    with pytest.raises(ConfigurationError) as caught:
        check_container(container, frozenset({"h264", codec}))
    assert (caught.value.code, caught.value.params["codec"]) == ("ffmpeg.codec_not_in_container", codec)
