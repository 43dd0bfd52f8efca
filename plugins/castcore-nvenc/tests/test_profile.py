"""Arguments by value, and the conformance suite with a real ffmpeg as the judge."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from castcore_nvenc.profile import NvencAv1, NvencH264, NvencHevc, NvencProfile
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


class NvencConformance(EncoderConformance):
    ffmpeg = FFmpegInfo(
        version=(9, 0, 2),
        encoders=frozenset({"h264_nvenc", "hevc_nvenc", "av1_nvenc"}),
        filters=frozenset({"format"}),
        hwaccels=frozenset({"cuda"}),
    )
    hardware = HardwareInfo(gpus=("NVIDIA L4",))


class TestH264(NvencConformance):
    extension = NvencH264


class TestHevc(NvencConformance):
    extension = NvencHevc


class TestAv1(NvencConformance):
    extension = NvencAv1


def options(profile: type[NvencProfile], request: EncodeRequest, **config: Any) -> dict[str, str]:
    """Return the output options as name → value."""
    instance = profile(parse_config(profile.config_model, config), MemoryContext())
    arguments = instance.arguments(request).output_options
    return dict(zip(arguments[::2], arguments[1::2], strict=True))


def test_h264_by_default() -> None:
    instance = NvencH264(parse_config(NvencH264.config_model, {}), MemoryContext())
    arguments = instance.arguments(REQUEST)
    assert arguments.input_options == ()
    assert arguments.filters == ()
    assert " ".join(arguments.output_options) == (
        "-c:v h264_nvenc -preset p4 -tune hq -rc cbr -b:v 6000000 -maxrate 6000000 -bufsize 12000000 -multipass qres"
        " -g 60 -bf 0 -strict_gop 1 -no-scenecut 1 -forced-idr 1 -force_key_frames expr:not(mod(n,60))"
        " -profile:v high -spatial-aq 1"
    )


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"preset": "fast"}, {"-preset": "p2", "-multipass": "disabled", "-rc-lookahead": None}),
        ({"preset": "quality"}, {"-preset": "p6", "-multipass": "fullres", "-rc-lookahead": "20"}),
        ({"preset": "quality", "latency": "low"}, {"-tune": "ll", "-rc-lookahead": None, "-delay": "0"}),
        ({"latency": "low"}, {"-zerolatency": "1"}),
        ({"latency": "low", "b_frames": 2}, {"-zerolatency": None, "-bf": "2"}),
        ({"latency": "ultra-low"}, {"-tune": "ull", "-bufsize": "3000000"}),
        ({"rate_control": "vbr"}, {"-rc": "vbr", "-maxrate": "9000000", "-b:v": "6000000"}),
        ({"profile": "main"}, {"-profile:v": "main"}),
        ({"fps": 60000 / 1001}, {"-g": "120", "-force_key_frames": "expr:not(mod(n,120))"}),
    ],
)
def test_what_is_asked_for_is_in_the_arguments(change: dict[str, Any], wanted: dict[str, str | None]) -> None:
    found = options(NvencH264, replace(REQUEST, **change))
    assert {name: found.get(name) for name in wanted} == wanted


def test_the_card_and_the_quantisation_come_from_the_configuration() -> None:
    found = options(NvencH264, REQUEST, gpu=1, spatial_aq=False)
    assert found["-gpu"] == "1"
    assert "-spatial-aq" not in found


def test_ten_bits() -> None:
    request = replace(REQUEST, codec="hevc", pixel_format="yuv420p10le")
    hevc = NvencHevc(parse_config(NvencHevc.config_model, {}), MemoryContext())
    assert hevc.arguments(request).filters == ("format=p010le",)
    assert options(NvencHevc, request)["-profile:v"] == "main10"
    assert "-profile:v" not in options(NvencAv1, replace(request, codec="av1"))
    with pytest.raises(ConfigurationError) as caught:
        options(NvencH264, replace(REQUEST, pixel_format="yuv420p10le"))
    assert caught.value.code == "encoders.pixel_format_unsupported"
