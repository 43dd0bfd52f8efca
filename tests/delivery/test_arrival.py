"""What arrives is what was sent: recorded at every kind of destination, read back and decoded to the last frame."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from castcore_core.runner.event import JobState, Notice
from delivery.scene import TEST_PICTURE, Stage
from runner.scene import Run, Session, Sink
from servers.flv import write_flv
from servers.media import BUNDLED, Clips
from servers.nginx import free_port
from servers.reading import Reading, read
from servers.srt import listening

FRAME = 1 / 30
GOP = 2.0


class Shorts:
    """The first two seconds of each clip, without encoding it again."""

    def __init__(self, clips: Clips, folder: Path) -> None:
        self._clips = clips
        self._folder = folder

    def __getitem__(self, name: str) -> Path:
        clip = self._clips[name]
        short = self._folder / clip.name
        if not short.exists():
            command = [BUNDLED, "-nostdin", "-v", "error", "-i", str(clip), "-map", "0", "-t", "2", "-c", "copy"]
            subprocess.run([*command, str(short)], check=True, timeout=30)
        return short


@pytest.fixture(scope="module")
def shorts(clips: Clips, tmp_path_factory: pytest.TempPathFactory) -> Shorts:
    return Shorts(clips, tmp_path_factory.mktemp("shorts"))


async def ended(run: Run) -> JobState:
    last = await run.end(30)
    assert (last.state, last.code) == ("ended", ""), last
    for name, one in last.totals.items():
        assert (one.sessions, one.reconnects, one.dropped_tags) == (1, 0, 0), name
    return last


def is_right(got: Reading, seconds: float, frames: int | None = None, *, step: float = 0.05) -> None:
    """Both tracks whole and in order, together from the start, as long as they should be, without a longer step."""
    assert got.video is not None
    assert got.audio is not None
    assert got.video.in_order
    assert got.audio.in_order
    assert got.offset < 0.04
    assert abs(got.video.seconds - got.audio.seconds) < 0.25
    assert abs(got.video.seconds - seconds) < GOP / 8
    assert got.video.largest_step < step
    assert got.audio.largest_step < step
    if frames is not None:
        assert abs(got.video.frames - frames) <= 1


def recorded(session: Session, path: Path) -> Reading:
    """Read what came over RTMP."""
    path.write_bytes(write_flv([one.tag for one in session.arrivals]))
    assert session.in_order
    return read(path)


def joined(folder: Path) -> Path:
    """Put the segments of an HLS playlist together as a player would."""
    names = [line for line in (folder / "index.m3u8").read_text().splitlines() if line and line[0] != "#"]
    whole = folder.with_suffix(".ts")
    whole.write_bytes(b"".join((folder / name).read_bytes() for name in names))
    return whole


async def test_one_run_to_every_kind_of_destination(stage: Stage, sink: Sink, shorts: Shorts, tmp_path: Path) -> None:
    srt_port, udp_port = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM)
    files = {name: tmp_path / f"film.{name}" for name in ("mp4", "mkv", "ts", "flv")}
    folder, srt_file, udp_file = tmp_path / "hls", tmp_path / "srt.ts", tmp_path / "udp.ts"
    targets = [f"{sink.url}/key", *(f"file:{one}" for one in files.values()), f"hls:{folder}"]
    targets += [f"srt://127.0.0.1:{srt_port}", f"udp://127.0.0.1:{udp_port}"]
    async with listening(srt_port, srt_file):
        with taking_datagrams(udp_port, udp_file):
            async with stage.running(shorts["av"], *targets) as run:
                await ended(run)
    (session,) = sink.of("key")
    for got in (recorded(session, tmp_path / "rtmp.flv"), *map(read, files.values()), read(joined(folder))):
        is_right(got, 2.0, 60)
    for got in (read(srt_file), read(udp_file)):
        is_right(got, 2.0)
        assert (got.width, got.height) == (320, 180)


@pytest.mark.parametrize("clip", ["b-frames", "hevc", "av1", "ten-bit", "interlaced", "opus", "mkv"])
async def test_a_clip_arrives_whole(stage: Stage, sink: Sink, shorts: Shorts, tmp_path: Path, clip: str) -> None:
    """Encoded and passed through, side by side."""

    async def send(profile: str) -> None:
        targets = (f"{sink.url}/{profile}", f"file:{tmp_path / profile}.mkv")
        async with stage.running(shorts[clip], *targets, profile=profile) as run:
            await ended(run)

    await asyncio.gather(send("source"), send("copy"))
    sent = read(shorts[clip])
    assert sent.video is not None
    seconds, rate = sent.video.seconds, 25 if clip == "interlaced" else 30
    for profile, frames in (("source", round(seconds * rate)), ("copy", sent.video.frames)):
        film = read(tmp_path / f"{profile}.mkv")
        is_right(film, seconds, frames)
        is_right(recorded(sink.of(profile)[0], tmp_path / f"{profile}.flv"), seconds, frames)
        assert film.video is not None
        expected = (sent.video.codec, sent.pixel_format) if profile == "copy" else ("h264", "yuv420p")
        assert (film.video.codec, film.pixel_format) == expected


@pytest.mark.parametrize(
    ("clip", "size"), [("rotated", (180, 320)), ("sar", (320, 180)), ("odd", (322, 180)), ("vfr", (320, 180))]
)
async def test_pictures_of_unusual_shape_and_pace(
    stage: Stage, shorts: Shorts, tmp_path: Path, clip: str, size: tuple[int, int]
) -> None:
    film = tmp_path / "film.mkv"
    async with stage.running(shorts[clip], f"file:{film}") as run:
        await ended(run)
    got = read(film)
    assert (got.width, got.height) == size
    is_right(got, 2.0, 60)


async def test_a_clip_without_sound_gets_silence_and_it_is_said(
    stage: Stage, sink: Sink, shorts: Shorts, tmp_path: Path
) -> None:
    assert "ffmpeg.silence_added" in await stage.notices(shorts["no-audio"], f"{sink.url}/key")
    async with stage.running(shorts["no-audio"], f"{sink.url}/key") as run:
        await ended(run)
    is_right(recorded(sink.of("key")[0], tmp_path / "rtmp.flv"), 2.0, 60)


async def test_no_audio_leaves_the_sound_out(stage: Stage, shorts: Shorts, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    async with stage.running(shorts["av"], f"file:{film}", no_audio=True) as run:
        await ended(run)
    got = read(film)
    assert got.audio is None
    assert got.video is not None
    assert got.video.frames == 60


async def test_sound_alone(stage: Stage, sink: Sink, shorts: Shorts, tmp_path: Path) -> None:
    files = [tmp_path / "sound.m4a", tmp_path / "sound.mka"]
    targets = [f"file:{one}" for one in files]
    async with stage.running(shorts["mp3"], f"{sink.url}/key", *targets, profile="audio-only") as run:
        await ended(run)
    for got in (*map(read, files), recorded(sink.of("key")[0], tmp_path / "rtmp.flv")):
        assert got.video is None
        assert got.audio is not None
        assert got.audio.in_order
        assert abs(got.audio.seconds - 2.0) < 0.1


@pytest.mark.parametrize("profile", ["source", "copy"])
async def test_a_loop_has_no_gap_at_its_seam(
    stage: Stage, sink: Sink, shorts: Shorts, tmp_path: Path, profile: str
) -> None:
    async with stage.running(shorts["av"], f"{sink.url}/key", profile=profile, loop=True) as run:
        session = await sink.playing("key", 150)
        await run.client.stop()
        await ended(run)
    got = recorded(session, tmp_path / "rtmp.flv")
    assert got.video is not None
    # Copied, the next turn begins when the longer track is over: sound, by less than a frame of its own.
    is_right(got, got.video.frames * FRAME, step=0.07 if profile == "copy" else 0.05)


@pytest.mark.parametrize("profile", ["source", "copy"])
async def test_a_seek_begins_where_it_was_asked_to(stage: Stage, shorts: Shorts, tmp_path: Path, profile: str) -> None:
    film = tmp_path / "film.mkv"
    async with stage.running(shorts["av"], f"file:{film}", profile=profile, start_at=1.0) as run:
        await ended(run)
    is_right(read(film), 1.0, 30)


async def test_a_duration_ends_the_stream(stage: Stage, sink: Sink, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    async with stage.running(TEST_PICTURE, f"{sink.url}/key", f"file:{film}", duration=2.0) as run:
        await ended(run)
    for got in (read(film), recorded(sink.of("key")[0], tmp_path / "rtmp.flv")):
        is_right(got, 2.0)


async def test_a_file_that_was_cut_plays_to_the_cut_and_says_so(stage: Stage, clips: Clips, tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    assert "media.cut_short" in await stage.notices(clips["truncated"], f"file:{tmp_path / 'other.mkv'}")
    async with stage.running(clips["truncated"], f"file:{film}") as run:
        await ended(run)
        assert run.all(Notice, code="runner.source_damaged")
    got = read(film)
    assert got.video is not None
    assert got.video.frames > 60


@contextlib.contextmanager
def taking_datagrams(port: int, file: Path) -> Iterator[None]:
    """Write what comes in on a UDP port to a file."""
    taken: list[bytes] = []
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taker:
        taker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        taker.bind(("127.0.0.1", port))
        taker.setblocking(False)
        loop.add_reader(taker.fileno(), lambda: taken.append(taker.recv(65536)))
        try:
            yield
        finally:
            loop.remove_reader(taker.fileno())
    file.write_bytes(b"".join(taken))


async def test_sound_with_a_still_picture(
    stage: Stage, sink: Sink, shorts: Shorts, clips: Clips, tmp_path: Path
) -> None:
    async with stage.running(shorts["mp3"], f"{sink.url}/key", still=clips["still"]) as run:
        await ended(run)
    got = recorded(sink.of("key")[0], tmp_path / "rtmp.flv")
    assert (got.width, got.height) == (320, 180)
    is_right(got, 2.0)
