"""The encoder's arguments, run for real with both builds and read back."""

from __future__ import annotations

import asyncio
import itertools
from array import array
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import pytest

from castcore_core.builtin.software import SoftwareConfig
from castcore_core.builtin.svtav1 import SvtAv1
from castcore_core.builtin.x264 import X264, X264Config
from castcore_core.builtin.x265 import X265
from castcore_core.ffmpeg.arguments import Encoding, Extras, build_encoding
from castcore_core.ffmpeg.profile import COPY, PRESETS, AudioSettings, Loudness, Profile, VideoSettings
from castcore_core.ffmpeg.source import FileSource, PatternSource, PipeSource, Source
from castcore_core.ffmpeg.video import Rendition
from castcore_core.media.info import MediaInfo
from castcore_core.media.probe import probe, probe_bytes
from castcore_sdk import CastCoreError
from castcore_sdk.testing import MemoryContext
from servers.encoding import FONT, build_of, encode, keyframe_times, packets, resolve, run, video_of
from servers.media import SYSTEM, Clips

SOURCE = PRESETS["source"]


@cache
def encoder(kind: str = "x264") -> Any:
    made: dict[str, Callable[[], Any]] = {
        "x264": lambda: X264(X264Config(), MemoryContext()),
        "x265": lambda: X265(SoftwareConfig(), MemoryContext()),
        "svtav1": lambda: SvtAv1(SoftwareConfig(), MemoryContext()),
    }
    return made[kind]()


@cache
def look(path: Path) -> MediaInfo:
    return asyncio.run(probe(path))


def file_of(clips: Clips, name: str, **more: Any) -> FileSource:
    return FileSource(path=str(clips[name]), media=look(clips[name]), **more)


def plan(ffmpeg: str, source: Source, *profiles: Profile, kind: str = "x264", **extras: Any) -> Encoding:
    renditions = [
        Rendition(
            id=f"r{number}",
            profile=profile,
            encoder=None if profile.video is None or profile.copies_video else encoder(kind),
        )
        for number, profile in enumerate(profiles)
    ]
    return build_encoding(build_of(ffmpeg), source, renditions, Extras(font=FONT, **extras))


def slate_of(ffmpeg: str, encoding: Encoding, folder: Path, number: int = 0, **values: str) -> Path:
    slate = encoding.renditions[number].slate
    assert slate is not None
    path = folder / f"slate{number}.flv"
    words = resolve(slate.arguments, {("value", name): value for name, value in values.items()})
    assert words[-1] == "pipe:1"
    run(ffmpeg, ["-y", *words[:-1], f"file:{path}"])
    return path


CLIPS = [
    ("av", (320, 180), Fraction(30), 150),
    ("interlaced", (320, 180), Fraction(25), 125),
    ("rotated", (180, 320), Fraction(30), 150),
    ("sar", (320, 180), Fraction(30), 150),
    ("odd", (322, 180), Fraction(30), 150),
    ("vfr", (320, 180), Fraction(30), 150),
    ("ten-bit", (320, 180), Fraction(30), 150),
    ("no-audio", (320, 180), Fraction(30), 150),
    ("ts", (320, 180), Fraction(30), 150),
    ("hevc", (320, 180), Fraction(30), 150),
    ("vp8-vorbis", (320, 180), Fraction(30), 150),
]


@pytest.mark.parametrize(("name", "size", "rate", "frames"), CLIPS)
def test_any_media_becomes_a_steady_stream_that_its_slate_can_follow(
    ffmpeg: str, clips: Clips, tmp_path: Path, name: str, size: tuple[int, int], rate: Fraction, frames: int
) -> None:
    encoding = plan(ffmpeg, file_of(clips, name), SOURCE)
    main = encode(ffmpeg, encoding.encoder.arguments, tmp_path, ["r0"])["r0"]
    video, slate = video_of(main), video_of(slate_of(ffmpeg, encoding, tmp_path))
    assert video["size"] == size
    assert video["rate"] == rate
    assert abs(video["frames"] - frames) <= 4
    assert (video["first"].format.name, str(video["codec"])) == ("yuv420p", "h264")
    assert slate["extradata"] == video["extradata"]
    assert slate["frames"] == 2 * rate
    steps = {round(after - before, 3) for before, after in zip(video["times"], video["times"][1:], strict=False)}
    assert max(steps) <= float(1 / rate) + 0.0011
    assert len(packets(main, "audio")) == pytest.approx(5 * 48000 / 1024, abs=4)


