"""Arguments by value, and the conformance suite with a real ffmpeg as the judge."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from castcore_qsv.profile import QsvAv1, QsvH264, QsvHevc, QsvProfile
from castcore_sdk import ConfigurationError, EncodeRequest, FFmpegInfo, HardwareInfo, parse_config
from castcore_sdk.testing import EncoderConformance, MemoryContext

REQUEST = EncodeRequest(
    width=1920,
    height=1080,
    fps=30.0,
    video_bitrate=6_000_000,
    keyframe_interval=timedelta(seconds=2),
    codec="h264",
)


class QsvConformance(EncoderConformance):
    ffmpeg = FFmpegInfo(
        version=(9, 0, 2),
        encoders=frozenset({"h264_qsv", "hevc_qsv", "av1_qsv"}),
        filters=frozenset({"format"}),
        hwaccels=frozenset({"qsv"}),
    )
    hardware = HardwareInfo(
        render_nodes=("/dev/dri/renderD128", "/dev/dri/renderD129"),
        node_makers={"/dev/dri/renderD128": "Intel", "/dev/dri/renderD129": "Intel"},
    )


class TestH264(QsvConformance):
    extension = QsvH264


class TestHevc(QsvConformance):
    extension = QsvHevc


class TestAv1(QsvConformance):
    extension = QsvAv1


def options(profile: type[QsvProfile], request: EncodeRequest, **config: Any) -> dict[str, str]:
    """Return the output options as name → value."""
    arguments = profile(parse_config(profile.config_model, config), MemoryContext()).arguments(request).output_options
    return dict(zip(arguments[::2], arguments[1::2], strict=True))


def test_h264_by_default() -> None:
    arguments = QsvH264(parse_config(QsvH264.config_model, {}), MemoryContext()).arguments(REQUEST)
    assert arguments.input_options == ("-qsv_device", "/dev/dri/renderD128")
    assert arguments.filters == ("format=nv12",)
    assert " ".join(arguments.output_options) == (
        "-c:v h264_qsv -preset medium -b:v 6000000 -maxrate 6000000 -bufsize 12000000"
        " -g 60 -bf 0 -forced_idr 1 -force_key_frames expr:not(mod(n,60)) -profile:v high"
    )


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"preset": "fast"}, {"-preset": "veryfast"}),
        ({"preset": "quality"}, {"-preset": "slower", "-async_depth": None}),
        ({"latency": "low"}, {"-async_depth": "1", "-bufsize": "12000000"}),
        ({"latency": "ultra-low", "b_frames": 1}, {"-bufsize": "3000000", "-bf": "1"}),
        ({"rate_control": "vbr"}, {"-maxrate": "9000000", "-b:v": "6000000"}),
    ],
)
def test_what_is_asked_for_is_in_the_arguments(change: dict[str, Any], wanted: dict[str, str | None]) -> None:
    found = options(QsvH264, replace(REQUEST, **change))
    assert {name: found.get(name) for name in wanted} == wanted


def test_the_chosen_device_weighs_more_than_the_configured_one() -> None:
    config = parse_config(QsvHevc.config_model, {"device": "/dev/dri/renderD129"})
    profile, request = QsvHevc(config, MemoryContext()), replace(REQUEST, codec="hevc")
    assert profile.arguments(request).input_options[1] == "/dev/dri/renderD129"
    assert profile.arguments(replace(request, device="/dev/dri/renderD130")).input_options[1] == "/dev/dri/renderD130"


@pytest.mark.parametrize("device", ["", "renderD128", "/dev/dri/card0", "/dev/dri/renderD1\n"])
def test_what_is_no_render_node_is_refused(device: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_config(QsvHevc.config_model, {"device": device})


@pytest.mark.parametrize("profile", [QsvH264, QsvHevc, QsvAv1])
def test_each_value_is_one_that_the_encoder_lists(profile: type[QsvProfile]) -> None:
    """Without a device ffmpeg stops before it reads the encoder's options, so its own list is asked."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("no ffmpeg on the path")
    shown = subprocess.run(
        [ffmpeg, "-hide_banner", "-h", f"encoder={profile.encoder}"], capture_output=True, text=True, timeout=30
    ).stdout
    if f"Encoder {profile.encoder} [" not in shown:
        pytest.skip(f"this ffmpeg lacks {profile.encoder}")
    for preset in ("fast", "balanced", "quality"):
        codec = next(iter(profile.codecs))
        found = options(profile, replace(REQUEST, codec=codec, latency="low", preset=preset))
        for name, value in (("preset", found["-preset"]), ("profile", found["-profile:v"])):
            values = re.split(rf"^  -{name} ", shown, flags=re.MULTILINE)[1].split("\n  -")[0]
            assert re.search(rf"^     {value}\s", values, re.MULTILINE), f"{name} {value}"
        assert "  -async_depth " in shown
        assert "  -forced_idr " in shown
