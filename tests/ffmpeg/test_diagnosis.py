"""Each message provoked with both builds, and the rules by value."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castcore_core.ffmpeg.diagnosis import Diagnosis, diagnose
from castcore_core.i18n import LANGUAGES, translate
from servers.media import BUNDLED, Clips

PICTURE = ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=10:d=2"]
LIVE = ["-re", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=8"]
X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-b:v", "2M"]
NULL = ["-f", "null", "-"]


def provoke(ffmpeg: str, *arguments: str) -> Diagnosis:
    started = time.monotonic()
    command = [ffmpeg, "-nostdin", "-hide_banner", "-loglevel", "level+warning", *arguments]
    done = subprocess.run(command, capture_output=True, timeout=20)
    found = diagnose(done.stderr.decode("utf-8", "replace"), status=done.returncode, seconds=time.monotonic() - started)
    for language in LANGUAGES:
        text = translate(found.code, found.params, language=language)
        assert text.cause
        assert text.remedy
        assert "{{" not in text.message + text.cause + text.remedy, found
    return found


@contextlib.contextmanager
def peer(behave: Callable[[socket.socket], None]) -> Iterator[int]:
    """Listen on a port of loopback; every connection is handed to ``behave`` and closed after it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        connections: list[socket.socket] = []

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    connections.append(connection)
                    with contextlib.suppress(OSError):
                        behave(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in connections:
                connection.close()


def closed_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def hang(connection: socket.socket) -> None:
    """Take the connection and never answer."""


def hang_up(connection: socket.socket) -> None:
    connection.recv(100)
    connection.close()


def take_some(connection: socket.socket) -> None:
    left = 200_000
    while left > 0 and (data := connection.recv(65536)):
        left -= len(data)
    connection.close()


def answer(status: str) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        connection.close()

    return behave


def test_refused(ffmpeg: str) -> None:
    port = closed_port()
    wanted = Diagnosis(code="ffmpeg.refused", params={"host": f"127.0.0.1:{port}"})
    assert provoke(ffmpeg, "-i", f"http://127.0.0.1:{port}/x", *NULL) == wanted
    assert provoke(ffmpeg, *PICTURE, *X264, "-f", "flv", f"rtmp://127.0.0.1:{port}/app/key") == wanted
    assert provoke(ffmpeg, "-rtsp_transport", "tcp", "-i", f"rtsp://127.0.0.1:{port}/x", *NULL) == wanted


def test_host_not_found(ffmpeg: str) -> None:
    found = provoke(ffmpeg, "-i", "http://no-such-host.invalid/x", *NULL)
    assert found == Diagnosis(code="ffmpeg.host_not_found", params={"host": "no-such-host.invalid"})


def test_silent_peers(ffmpeg: str) -> None:
    with peer(hang) as port:
        wait = ["-rw_timeout", "400000"]
        assert provoke(ffmpeg, *wait, "-i", f"http://127.0.0.1:{port}/x", *NULL).code == "ffmpeg.timed_out"
        found = provoke(ffmpeg, *PICTURE, *X264, *wait, "-f", "flv", f"rtmp://127.0.0.1:{port}/app/key")
        assert found.code == "ffmpeg.handshake_silent"


def test_a_peer_that_hangs_up(ffmpeg: str) -> None:
    with peer(hang_up) as port:
        found = provoke(ffmpeg, *PICTURE, *X264, "-f", "flv", f"rtmp://127.0.0.1:{port}/app/key")
        assert found.code == "ffmpeg.handshake_closed"
        assert provoke(ffmpeg, "-i", f"https://127.0.0.1:{port}/x", *NULL).code == "ffmpeg.tls_failed"


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        ("404 Not Found", Diagnosis(code="ffmpeg.http_not_found")),
        ("410 Gone", Diagnosis(code="ffmpeg.http_not_found")),
        ("401 Unauthorized", Diagnosis(code="ffmpeg.http_unauthorized")),
        ("403 Forbidden", Diagnosis(code="ffmpeg.http_forbidden")),
        ("500 Internal", Diagnosis(code="ffmpeg.http_error", params={"status": "500"})),
    ],
)
def test_http_errors(ffmpeg: str, status: str, wanted: Diagnosis) -> None:
    with peer(answer(status)) as port:
        assert provoke(ffmpeg, "-i", f"http://127.0.0.1:{port}/x.mp4", *NULL) == wanted


