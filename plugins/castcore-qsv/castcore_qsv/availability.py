"""Whether Quick Sync can work here, as far as it can be known without opening the device."""

from __future__ import annotations

from collections.abc import Sequence

from castcore_sdk import CheckResult, EncoderDevice, FFmpegInfo, HardwareInfo, Severity

_MAKER = "Intel"


def nodes(device: str | None, hardware: HardwareInfo) -> Sequence[EncoderDevice]:
    """Return the render nodes of Intel graphics: ``device`` alone where it is named."""
    intel = [node for node in hardware.render_nodes if hardware.node_makers.get(node, _MAKER) == _MAKER]
    return tuple(
        EncoderDevice(id=node, name=f"{_MAKER} {node}")
        for node in ([device] if device else intel)
        if node in hardware.render_nodes and node not in hardware.denied_nodes
    )


def availability(encoder: str, device: str | None, ffmpeg: FFmpegInfo, hardware: HardwareInfo) -> Sequence[CheckResult]:
    """Say what stands in the way of ``encoder`` on the render node ``device`` (None: on all of them)."""
    results = []
    if encoder not in ffmpeg.encoders:
        params = {"encoder": encoder, "version": ".".join(str(part) for part in ffmpeg.version)}
        results.append(CheckResult(code="qsv.not_in_build", severity=Severity.ERROR, params=params))
    return [*results, _node(device, hardware)]


def _node(device: str | None, hardware: HardwareInfo) -> CheckResult:
    usable = nodes(device, hardware)
    if usable:
        return CheckResult(code="qsv.node_seen", severity=Severity.OK, params={"device": usable[0].id})
    if device is not None and device not in hardware.render_nodes:
        params = {"device": device, "known": ", ".join(hardware.render_nodes)}
        return CheckResult(code="qsv.no_such_node", severity=Severity.ERROR, params=params, config_field="device")
    if denied := [node for node in hardware.denied_nodes if device in (None, node)]:
        return CheckResult(code="qsv.node_denied", severity=Severity.ERROR, params={"device": denied[0]})
    return CheckResult(code="qsv.no_intel_graphics", severity=Severity.ERROR)
