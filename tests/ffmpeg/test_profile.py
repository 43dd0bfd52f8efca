"""Profiles and their rules."""

from __future__ import annotations

from fractions import Fraction

import pytest
from pydantic import ValidationError

from castcore_core.ffmpeg.picture import Picture, gop_seconds, plan_picture, steady_rate
from castcore_core.ffmpeg.profile import COPY, PRESETS, Profile, VideoSettings, video_bitrate
from castcore_core.media.info import VideoStream


@pytest.mark.parametrize(
    ("width", "height", "fps", "codec", "rate"),
    [
        (1920, 1080, 30, "h264", 4_500_000),
        (1920, 1080, 60, "h264", 5_950_000),
        (1280, 720, 30, "h264", 2_450_000),
        (3840, 2160, 60, "h264", 16_800_000),
        (1920, 1080, 30, "hevc", 2_900_000),
        (1920, 1080, 30, "av1", 2_500_000),
        (16, 16, 1, "h264", 200_000),
        (8192, 8192, 240, "h264", 40_000_000),
    ],
)
def test_bitrates_follow_the_rule(width: int, height: int, fps: float, codec: str, rate: int) -> None:
    assert video_bitrate(width, height, fps, codec) == rate


def test_presets_are_what_their_names_say() -> None:
    assert list(PRESETS) == ["source", "1080p60", "1080p30", "720p60", "720p30", "480p30", "audio-only"]
    for name, profile in PRESETS.items():
        assert profile.name == name
        if name[0].isdigit():
            assert profile.video is not None
            assert f"{profile.video.height}p{profile.video.fps:g}" == name
    assert PRESETS["audio-only"].video is None
    assert COPY.copies_video
    assert COPY.copies_audio


def test_a_profile_survives_json() -> None:
    profile = PRESETS["720p60"]
    assert Profile.model_validate_json(profile.model_dump_json()) == profile


@pytest.mark.parametrize("change", [{"widht": 3}, {"width": 321}, {"fps": 0}, {"bitrate": 3}, {"tune": "x"}])
def test_what_makes_no_sense_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        VideoSettings.model_validate(change)


@pytest.mark.parametrize(
    ("measured", "rate"),
    [
        (Fraction(30000, 1001), Fraction(30000, 1001)),
        (29.97, Fraction(30000, 1001)),
        (Fraction(2997, 100), Fraction(30000, 1001)),
        (23.976, Fraction(24000, 1001)),
        (25, Fraction(25)),
        (59.94, Fraction(60000, 1001)),
        (Fraction(30003, 1000), Fraction(30)),
        (12.5, Fraction(25, 2)),
        (90000, Fraction(120)),
    ],
)
def test_rates_become_rates_in_use(measured: Fraction | float, rate: Fraction) -> None:
    assert steady_rate(measured) == rate


def _stream(width: int, height: int, **more: object) -> VideoStream:
    return VideoStream(index=0, codec="h264", width=width, height=height, fps=Fraction(25), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "stream", "size"),
    [
        (VideoSettings(), _stream(1920, 1080), (1920, 1080)),
        (VideoSettings(), _stream(321, 181), (320, 180)),
        (VideoSettings(), _stream(1920, 1080, rotation=90), (1080, 1920)),
        (VideoSettings(), _stream(720, 576, sar=Fraction(64, 45)), (1024, 576)),
        (VideoSettings(), _stream(720, 576, sar=Fraction(64, 45), rotation=270), (576, 1024)),
        (VideoSettings(height=720), _stream(1920, 1080), (1280, 720)),
        (VideoSettings(height=720), _stream(1080, 1920), (404, 720)),
        (VideoSettings(width=640), _stream(1920, 1080), (640, 360)),
        (VideoSettings(width=640, height=640), _stream(1920, 1080), (640, 640)),
        (VideoSettings(), None, (None, None)),
        (VideoSettings(height=720), None, (None, 720)),
    ],
)
def test_sizes(settings: VideoSettings, stream: VideoStream | None, size: tuple[int | None, int | None]) -> None:
    picture = plan_picture(settings, stream)
    assert (picture.width, picture.height) == size


def test_colours_stay_the_sources_where_a_stream_carries_them() -> None:
    def colours(width: int, height: int, matrix: str | None) -> str:
        return plan_picture(VideoSettings(), _stream(width, height, matrix=matrix)).colours

    assert colours(720, 576, "bt470bg") == "bt470bg"
    assert colours(720, 480, None) == "smpte170m"
    assert colours(1920, 1080, None) == "bt709"
    assert colours(3840, 2160, "bt2020nc") == "bt709"
    assert plan_picture(VideoSettings(), None) == Picture(width=None, height=None, fps=None)


def test_a_keyframe_interval_is_whole_frames() -> None:
    assert gop_seconds(2, Fraction(30)) == 2
    assert gop_seconds(2, Fraction(30000, 1001)) == Fraction(60 * 1001, 30000)
    assert gop_seconds(2.0, Fraction(25, 2)) == 2
    assert gop_seconds(0.5, Fraction(1)) == 1