def test_an_untrusted_certificate(ffmpeg: str, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    make += ["-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run(make, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def behave(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True):
            pass

    with peer(behave) as port:
        found = provoke(ffmpeg, "-tls_verify", "1", "-i", f"https://localhost:{port}/x", *NULL)
    assert found.code == "ffmpeg.tls_untrusted"


def test_a_connection_that_breaks(ffmpeg: str) -> None:
    with peer(take_some) as port:
        assert provoke(ffmpeg, *LIVE, *X264, "-f", "flv", f"tcp://127.0.0.1:{port}").code == "ffmpeg.connection_lost"


def test_srt_without_a_listener(ffmpeg: str) -> None:
    port = closed_port(socket.SOCK_DGRAM)
    url = f"srt://127.0.0.1:{port}?mode=caller&connect_timeout=2000"
    found = provoke(ffmpeg, *PICTURE, *X264, "-f", "mpegts", url)
    assert found == Diagnosis(code="ffmpeg.srt_refused", params={"host": f"127.0.0.1:{port}"})


def test_srt_with_another_passphrase(ffmpeg: str) -> None:
    port = closed_port(socket.SOCK_DGRAM)
    listen = ["-mode", "listener", "-passphrase", "a" * 12, "-i", f"srt://127.0.0.1:{port}", *NULL]
    with subprocess.Popen([BUNDLED, "-nostdin", "-loglevel", "quiet", *listen]) as listener:
        try:
            _await_udp(port)
            url = f"srt://127.0.0.1:{port}?mode=caller&connect_timeout=2000"
            found = provoke(ffmpeg, *PICTURE, *X264, "-passphrase", "b" * 12, "-f", "mpegts", url)
        finally:
            listener.kill()
    assert found == Diagnosis(code="ffmpeg.srt_passphrase")


def _await_udp(port: int) -> None:
    wanted = f":{port:04X}"
    table = Path("/proc/net/udp")
    _await(lambda: any(line.split()[1].endswith(wanted) for line in table.read_text().splitlines()[1:]))


def _await(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("clip", "code"),
    [
        ("no-moov", "ffmpeg.source_no_index"),
        ("text", "ffmpeg.source_no_index"),
        ("truncated", "ffmpeg.source_cut_short"),
    ],
)
def test_bad_sources(ffmpeg: str, clips: Clips, clip: str, code: str) -> None:
    assert provoke(ffmpeg, "-i", f"file:{clips[clip]}", *NULL).code == code


def test_garbage_is_no_media(ffmpeg: str, tmp_path: Path) -> None:
    garbage = tmp_path / "garbage"
    garbage.write_bytes(b"\x01\x02garbage" * 1000)
    assert provoke(ffmpeg, "-i", f"file:{garbage}", *NULL).code == "ffmpeg.source_invalid"


def test_places_that_do_not_exist_or_refuse(ffmpeg: str, tmp_path: Path, clips: Clips) -> None:
    assert provoke(ffmpeg, "-i", f"file:{tmp_path}/none.mp4", *NULL).code == "ffmpeg.file_missing"
    assert provoke(ffmpeg, "-i", f"file:{tmp_path}", *NULL).code == "ffmpeg.is_directory"
    assert provoke(ffmpeg, *PICTURE, *X264, f"file:{tmp_path}/none/x.mkv").code == "ffmpeg.file_missing"
    assert provoke(ffmpeg, *PICTURE, *X264, "-n", f"file:{clips['av']}").code == "ffmpeg.file_exists"


HLS = ["-g", "10", "-f", "hls", "-hls_time", "0.3", "-hls_flags", "temp_file"]


def test_a_folder_that_is_removed_while_segments_are_written(ffmpeg: str, tmp_path: Path) -> None:
    folder = tmp_path / "hls"
    folder.mkdir()
    words = [ffmpeg, "-nostdin", "-hide_banner", "-loglevel", "level+warning", *LIVE, *X264, *HLS]
    with subprocess.Popen([*words, f"file:{folder}/index.m3u8"], stderr=subprocess.PIPE) as process:
        try:
            _await(lambda: (folder / "index.m3u8").exists())
            shutil.rmtree(folder)
            log = process.communicate(timeout=10)[1].decode()
        finally:
            process.kill()
    assert diagnose(log, status=process.returncode) == Diagnosis(code="ffmpeg.folder_missing")
    # and so it is said by each process that follows, until the folder is there again
    assert provoke(ffmpeg, *PICTURE, *X264, *HLS, f"file:{folder}/index.m3u8").code == "ffmpeg.folder_missing"


def test_a_folder_that_may_not_be_written_to_any_more() -> None:
    for line in ("av_interleaved_write_frame(): ", "[vost#0:0/copy @ 0x1] Error submitting a packet to the muxer: "):
        assert diagnose(f"{line}Permission denied", status=1).code == "ffmpeg.permission_denied"


def test_a_full_disk(ffmpeg: str) -> None:
    found = provoke(ffmpeg, *PICTURE, *X264, "-y", "-f", "flv", "file:/dev/full")
    assert found.code == "ffmpeg.disk_full"


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["-c:v", "nonesuch"], Diagnosis(code="ffmpeg.encoder_missing", params={"encoder": "nonesuch"})),
        (["-c:v", "libx264", "-preset", "warp"], Diagnosis(code="ffmpeg.encoder_failed")),
        (["-nonsense", "1"], Diagnosis(code="ffmpeg.option_unknown", params={"option": "nonsense"})),
        (["-map", "0:a"], Diagnosis(code="ffmpeg.stream_missing")),
    ],
)
def test_arguments_that_a_build_rejects(ffmpeg: str, arguments: list[str], wanted: Diagnosis) -> None:
    assert provoke(ffmpeg, *PICTURE, *arguments, *NULL) == wanted


