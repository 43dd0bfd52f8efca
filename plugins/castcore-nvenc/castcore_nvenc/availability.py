"""Whether NVENC can work here, as far as it can be known without using the card."""

from __future__ import annotations

import re
from collections.abc import Sequence

from castcore_sdk import CheckResult, EncoderDevice, FFmpegInfo, HardwareInfo, Params, Severity

_NVIDIA = re.compile(r"nvidia|geforce|quadro|tesla|titan", re.IGNORECASE)
_NO_ENCODER = re.compile(r"\b(?:A30|A100|A800|H20|H100|H200|H800|GH200)\b")
"""Cards for computing that NVIDIA builds without an encoding unit (Video Encode and Decode Support Matrix)."""

_CONSUMER = re.compile(r"\bGeForce\b", re.IGNORECASE)
_CONSUMER_SESSIONS = 8
"""What NVIDIA's driver allows on all GeForce cards of a machine (Video Encode and Decode Support Matrix, 2024)."""


def cards(index: int | None, sessions: int | None, hardware: HardwareInfo) -> Sequence[EncoderDevice]:
    """Return the cards with an encoding unit, or the one called ``index`` whatever it is.

    ``sessions`` is the limit that a person has set for each; None: the one that is known of its kind.
    """
    found = [gpu for gpu in hardware.gpus if _NVIDIA.search(gpu)]
    return tuple(
        EncoderDevice(
            id=f"nvidia:{number}",
            name=name,
            sessions=sessions or (_CONSUMER_SESSIONS if _CONSUMER.search(name) else None),
        )
        for number, name in enumerate(found)
        if number == index or (index is None and not _NO_ENCODER.search(name))
    )


def availability(encoder: str, index: int | None, ffmpeg: FFmpegInfo, hardware: HardwareInfo) -> Sequence[CheckResult]:
    """Say what stands in the way of ``encoder`` on the card ``index`` (None: any)."""
    results = []
    if encoder not in ffmpeg.encoders:
        params = {"encoder": encoder, "version": ".".join(str(part) for part in ffmpeg.version)}
        results.append(CheckResult(code="nvenc.not_in_build", severity=Severity.ERROR, params=params))
    cards = [gpu for gpu in hardware.gpus if _NVIDIA.search(gpu)]
    return [*results, _card(cards, index)]


def _card(cards: Sequence[str], index: int | None) -> CheckResult:
    if not cards:
        return CheckResult(code="nvenc.no_gpu", severity=Severity.ERROR)
    if index is not None and index >= len(cards):
        params: Params = {"index": index, "count": len(cards)}
        return CheckResult(code="nvenc.no_such_gpu", severity=Severity.ERROR, params=params, config_field="gpu")
    chosen = cards if index is None else [cards[index]]
    if all(_NO_ENCODER.search(card) for card in chosen):
        # A warning, not an error: the list may be wrong one day, a probe encode never is.
        params = {"gpu": chosen[0]}
        return CheckResult(code="nvenc.no_encoding_unit", severity=Severity.WARNING, params=params)
    return CheckResult(code="nvenc.gpu_seen", severity=Severity.OK, params={"gpu": ", ".join(chosen)})
