"""The encoders that plugins offer: called through the guard alone, and known to work only once they have encoded."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from castcore_core.ffmpeg.capability import CapabilityProbe, probe_request
from castcore_core.ffmpeg.hardware import detect_hardware
from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.instance import Instance
from castcore_core.plugins.registry import Registered
from castcore_sdk import (
    CastCoreError,
    CheckResult,
    EncoderArguments,
    EncoderDevice,
    EncodeRequest,
    EncoderProfile,
    FFmpegInfo,
    HardwareInfo,
    Severity,
)


class GuardedEncoder:
    """A plugin's encoder as the argument builder wants it."""

    def __init__(self, instance: Instance[EncoderProfile[Any]], device: str | None = None) -> None:
        self._instance = instance
        self._device = device

    def on(self, device: str | None) -> GuardedEncoder:
        """Return the same encoder on one of its devices."""
        return GuardedEncoder(self._instance, device)

    @property
    def codecs(self) -> frozenset[str]:
        """Return the codecs that it writes."""
        return self._instance.extension.codecs

    def available(self, ffmpeg: FFmpegInfo, hardware: HardwareInfo, /) -> Sequence[CheckResult]:
        """Return what it says about this machine. Raises CastCoreError."""
        return tuple(self._instance.call_sync(self._instance.extension.available, ffmpeg, hardware))

    def devices(self, hardware: HardwareInfo, /) -> Sequence[EncoderDevice]:
        """Return the devices that it may use. Raises CastCoreError."""
        return tuple(self._instance.call_sync(self._instance.extension.devices, hardware))

    def arguments(self, request: EncodeRequest, /) -> EncoderArguments:
        """Return its ffmpeg arguments. Raises CastCoreError."""
        asked = request if self._device is None else replace(request, device=self._device)
        return self._instance.call_sync(self._instance.extension.arguments, asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderChoice:
    """What one rendition is encoded with."""

    rendition: str
    encoder: str
    device: str | None = None
    instead_of: str = ""
    """The encoder that the profile names, where it could not be had."""
    reason: CheckResult | None = None
    """Why not."""

    @property
    def wanted(self) -> str:
        """The encoder that the profile names."""
        return self.instead_of or self.encoder

    def notice(self) -> CheckResult | None:
        """Return what people are to be told, None where everything is as the profile says."""
        if self.reason is None:
            return None
        params: dict[str, str | int | float | bool] = {
            "wanted": self.instead_of,
            "encoder": self.encoder,
            "reason": self.reason.code,
        }
        return CheckResult(code="encoders.fell_back", severity=Severity.WARNING, params=params)


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderStatus:
    """One encoder and whether it works here."""

    id: str
    plugin: str
    codecs: tuple[str, ...]
    works: bool
    reason: CheckResult | None = None
    """Why it does not."""


async def survey_encoders(host: PluginHost, probe: CapabilityProbe) -> list[EncoderStatus]:
    """Return every registered encoder, each proven by a short encode unless it says itself that it cannot work here.

    Raises CastCoreError where ffmpeg itself does not answer.
    """
    info = (await probe.capabilities()).info
    hardware = await asyncio.to_thread(detect_hardware)
    registered = [host.registry.encoder_profiles[name] for name in sorted(host.registry.encoder_profiles)]
    return list(await asyncio.gather(*(_status(host, each, probe, info, hardware) for each in registered)))


async def _status(
    host: PluginHost,
    registered: Registered[type[EncoderProfile[Any]]],
    probe: CapabilityProbe,
    info: FFmpegInfo,
    hardware: HardwareInfo,
) -> EncoderStatus:
    codecs: tuple[str, ...] = ()
    try:
        encoder = GuardedEncoder(host.create(registered, {}))
        codecs = tuple(sorted(encoder.codecs))
        reason = refusal(encoder.available(info, hardware)) or await unproven(encoder, probe)
    except CastCoreError as error:
        reason = CheckResult(code=error.code, severity=Severity.ERROR, params=error.params)
    return EncoderStatus(id=registered.id, plugin=registered.plugin, codecs=codecs, works=reason is None, reason=reason)


def refusal(checks: Sequence[CheckResult]) -> CheckResult | None:
    """Return why an encoder says itself that it cannot work."""
    return next((each for each in checks if each.severity is Severity.ERROR), None)


async def unproven(encoder: GuardedEncoder, probe: CapabilityProbe) -> CheckResult | None:
    """Return why a short encode does not work; the probe remembers those that did. Raises CastCoreError."""
    proof = await probe.prove(encoder.arguments(probe_request(min(encoder.codecs))))
    return None if proof.works else CheckResult(code=proof.code, severity=Severity.ERROR, params=proof.params)
