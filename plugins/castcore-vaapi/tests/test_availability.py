"""What the plugin says about builds and render nodes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from castcore_sdk import FFmpegInfo, HardwareInfo, Severity
from castcore_vaapi.availability import availability, nodes

NODE = "/dev/dri/renderD128"
BUILD = FFmpegInfo(
    version=(5, 1, 9),
    encoders=frozenset({"h264_vaapi"}),
    filters=frozenset({"hwupload"}),
    hwaccels=frozenset({"vaapi"}),
)
CARD = HardwareInfo(render_nodes=(NODE,))


@pytest.mark.parametrize(
    ("encoder", "build", "hardware", "codes"),
    [
        ("h264_vaapi", BUILD, CARD, {"vaapi.node_seen": Severity.OK}),
        ("h264_vaapi", BUILD, HardwareInfo(), {"vaapi.no_render_node": Severity.ERROR}),
        ("h264_vaapi", BUILD, replace(CARD, denied_nodes=(NODE,)), {"vaapi.node_denied": Severity.ERROR}),
        (
            "h264_vaapi",
            BUILD,
            HardwareInfo(render_nodes=("/dev/dri/renderD129",)),
            {"vaapi.no_such_node": Severity.ERROR},
        ),
        ("av1_vaapi", BUILD, CARD, {"vaapi.not_in_build": Severity.ERROR, "vaapi.node_seen": Severity.OK}),
        (
            "h264_vaapi",
            replace(BUILD, hwaccels=frozenset()),
            CARD,
            {"vaapi.no_upload": Severity.ERROR, "vaapi.node_seen": Severity.OK},
        ),
    ],
)
def test_reasons(encoder: str, build: FFmpegInfo, hardware: HardwareInfo, codes: dict[str, Severity]) -> None:
    results = availability(encoder, NODE, build, hardware)
    assert {result.code: result.severity for result in results} == codes


def test_an_unknown_node_is_told_with_those_that_exist() -> None:
    (result,) = availability("h264_vaapi", NODE, BUILD, HardwareInfo(render_nodes=("/dev/dri/renderD129",)))
    assert (result.params["known"], result.config_field) == ("/dev/dri/renderD129", "device")


def test_nodes_that_cannot_encode_are_not_offered() -> None:
    second, third = "/dev/dri/renderD129", "/dev/dri/renderD130"
    hardware = HardwareInfo(
        render_nodes=(NODE, second, third), denied_nodes=(third,), node_makers={NODE: "NVIDIA", second: "AMD"}
    )
    assert [device.id for device in nodes(None, hardware)] == [second]
    assert [device.id for device in nodes(NODE, hardware)] == [NODE]