def test_keyframes_of_all_renditions_are_at_the_same_times(ffmpeg: str, clips: Clips, tmp_path: Path) -> None:
    half = Profile(name="half", video=VideoSettings(height=90, fps=15))
    ntsc = Profile(name="ntsc", video=VideoSettings(height=120, fps=29.97))
    encoding = plan(ffmpeg, file_of(clips, "ten-seconds"), SOURCE, half, ntsc)
    paths = encode(ffmpeg, encoding.encoder.arguments, tmp_path, ["r0", "r1", "r2"])
    full, low, odd = (keyframe_times(path) for path in paths.values())
    assert len(full) == 5
    assert full == low
    assert [float(time) for time in odd] == pytest.approx([float(time) for time in full], abs=0.034)
    assert all(later - earlier == 2 for earlier, later in itertools.pairwise(full))


@pytest.mark.parametrize("size", [(160, 90), (854, 480)])
@pytest.mark.parametrize("fps", [24000 / 1001, 25, 30000 / 1001, 60])
@pytest.mark.parametrize("latency", ["standard", "ultra-low"])
def test_slate_and_programme_share_their_parameter_sets(
    ffmpeg: str, tmp_path: Path, size: tuple[int, int], fps: float, latency: Any
) -> None:
    settings = VideoSettings(width=size[0], height=size[1], fps=fps, preset="fast")
    profile = Profile(name="x", video=settings, audio=None, latency=latency)
    encoding = plan(ffmpeg, PatternSource(width=160, height=90), profile)
    words = [*encoding.encoder.arguments]
    words[-1:] = ["-t", "0.2", words[-1]]
    main = encode(ffmpeg, words, tmp_path, ["r0"])["r0"]
    slate = slate_of(ffmpeg, encoding, tmp_path)
    assert video_of(slate)["extradata"] == video_of(main)["extradata"] != b""
    assert len(packets(slate)) == round(2 * fps + 0.49)
    assert [packet.is_keyframe for packet in packets(slate)].count(True) == 1


@pytest.mark.parametrize("kind", ["x265", "svtav1"])
def test_newer_codecs_share_them_too(clips: Clips, tmp_path: Path, kind: str, bundled: str) -> None:
    encoding = plan(bundled, file_of(clips, "av"), SOURCE, kind=kind)
    main = encode(bundled, encoding.encoder.arguments, tmp_path, ["r0"])["r0"]
    video, slate = video_of(main), video_of(slate_of(bundled, encoding, tmp_path))
    assert slate["extradata"] == video["extradata"] != b""
    assert len(keyframe_times(main)) == 3


def test_a_source_that_is_not_known_before_keeps_its_size_and_rate(ffmpeg: str, clips: Clips, tmp_path: Path) -> None:
    encoding = plan(ffmpeg, PipeSource(), SOURCE)
    assert encoding.encoder.stdin
    values = {("pipe", "r0"): f"file:{tmp_path}/r0.flv", ("pipe", "progress"): f"{tmp_path}/progress"}
    run(ffmpeg, ["-y", *resolve(encoding.encoder.arguments, values)], clips["flv"].read_bytes())
    video = video_of(tmp_path / "r0.flv")
    assert video["size"] == (320, 180)
    assert video["frames"] == pytest.approx(150, abs=2)
    times = [float(time) for time in keyframe_times(tmp_path / "r0.flv")]
    assert [round(time - times[0], 1) for time in times] == [0.0, 2.0, 4.0]
    slate = slate_of(ffmpeg, encoding, tmp_path, width="320", height="180", fps="30")
    assert video_of(slate)["extradata"] == video["extradata"]
    assert video_of(slate)["frames"] == 60


async def test_a_stream_that_was_probed_is_treated_like_a_file(clips: Clips) -> None:
    info = await probe_bytes(clips["flv"].read_bytes()[:100_000])
    assert (info.video[0].width, info.video[0].fps, info.audio[0].codec) == (320, 30, "aac")


def test_the_second_audio_track(ffmpeg: str, clips: Clips, tmp_path: Path) -> None:
    encoding = plan(ffmpeg, file_of(clips, "two-audio"), SOURCE, audio_track=1)
    main = encode(ffmpeg, encoding.encoder.arguments, tmp_path, ["r0"])["r0"]
    assert [(notice.code, dict(notice.params)) for notice in encoding.notices] == [
        ("ffmpeg.tracks_left_out", {"track": 1, "tracks": 2})
    ]
    assert _pitch(main) == pytest.approx(880, rel=0.02)


def _pitch(path: Path) -> float:
    """Count the zero crossings of a second in the middle."""
    samples = array("f")
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            samples.frombytes(bytes(frame.planes[0])[: frame.samples * 4])
    middle = samples[48000 : 2 * 48000]
    return sum(a < 0 <= b for a, b in itertools.pairwise(middle))


