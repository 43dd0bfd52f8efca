"""What the plugin says about builds and cards."""

from __future__ import annotations

import pytest

from castcore_nvenc.availability import availability, cards
from castcore_sdk import FFmpegInfo, HardwareInfo, Severity

BUILD = FFmpegInfo(
    version=(5, 1, 9), encoders=frozenset({"h264_nvenc"}), filters=frozenset(), hwaccels=frozenset({"cuda"})
)


@pytest.mark.parametrize(
    ("encoder", "index", "gpus", "codes"),
    [
        ("h264_nvenc", None, ("NVIDIA GeForce RTX 4070",), {"nvenc.gpu_seen": Severity.OK}),
        ("h264_nvenc", None, (), {"nvenc.no_gpu": Severity.ERROR}),
        ("h264_nvenc", None, ("Intel Arc A380", "AMD Radeon Pro W7500"), {"nvenc.no_gpu": Severity.ERROR}),
        ("av1_nvenc", None, (), {"nvenc.not_in_build": Severity.ERROR, "nvenc.no_gpu": Severity.ERROR}),
        ("h264_nvenc", 1, ("NVIDIA L4",), {"nvenc.no_such_gpu": Severity.ERROR}),
        ("h264_nvenc", 1, ("NVIDIA H100 80GB HBM3", "Tesla T4"), {"nvenc.gpu_seen": Severity.OK}),
        ("h264_nvenc", 0, ("NVIDIA H100 80GB HBM3", "Tesla T4"), {"nvenc.no_encoding_unit": Severity.WARNING}),
        ("h264_nvenc", None, ("NVIDIA H200",), {"nvenc.no_encoding_unit": Severity.WARNING}),
        ("h264_nvenc", None, ("NVIDIA A100-SXM4-80GB",), {"nvenc.no_encoding_unit": Severity.WARNING}),
        ("h264_nvenc", None, ("NVIDIA A10", "NVIDIA H100"), {"nvenc.gpu_seen": Severity.OK}),
        ("h264_nvenc", None, ("NVIDIA RTX A3000",), {"nvenc.gpu_seen": Severity.OK}),
    ],
)
def test_reasons(encoder: str, index: int | None, gpus: tuple[str, ...], codes: dict[str, Severity]) -> None:
    results = availability(encoder, index, BUILD, HardwareInfo(gpus=gpus))
    assert {result.code: result.severity for result in results} == codes


def test_a_missing_card_is_told_with_its_number() -> None:
    (result,) = availability("h264_nvenc", 2, BUILD, HardwareInfo(gpus=("NVIDIA L4",)))
    assert (result.params, result.config_field) == ({"index": 2, "count": 1}, "gpu")


def test_sessions_are_limited_where_the_driver_limits_them() -> None:
    hardware = HardwareInfo(gpus=("NVIDIA GeForce RTX 4070", "NVIDIA L40", "NVIDIA H200", "Intel UHD 770"))
    devices = [(device.id, device.sessions) for device in cards(None, None, hardware)]
    assert devices == [("nvidia:0", 8), ("nvidia:1", None)]
    assert [device.sessions for device in cards(None, 3, hardware)] == [3, 3]
    assert [device.id for device in cards(2, None, hardware)] == ["nvidia:2"], "a card that is named is tried"
