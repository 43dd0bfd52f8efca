"""The software encoders: argument lists by value, and what really comes out of both builds."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
import pytest

from castcore_core.builtin.svtav1 import SvtAv1
from castcore_core.builtin.x264 import X264
from castcore_core.builtin.x265 import X265
from castcore_sdk import ConfigurationError, EncodeRequest, EncoderProfile, FFmpegInfo, HardwareInfo, parse_config
from castcore_sdk.testing import MemoryContext

BUILDS = [
    pytest.param(
        shutil.which("ffmpeg"), id="system", marks=pytest.mark.skipif(not shutil.which("ffmpeg"), reason="no ffmpeg")
    ),
    pytest.param(imageio_ffmpeg.get_ffmpeg_exe(), id="bundled"),
]
REQUEST = EncodeRequest(
    width=320, height=180, fps=30.0, video_bitrate=400_000, keyframe_interval=timedelta(seconds=1), codec="h264"
)
PROFILES: list[tuple[type[EncoderProfile[Any]], str]] = [(X264, "h264"), (X265, "hevc"), (SvtAv1, "av1")]


def make(profile: type[EncoderProfile[Any]], **config: Any) -> EncoderProfile[Any]:
    return profile(parse_config(profile.config_model, config), MemoryContext())


def line(profile: type[EncoderProfile[Any]], request: EncodeRequest, **config: Any) -> str:
    return " ".join(make(profile, **config).arguments(request).output_options)


def test_x264_by_default() -> None:
    assert line(X264, REQUEST) == (
        "-c:v libx264 -preset veryfast -b:v 400000 -maxrate 400000 -bufsize 800000"
        " -g 30 -keyint_min 30 -sc_threshold 0 -bf 0 -pix_fmt yuv420p -profile:v high"
    )


def test_x264_in_a_hurry() -> None:
    request = replace(REQUEST, latency="ultra-low", rate_control="vbr", preset="fast", b_frames=1, profile="main")
    assert line(X264, request, tune="animation", threads=2) == (
        "-c:v libx264 -preset superfast -b:v 400000 -maxrate 600000 -bufsize 200000"
        " -g 30 -keyint_min 30 -sc_threshold 0 -bf 1 -pix_fmt yuv420p -profile:v main"
        " -tune animation,zerolatency -threads 2"
    )


def test_x265_with_ten_bits() -> None:
    request = replace(REQUEST, codec="hevc", pixel_format="yuv420p10le", latency="low", preset="quality")
    assert line(X265, request, threads=1) == (
        "-c:v libx265 -preset fast -b:v 400000 -maxrate 400000 -bufsize 800000 -g 30 -bf 0"
        " -pix_fmt yuv420p10le -profile:v main10 -tune zerolatency"
        " -x265-params keyint=30:min-keyint=30:scenecut=0:open-gop=0:bframes=0:log-level=warning:pools=1"
    )


def test_x265_keeps_the_look_ahead_that_b_frames_need() -> None:
    request = replace(REQUEST, codec="hevc", latency="low", b_frames=2)
    assert line(X265, request).endswith(":bframes=2:log-level=warning:rc-lookahead=3")


def test_svtav1() -> None:
    request = replace(REQUEST, codec="av1")
    assert line(SvtAv1, request) == (
        "-c:v libsvtav1 -preset 8 -b:v 400000 -bufsize 800000 -g 30 -pix_fmt yuv420p"
        " -svtav1-params rc=2:pred-struct=1:scd=0"
    )
    assert "rc=1:pred-struct=2:scd=0:lp=2" in line(SvtAv1, replace(request, rate_control="vbr"), threads=2)
    assert "rc=2:pred-struct=1" in line(SvtAv1, replace(request, rate_control="vbr", latency="low"))


@pytest.mark.parametrize(("profile", "codec"), PROFILES)
def test_an_encoder_is_there_or_not_whatever_the_hardware(profile: type[EncoderProfile[Any]], codec: str) -> None:
    instance = make(profile)
    name = instance.arguments(replace(REQUEST, codec=codec)).output_options[1]
    there = FFmpegInfo(version=(5, 1), encoders=frozenset({name}), filters=frozenset(), hwaccels=frozenset())
    codes = [
        instance.available(build, HardwareInfo())[0].code for build in (there, replace(there, encoders=frozenset()))
    ]
    assert codes == ["encoders.available", "encoders.not_in_build"]


def test_ten_bits_of_h264_are_refused() -> None:
    with pytest.raises(ConfigurationError) as caught:
        line(X264, replace(REQUEST, pixel_format="yuv420p10le"))
    assert (caught.value.code, caught.value.params["pixel_format"]) == (
        "encoders.pixel_format_unsupported",
        "yuv420p10le",
    )


@pytest.mark.parametrize("ffmpeg", BUILDS)
@pytest.mark.parametrize(("profile", "codec"), PROFILES)
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"rate_control": "vbr", "b_frames": 2, "fps": 30000 / 1001},
        {"latency": "low", "preset": "fast"},
        {"pixel_format": "yuv420p10le", "latency": "ultra-low"},
    ],
    ids=["cbr", "vbr", "low", "ten-bit"],
)
def test_what_is_encoded_is_what_was_asked_for(
    ffmpeg: str, profile: type[EncoderProfile[Any]], codec: str, change: dict[str, Any], tmp_path: Path
) -> None:
    request = replace(REQUEST, codec=codec, **change)
    if request.pixel_format not in profile.pixel_formats:
        with pytest.raises(ConfigurationError):
            make(profile).arguments(request)
        return
    file = encode(ffmpeg, make(profile), request, tmp_path / "out.mkv")
    with av.open(str(file)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        keyframes = [number for number, packet in enumerate(packets) if packet.is_keyframe]
        assert stream.codec_context.pix_fmt == request.pixel_format
        assert (stream.width, stream.height) == (320, 180)
    assert len(packets) == 120
    assert keyframes == [0, 30, 60, 90]
    assert 0.5 < sum(packet.size for packet in packets) * 8 / 4.0 / request.video_bitrate < 1.5


def encode(ffmpeg: str, profile: EncoderProfile[Any], request: EncodeRequest, file: Path) -> Path:
    """Encode 120 frames with a scene cut that must not become a keyframe."""
    arguments = profile.arguments(request)
    source = f"testsrc2=size=320x180:rate={request.fps},negate=enable='gt(n,47)'"
    command = [
        *(
            ffmpeg,
            "-hide_banner",
            "-nostdin",
            "-loglevel",
            "error",
            *arguments.input_options,
            "-f",
            "lavfi",
            "-i",
            source,
        ),
        *("-frames:v", "120", "-vf", ",".join((f"format={request.pixel_format}", *arguments.filters))),
        *arguments.output_options,
        str(file),
    ]
    process = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert process.returncode == 0, process.stderr
    return file


def test_forced_keyframes_fall_on_the_frames_of_the_gop(tmp_path: Path) -> None:
    """The expression that the hardware plugins use, in both builds."""
    for build in filter(None, (shutil.which("ffmpeg"), imageio_ffmpeg.get_ffmpeg_exe())):
        file = tmp_path / "forced.mkv"
        command = [
            *(
                build,
                "-y",
                "-nostdin",
                "-loglevel",
                "error",
                "-f",
                "lavfi",
                "-i",
                "testsrc2=size=320x180:rate=30000/1001",
            ),
            *("-frames:v", "90", "-c:v", "libx264", "-preset", "ultrafast", "-g", "250"),
            *("-force_key_frames", "expr:not(mod(n,30))", str(file)),
        ]
        subprocess.run(command, check=True, timeout=60)
        with av.open(str(file)) as container:
            packets = [packet for packet in container.demux(video=0) if packet.size]
        assert [number for number, packet in enumerate(packets) if packet.is_keyframe] == [0, 30, 60]


def test_the_form_of_x264_offers_its_tunes() -> None:
    assert '"stillimage"' in json.dumps(X264.config_model.model_json_schema())