def test_a_source_without_picture_gets_the_still(ffmpeg: str, clips: Clips, tmp_path: Path) -> None:
    encoding = plan(ffmpeg, file_of(clips, "audio-only"), SOURCE, still=file_of(clips, "still"))
    main = encode(ffmpeg, encoding.encoder.arguments, tmp_path, ["r0"])["r0"]
    video = video_of(main)
    assert video["size"] == (320, 180)
    assert 148 <= video["frames"] <= 200  # ffmpeg notices up to a second late that the sound has ended
    assert video_of(slate_of(ffmpeg, encoding, tmp_path))["extradata"] == video["extradata"]
    with pytest.raises(CastCoreError) as caught:
        plan(ffmpeg, file_of(clips, "audio-only"), SOURCE)
    assert caught.value.code == "media.no_video"


def test_sound_alone(ffmpeg: str, clips: Clips, tmp_path: Path) -> None:
    encoding = plan(ffmpeg, file_of(clips, "av"), PRESETS["audio-only"])
    main = encode(ffmpeg, encoding.encoder.arguments, tmp_path, ["r0"])["r0"]
    assert len(packets(main, "audio")) == pytest.approx(235, abs=3)
    assert not encoding.renditions[0].video
    assert len(packets(slate_of(ffmpeg, encoding, tmp_path), "audio")) > 0


def test_no_silence_where_it_is_not_wanted(ffmpeg: str, clips: Clips) -> None:
    encoding = plan(ffmpeg, file_of(clips, "no-audio"), SOURCE, silence=False)
    assert not encoding.renditions[0].audio
    assert encoding.notices == ()
    assert "-c:a" not in encoding.encoder.arguments


def test_a_truncated_file_plays_to_its_cut(ffmpeg: str, clips: Clips, tmp_path: Path) -> None:
    encoding = plan(ffmpeg, file_of(clips, "truncated"), SOURCE)
    assert [notice.code for notice in encoding.notices] == ["media.cut_short"]
    main = encode(ffmpeg, encoding.encoder.arguments, tmp_path, ["r0"])["r0"]
    assert 80 <= video_of(main)["frames"] <= 100


@pytest.mark.parametrize("name", ["av", "mkv", "ts", "b-frames"])
def test_copies_are_the_same_packets(ffmpeg: str, clips: Clips, tmp_path: Path, name: str) -> None:
    encoding = plan(ffmpeg, file_of(clips, name), COPY)
    main = encode(ffmpeg, encoding.encoder.arguments, tmp_path, ["r0"])["r0"]
    assert encoding.renditions[0].slate is None
    assert len(packets(main)) == len(packets(clips[name])) == 150
    before, after = video_of(clips[name]), video_of(main)
    assert bytes(before["first"].planes[0]) == bytes(after["first"].planes[0])


def test_a_copied_picture_with_encoded_sound(ffmpeg: str, clips: Clips, tmp_path: Path) -> None:
    profile = Profile(name="x", copy_mode="video", audio=AudioSettings(bitrate=64_000, channels=1))
    encoding = plan(ffmpeg, file_of(clips, "opus"), profile)
    main = encode(ffmpeg, encoding.encoder.arguments, tmp_path, ["r0"])["r0"]
    assert len(packets(main)) == 150
    assert look(main).audio[0].codec == "aac"
    assert look(main).audio[0].channels == 1


def test_codecs_that_do_not_fit_are_refused_before_anything_runs(ffmpeg: str, clips: Clips) -> None:
    with pytest.raises(CastCoreError) as caught:
        plan(ffmpeg, file_of(clips, "vp8-vorbis"), COPY)
    assert (caught.value.code, caught.value.params) == ("ffmpeg.codec_not_on_bus", {"codec": "vorbis"})
    if build_of(ffmpeg).enhanced_flv:
        assert plan(ffmpeg, file_of(clips, "opus"), COPY).codecs == {"r0": {"h264", "opus"}}
        return
    for name, codec in (("opus", "opus"), ("hevc", "hevc"), ("av1", "av1")):
        with pytest.raises(CastCoreError) as caught:
            plan(ffmpeg, file_of(clips, name), COPY)
        assert (caught.value.code, caught.value.params["codec"]) == ("ffmpeg.too_old_for_codec", codec)


@pytest.mark.parametrize("name", ["opus", "hevc", "av1"])
def test_enhanced_codecs_are_copied(clips: Clips, tmp_path: Path, name: str, bundled: str) -> None:
    encoding = plan(bundled, file_of(clips, name), COPY)
    main = encode(bundled, encoding.encoder.arguments, tmp_path, ["r0"])["r0"]
    assert video_of(main)["frames"] == 150
    assert look(main).audio[0].codec == look(clips[name]).audio[0].codec


