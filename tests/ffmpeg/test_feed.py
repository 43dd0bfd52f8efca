"""Input arguments by value, for what has no counterpart in a test."""

from __future__ import annotations

from fractions import Fraction

import pytest

from castcore_core.ffmpeg.address import conceal
from castcore_core.ffmpeg.build import FFmpegBuild
from castcore_core.ffmpeg.feed import Feed, open_source
from castcore_core.ffmpeg.preview import preview, shell_line
from castcore_core.ffmpeg.source import DeviceSource, NetworkSource, PatternSource, PipeSource, Source
from castcore_core.media.info import AudioStream, MediaInfo, VideoStream
from castcore_core.runner.plan import Ref

NEW = FFmpegBuild(path="/f", origin="bundled", version=(9, 0, 2), label="n9.0.2", size=1, modified_ns=1)
OLD = FFmpegBuild(path="/f", origin="system", version=(5, 1, 9), label="5.1.9", size=1, modified_ns=1)
FILM = MediaInfo(
    container="mov,mp4",
    duration=60.0,
    video=(VideoStream(index=0, codec="h264", width=1280, height=720, fps=Fraction(25)),),
    audio=(AudioStream(index=1, codec="aac", channels=2, sample_rate=48000),),
)


def opened(source: Source, build: FFmpegBuild = NEW) -> Feed:
    return open_source(source, build, 0)


def words(source: Source, build: FFmpegBuild = NEW) -> str:
    return " ".join(preview(opened(source, build).arguments))


def test_a_camera_with_a_microphone() -> None:
    camera = DeviceSource(video="/dev/video0", audio="hw:1", pixel_format="mjpeg", fps=Fraction(30))
    assert words(camera) == (
        "-thread_queue_size 64 -f v4l2 -input_format mjpeg -framerate 30 -video_size 1280x720 -i /dev/video0 "
        "-thread_queue_size 1024 -f alsa -sample_rate 48000 -channels 2 -i hw:1"
    )
    assert (opened(camera).audio, opened(camera).live, opened(camera).resume) == ("1:a:0", True, False)


def test_a_screen_without_sound() -> None:
    screen = DeviceSource(video=":0.0+10,20", video_kind="x11grab", width=1920, height=1080, fps=Fraction(60))
    assert words(screen) == "-thread_queue_size 64 -f x11grab -framerate 60 -video_size 1920x1080 -i :0.0+10,20"
    assert opened(screen).audio is None


def test_pulse_as_microphone() -> None:
    assert "-f pulse -sample_rate 48000 -channels 2 -i default" in words(
        DeviceSource(video="/dev/video0", audio="default", audio_kind="pulse")
    )


def test_live_sources_wait_three_seconds_for_a_peer() -> None:
    live = "-fflags +nobuffer -analyzeduration 1000000 -probesize 1000000"
    assert words(NetworkSource(scheme="srt", address="srt://h:1")) == (
        f"{live} -connect_timeout 3000 -rw_timeout 3000000 -i srt://h:1"
    )
    assert words(NetworkSource(scheme="rtsp", address="rtsp://h/x")) == (
        f"{live} -rtsp_transport tcp -timeout 3000000 -i rtsp://h/x"
    )
    assert words(NetworkSource(scheme="udp", address="udp://h:1")) == (
        f"{live} -timeout 3000000 -overrun_nonfatal 1 -i udp://h:1"
    )


def test_certificates_are_always_verified() -> None:
    film = NetworkSource(scheme="https", address="https://h/x.mp4", media=FILM, live=False, ca_file="/ca.pem")
    assert "-tls_verify 1 -ca_file /ca.pem" in words(film)
    assert "-tls_verify" not in words(NetworkSource(scheme="http", address="http://h/x"))


def test_a_film_on_a_web_server_is_paced_and_can_be_resumed() -> None:
    film = NetworkSource(scheme="http", address="http://h/x.mp4", media=FILM, live=False)
    assert opened(film).resume
    assert Ref(kind="seek") in opened(film).arguments
    assert words(film) == (
        "-rw_timeout 10000000 -reconnect 1 -reconnect_on_network_error 1 -reconnect_delay_max 5 "
        "-readrate 1 -readrate_initial_burst 0.5 -i http://h/x.mp4"
    )
    assert " -re -i" in words(film, OLD)


def test_hls_reconnects_by_itself() -> None:
    hls = NetworkSource(scheme="http", address="http://h/x.m3u8", media=MediaInfo(container="hls"))
    assert "-reconnect" not in words(hls)


def test_the_runner_feeds_flv() -> None:
    assert words(PipeSource()) == "-probesize 500000 -analyzeduration 500000 -f flv -i pipe:0"
    assert opened(PipeSource()).stdin


def test_a_pattern() -> None:
    pattern = PatternSource(width=640, height=360, fps=Fraction(30000, 1001))
    assert "testsrc2=s=640x360:r=30000/1001" in words(pattern)
    assert not opened(pattern).ends


@pytest.mark.parametrize(
    ("url", "shown", "secrets"),
    [
        ("http://h/x.mp4", "http://h/x.mp4", []),
        ("http://h/x?a=1", "http://h/x?a=1", []),
        ("http://user:pass@h/x", "http://••••@h/x", ["user:pass"]),
        ("https://h/x?sig=canary&e=17000", "https://h/x?sig=••••&e=••••", ["canary", "17000"]),
        (
            "srt://h:1?mode=caller&passphrase=canary1234&latency=200000",
            "srt://h:1?mode=caller&passphrase=••••&latency=200000",
            ["canary1234"],
        ),
        ("rtsp://u:p@@h/x?token=a=b=c", "rtsp://••••@h/x?token=••••", ["u:p@", "a=b=c"]),
    ],
)
def test_secrets_leave_an_address(url: str, shown: str, secrets: list[str]) -> None:
    address, found = conceal(url, "source")
    assert preview([address]) == [shown]
    assert list(found.values()) == secrets
    parts = address if isinstance(address, tuple) else (address,)
    assert "".join(part if isinstance(part, str) else found[part.name] for part in parts) == url


def test_a_preview_is_a_line_for_a_shell() -> None:
    arguments = (
        "-i",
        "file:a b",
        Ref(kind="seek"),
        ("x", Ref(kind="value", name="part"), ".mp4"),
        Ref(kind="pipe", name="r"),
    )
    assert shell_line("ffmpeg", arguments) == "ffmpeg -i 'file:a b' x.mp4 'pipe:<r>'"