def test_a_missing_filter(ffmpeg: str) -> None:
    found = provoke(ffmpeg, *PICTURE, "-vf", "nonesuch", *NULL)
    assert found == Diagnosis(code="ffmpeg.filter_missing", params={"filter": "nonesuch"})


def test_a_codec_that_flv_does_not_carry(ffmpeg: str, tmp_path: Path) -> None:
    found = provoke(ffmpeg, *PICTURE, "-c:v", "libvpx", "-b:v", "100k", str(tmp_path / "x.flv"))
    assert found == Diagnosis(code="ffmpeg.codec_not_in_container", params={"codec": "vp8"})


def test_a_missing_font(ffmpeg: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "font.ttf"
    broken.write_bytes(b"no font")
    (tmp_path / "fonts.conf").write_text(f"<fontconfig><dir>{tmp_path}/none</dir></fontconfig>")
    monkeypatch.setenv("FONTCONFIG_FILE", str(tmp_path / "fonts.conf"))  # a slim system has no font to fall back on
    found = provoke(ffmpeg, *PICTURE, "-vf", f"drawtext=text=x:fontfile={broken}", *NULL)
    assert found.code == "ffmpeg.font_missing"


def test_an_unknown_protocol(ffmpeg: str) -> None:
    assert provoke(ffmpeg, "-i", "foo://x", *NULL).code == "ffmpeg.protocol_missing"


def test_a_port_that_is_taken(ffmpeg: str) -> None:
    with peer(hang) as port:
        found = provoke(ffmpeg, *PICTURE, *X264, "-f", "flv", f"tcp://127.0.0.1:{port}?listen=1")
    assert found.code == "ffmpeg.address_in_use"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("[rtmp @ 0x1] [error] Server error: Already publishing", "ffmpeg.rtmp_refused"),
        ("[rtmp @ 0x1] Server error: [ AccessManager.Reject ] : [ code=403 need auth ]", "ffmpeg.rtmp_login"),
        ("[rtmp @ 0x1] [error] No credentials set", "ffmpeg.rtmp_login"),
        ("[h264_nvenc @ 0x1] OpenEncodeSessionEx failed: out of memory (10): (no details)", "ffmpeg.encoder_sessions"),
        ("[h264_nvenc @ 0x1] Driver does not support the required nvenc API version", "ffmpeg.driver_too_old"),
        ("[h264_vaapi @ 0x1] No usable encoding profile found.", "ffmpeg.encoder_unsupported"),
        ("[tls @ 0x1] IO error: Connection timed out", "ffmpeg.tls_failed"),
        ("[hls @ 0x1] Failed to open file 'http://origin/live.m3u8'", "ffmpeg.upload_failed"),
        ("[out#0/flv @ 0x1] [fatal] Error opening output rtmp://x/a: Input/output error", "ffmpeg.closed_by_peer"),
        ("rtmp://x/app/: Input/output error", "ffmpeg.closed_by_peer"),
        ("av_interleaved_write_frame(): Broken pipe", "ffmpeg.connection_lost"),
        ("[video4linux2 @ 0x1] Cannot open video device /dev/video9: No such file", "ffmpeg.device_missing"),
        ("/dev/video0: Device or resource busy", "ffmpeg.device_busy"),
        ("[tcp @ 0x1] Connection to tcp://10.0.0.1:1935 failed: No route to host", "ffmpeg.unreachable"),
    ],
)
def test_messages_that_cannot_be_provoked_here(line: str, code: str) -> None:
    assert diagnose(line, status=1).code == code


def test_the_cause_wins_over_its_consequences() -> None:
    log = ["Error opening output rtmp://x: Input/output error", "[tcp] Failed to resolve hostname x.example: Name"]
    assert diagnose(log).code == "ffmpeg.host_not_found"


def test_a_signal_is_named() -> None:
    assert diagnose("", status=-9) == Diagnosis(code="ffmpeg.killed", params={"signal": 9})
    assert diagnose("Connection refused", status=-11) == Diagnosis(code="ffmpeg.crashed", params={"signal": 11})


def test_nothing_known_is_said_too() -> None:
    assert diagnose("all is well", status=3) == Diagnosis(code="ffmpeg.failed", params={"status": 3})


def test_secrets_of_an_address_are_no_parameters() -> None:
    log = "[error] https://user:canary@host.example/canary?token=canary: Connection refused"
    found = diagnose(log)
    assert found == Diagnosis(code="ffmpeg.refused", params={"host": "host.example"})


@given(st.text(max_size=300), st.none() | st.integers(-64, 255), st.none() | st.floats(0, 1e6))
def test_any_log_gives_a_code_with_texts(log: str, status: int | None, seconds: float | None) -> None:
    found = diagnose(log, status=status, seconds=seconds)
    assert "{{" not in translate(found.code, found.params).message.replace(log, "")