def test_a_track_that_is_not_there(clips: Clips) -> None:
    with pytest.raises(CastCoreError) as caught:
        plan(str(SYSTEM), file_of(clips, "av"), SOURCE, audio_track=3)
    assert (caught.value.code, caught.value.params) == ("ffmpeg.no_such_track", {"track": 3, "tracks": 1})


def test_starting_within_a_file(ffmpeg: str, clips: Clips, tmp_path: Path) -> None:
    encoding = plan(ffmpeg, file_of(clips, "ten-seconds", start_at=4.0), SOURCE)
    assert (encoding.encoder.start_at, encoding.encoder.resume) == (4.0, True)
    main = encode(ffmpeg, encoding.encoder.arguments, tmp_path, ["r0"])["r0"]
    assert video_of(main)["frames"] == pytest.approx(180, abs=2)


def test_a_resume_wins_over_the_start(ffmpeg: str, clips: Clips, tmp_path: Path) -> None:
    arguments = plan(ffmpeg, file_of(clips, "ten-seconds", start_at=4.0), SOURCE).encoder.arguments
    place = next(index for index, word in enumerate(arguments) if getattr(word, "kind", "") == "seek")
    resumed = (*arguments[:place], "-ss", "7.000", *arguments[place + 1 :])
    main = encode(ffmpeg, resumed, tmp_path, ["r0"])["r0"]
    assert video_of(main)["frames"] == pytest.approx(90, abs=2)


def test_a_loop_goes_on(ffmpeg: str, clips: Clips, tmp_path: Path) -> None:
    encoding = plan(ffmpeg, file_of(clips, "av", loop=True), SOURCE)
    assert not encoding.encoder.resume
    words = [*encoding.encoder.arguments]
    words[-1:] = ["-t", "12", words[-1]]
    main = encode(ffmpeg, words, tmp_path, ["r0"])["r0"]
    video = video_of(main)
    assert video["frames"] == pytest.approx(360, abs=2)
    assert max(b - a for a, b in zip(video["times"], video["times"][1:], strict=False)) < 0.05


def test_loudness_reaches_its_target(ffmpeg: str, clips: Clips, tmp_path: Path) -> None:
    for target in (-14.0, -30.0):
        profile = Profile(name="x", video=None, audio=AudioSettings(loudness=Loudness(target=target)))
        encoding = plan(ffmpeg, file_of(clips, "ten-seconds"), profile)
        main = encode(ffmpeg, encoding.encoder.arguments, tmp_path, ["r0"])["r0"]
        log = run(ffmpeg, ["-hide_banner", "-nostats", "-i", str(main), "-af", "ebur128", "-f", "null", "-"])
        measured = float(log.rpartition("I:")[2].split()[0])
        assert measured == pytest.approx(target, abs=1.5)


def test_a_picture_as_a_programme(ffmpeg: str, clips: Clips, tmp_path: Path) -> None:
    encoding = plan(ffmpeg, file_of(clips, "still"), SOURCE)
    words = [*encoding.encoder.arguments]
    words[-1:] = ["-t", "1", words[-1]]
    main = encode(ffmpeg, words, tmp_path, ["r0"])["r0"]
    assert video_of(main)["frames"] == 30
    assert [notice.code for notice in encoding.notices] == ["ffmpeg.silence_added"]


@pytest.mark.parametrize("name", ["-i.mp4", "concat:x.mp4", "http:foo.mp4", "%03d.mp4", "a\nb.mp4", "ü'[x],y;.mp4"])
def test_names_are_only_names(ffmpeg: str, clips: Clips, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(clips["av"].read_bytes())
    source = FileSource(path=str(path), media=look(clips["av"]))
    main = encode(ffmpeg, plan(ffmpeg, source, SOURCE).encoder.arguments, tmp_path, ["r0"])["r0"]
    assert video_of(main)["frames"] == 150


def test_a_picture_whose_name_is_a_pattern(ffmpeg: str, clips: Clips, tmp_path: Path) -> None:
    path = tmp_path / "%03d.png"
    path.write_bytes(clips["still"].read_bytes())
    source = FileSource(path=str(path), media=look(clips["still"]))
    words = [*plan(ffmpeg, source, SOURCE).encoder.arguments]
    words[-1:] = ["-t", "0.5", words[-1]]
    assert video_of(encode(ffmpeg, words, tmp_path, ["r0"])["r0"])["frames"] == 15


def test_high_dynamic_range_is_said(clips: Clips) -> None:
    source = file_of(clips, "av")
    pq = replace(source.media.video[0], transfer="smpte2084", matrix="bt2020nc")
    encoding = plan(str(SYSTEM), replace(source, media=replace(source.media, video=(pq,))), SOURCE)
    assert [notice.code for notice in encoding.notices] == ["ffmpeg.hdr_source"]
