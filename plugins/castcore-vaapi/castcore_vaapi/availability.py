"""Whether VA-API can work here, as far as it can be known without opening the device."""

from __future__ import annotations

from collections.abc import Sequence

from castcore_sdk import CheckResult, FFmpegInfo, HardwareInfo, Severity


def availability(encoder: str, device: str, ffmpeg: FFmpegInfo, hardware: HardwareInfo) -> Sequence[CheckResult]:
    """Say what stands in the way of ``encoder`` on the render node ``device``."""
    results = []
    version = ".".join(str(part) for part in ffmpeg.version)
    if encoder not in ffmpeg.encoders:
        params = {"encoder": encoder, "version": version}
        results.append(CheckResult(code="vaapi.not_in_build", severity=Severity.ERROR, params=params))
    if "hwupload" not in ffmpeg.filters or "vaapi" not in ffmpeg.hwaccels:
        params = {"version": version}
        results.append(CheckResult(code="vaapi.no_upload", severity=Severity.ERROR, params=params))
    return [*results, _node(device, hardware)]


def _node(device: str, hardware: HardwareInfo) -> CheckResult:
    if not hardware.render_nodes:
        return CheckResult(code="vaapi.no_render_node", severity=Severity.ERROR)
    if device not in hardware.render_nodes:
        params = {"device": device, "known": ", ".join(hardware.render_nodes)}
        return CheckResult(code="vaapi.no_such_node", severity=Severity.ERROR, params=params, config_field="device")
    if device in hardware.denied_nodes:
        return CheckResult(code="vaapi.node_denied", severity=Severity.ERROR, params={"device": device})
    return CheckResult(code="vaapi.node_seen", severity=Severity.OK, params={"device": device})
