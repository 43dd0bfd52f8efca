"""Arguments by value, and the conformance suite with a real ffmpeg as the judge."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from castcore_sdk import ConfigurationError, EncodeRequest, FFmpegInfo, HardwareInfo, parse_config
from castcore_sdk.testing import EncoderConformance, MemoryContext
from castcore_vaapi.profile import VaapiAv1, VaapiH264, VaapiHevc, VaapiProfile

REQUEST = EncodeRequest(
    width=1920,
    height=1080,
    fps=30.0,
    video_bitrate=6_000_000,
    keyframe_interval=timedelta(seconds=2),
    codec="h264",
)


class VaapiConformance(EncoderConformance):
    ffmpeg = FFmpegInfo(
        version=(9, 0, 2),
        encoders=frozenset({"h264_vaapi", "hevc_vaapi", "av1_vaapi"}),
        filters=frozenset({"format", "hwupload"}),
        hwaccels=frozenset({"vaapi"}),
    )
    hardware = HardwareInfo(render_nodes=("/dev/dri/renderD128", "/dev/dri/renderD129"))


class TestH264(VaapiConformance):
    extension = VaapiH264


class TestHevc(VaapiConformance):
    extension = VaapiHevc


class TestAv1(VaapiConformance):
    extension = VaapiAv1


def options(profile: type[VaapiProfile], request: EncodeRequest, **config: Any) -> dict[str, str]:
    """Return the output options as name → value."""
    instance = profile(parse_config(profile.config_model, config), MemoryContext())
    arguments = instance.arguments(request).output_options
    return dict(zip(arguments[::2], arguments[1::2], strict=True))


def test_h264_by_default() -> None:
    instance = VaapiH264(parse_config(VaapiH264.config_model, {}), MemoryContext())
    arguments = instance.arguments(REQUEST)
    assert arguments.input_options == ("-vaapi_device", "/dev/dri/renderD128")
    assert arguments.filters == ("format=nv12", "hwupload")
    assert " ".join(arguments.output_options) == (
        "-c:v h264_vaapi -compression_level 4 -rc_mode CBR -b:v 6000000 -maxrate 6000000 -bufsize 12000000"
        " -g 60 -bf 0 -force_key_frames expr:not(mod(n,60)) -profile:v high"
    )


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"preset": "fast"}, {"-compression_level": "7"}),
        ({"preset": "quality"}, {"-compression_level": "1", "-async_depth": None}),
        ({"latency": "low"}, {"-async_depth": "1", "-bufsize": "12000000"}),
        ({"latency": "ultra-low", "b_frames": 1}, {"-bufsize": "3000000", "-bf": "1"}),
        ({"rate_control": "vbr"}, {"-rc_mode": "VBR", "-maxrate": "9000000", "-b:v": "6000000"}),
        ({"profile": "constrained_baseline"}, {"-profile:v": "constrained_baseline"}),
    ],
)
def test_what_is_asked_for_is_in_the_arguments(change: dict[str, Any], wanted: dict[str, str | None]) -> None:
    found = options(VaapiH264, replace(REQUEST, **change))
    assert {name: found.get(name) for name in wanted} == wanted


def test_the_device_comes_from_the_configuration() -> None:
    config = parse_config(VaapiHevc.config_model, {"device": "/dev/dri/renderD129", "low_power": True})
    arguments = VaapiHevc(config, MemoryContext()).arguments(replace(REQUEST, codec="hevc"))
    assert arguments.input_options == ("-vaapi_device", "/dev/dri/renderD129")
    assert arguments.output_options[-2:] == ("-low_power", "1")


@pytest.mark.parametrize(
    "device", ["", "renderD128", "/dev/dri/card0", "/dev/dri/renderD128,x=1", "/dev/dri/renderD1\n"]
)
def test_what_is_no_render_node_is_refused(device: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_config(VaapiHevc.config_model, {"device": device})


def test_ten_bits() -> None:
    for profile, codec, name in ((VaapiHevc, "hevc", "main10"), (VaapiAv1, "av1", "main")):
        request = replace(REQUEST, codec=codec, pixel_format="yuv420p10le")
        instance = profile(parse_config(profile.config_model, {}), MemoryContext())
        assert instance.arguments(request).filters == ("format=p010le", "hwupload")
        assert options(profile, request)["-profile:v"] == name


@pytest.mark.parametrize("profile", [VaapiH264, VaapiHevc, VaapiAv1])
def test_each_value_is_one_that_the_encoder_lists(profile: type[VaapiProfile]) -> None:
    """Without a device ffmpeg stops before it reads the encoder's options, so its own list is asked."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("no ffmpeg on the path")
    shown = subprocess.run(
        [ffmpeg, "-hide_banner", "-h", f"encoder={profile.encoder}"], capture_output=True, text=True, timeout=30
    ).stdout
    if f"Encoder {profile.encoder} [" not in shown:
        pytest.skip(f"this ffmpeg lacks {profile.encoder}")
    for pixel_format in profile.pixel_formats:
        request = replace(REQUEST, codec=next(iter(profile.codecs)), pixel_format=pixel_format, latency="low")
        found = options(profile, request, low_power=True)
        for name, value in (("rc_mode", found["-rc_mode"]), ("profile", found["-profile:v"])):
            values = re.split(rf"^  -{name} ", shown, flags=re.MULTILINE)[1].split("\n  -")[0]
            assert re.search(rf"^     {value}\s", values, re.MULTILINE), f"{name} {value}"
        for name in ("async_depth", "low_power"):
            assert f"  -{name} " in shown
