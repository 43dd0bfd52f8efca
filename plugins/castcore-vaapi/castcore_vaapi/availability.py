"""Whether VA-API can work here, as far as it can be known without opening the device."""

from __future__ import annotations

from collections.abc import Sequence

from castcore_sdk import CheckResult, EncoderDevice, FFmpegInfo, HardwareInfo, Severity

FIRST_NODE = "/dev/dri/renderD128"
"""What Linux calls the first graphics card."""
_FOREIGN = "NVIDIA"
"""Its driver has render nodes too, and no VA-API encoder."""


def nodes(device: str | None, hardware: HardwareInfo) -> Sequence[EncoderDevice]:
    """Return the render nodes that may encode: ``device`` alone where it is named."""
    usable = [node for node in hardware.render_nodes if hardware.node_makers.get(node) != _FOREIGN]
    return tuple(
        EncoderDevice(id=node, name=f"{hardware.node_makers.get(node, 'VA-API')} {node}")
        for node in ([device] if device else usable)
        if node not in hardware.denied_nodes
    )


def availability(encoder: str, device: str | None, ffmpeg: FFmpegInfo, hardware: HardwareInfo) -> Sequence[CheckResult]:
    """Say what stands in the way of ``encoder`` on the render node ``device`` (None: on all of them)."""
    results = []
    version = ".".join(str(part) for part in ffmpeg.version)
    if encoder not in ffmpeg.encoders:
        params = {"encoder": encoder, "version": version}
        results.append(CheckResult(code="vaapi.not_in_build", severity=Severity.ERROR, params=params))
    if "hwupload" not in ffmpeg.filters or "vaapi" not in ffmpeg.hwaccels:
        params = {"version": version}
        results.append(CheckResult(code="vaapi.no_upload", severity=Severity.ERROR, params=params))
    return [*results, _node(device, hardware)]


def _node(device: str | None, hardware: HardwareInfo) -> CheckResult:
    if not hardware.render_nodes:
        return CheckResult(code="vaapi.no_render_node", severity=Severity.ERROR)
    if device is None:
        seen = nodes(None, hardware)
        device = seen[0].id if seen else hardware.render_nodes[0]
    if device not in hardware.render_nodes:
        params = {"device": device, "known": ", ".join(hardware.render_nodes)}
        return CheckResult(code="vaapi.no_such_node", severity=Severity.ERROR, params=params, config_field="device")
    if device in hardware.denied_nodes:
        return CheckResult(code="vaapi.node_denied", severity=Severity.ERROR, params={"device": device})
    return CheckResult(code="vaapi.node_seen", severity=Severity.OK, params={"device": device})
