"""What the plugin says about builds and render nodes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from castcore_qsv.availability import availability, nodes
from castcore_sdk import FFmpegInfo, HardwareInfo, Severity

NODE = "/dev/dri/renderD128"
BUILD = FFmpegInfo(version=(9, 0), encoders=frozenset({"h264_qsv"}), filters=frozenset(), hwaccels=frozenset({"qsv"}))
CARD = HardwareInfo(render_nodes=(NODE,), node_makers={NODE: "Intel"})


@pytest.mark.parametrize(
    ("encoder", "device", "hardware", "codes"),
    [
        ("h264_qsv", None, CARD, {"qsv.node_seen": Severity.OK}),
        ("h264_qsv", NODE, CARD, {"qsv.node_seen": Severity.OK}),
        ("h264_qsv", None, HardwareInfo(), {"qsv.no_intel_graphics": Severity.ERROR}),
        ("h264_qsv", None, replace(CARD, node_makers={NODE: "AMD"}), {"qsv.no_intel_graphics": Severity.ERROR}),
        ("h264_qsv", None, replace(CARD, denied_nodes=(NODE,)), {"qsv.node_denied": Severity.ERROR}),
        ("h264_qsv", "/dev/dri/renderD200", CARD, {"qsv.no_such_node": Severity.ERROR}),
        ("av1_qsv", None, CARD, {"qsv.not_in_build": Severity.ERROR, "qsv.node_seen": Severity.OK}),
    ],
)
def test_reasons(encoder: str, device: str | None, hardware: HardwareInfo, codes: dict[str, Severity]) -> None:
    results = availability(encoder, device, BUILD, hardware)
    assert {result.code: result.severity for result in results} == codes


def test_only_intel_nodes_that_may_be_opened_are_offered() -> None:
    second, third = "/dev/dri/renderD129", "/dev/dri/renderD130"
    hardware = HardwareInfo(
        render_nodes=(NODE, second, third),
        denied_nodes=(third,),
        node_makers={NODE: "NVIDIA", second: "Intel", third: "Intel"},
    )
    assert [device.id for device in nodes(None, hardware)] == [second]
