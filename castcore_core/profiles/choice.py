"""Choose the encoder that carries out a profile: a device with room, else the software encoder, and say so."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from castcore_core.core import Core
from castcore_core.ffmpeg.capability import CapabilityProbe
from castcore_core.ffmpeg.hardware import detect_hardware
from castcore_core.ffmpeg.profile import Profile
from castcore_core.ffmpeg.video import VideoEncoder
from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.offer import BUILTIN
from castcore_core.plugins.registry import Registered
from castcore_core.profiles.encoding import encoder_for, guarded
from castcore_core.profiles.toolchain import Toolchain
from castcore_core.streams.encoder import EncoderChoice, GuardedEncoder, refusal, unproven
from castcore_core.streams.subject import Encoded
from castcore_sdk import (
    CastCoreError,
    CheckResult,
    ConfigurationError,
    EncoderDevice,
    EncoderProfile,
    HardwareInfo,
    Severity,
    TemporaryError,
)

_DISTRUST_S = 300.0
"""Seconds for which an encoder that failed on air is not tried again: a driver that is reset comes back."""

Chosen = tuple[VideoEncoder | None, EncoderChoice | None]


class Encoders:
    """Knows how many pictures each device encodes for the jobs of this installation, and what has failed lately."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._held: dict[str, tuple[EncoderChoice, ...]] = {}
        self._distrusted: dict[str, tuple[float, CheckResult]] = {}

    def hold(self, holder: str, choices: Iterable[EncoderChoice]) -> None:
        """Count what a job encodes on, in place of what it encoded on before."""
        self._held[holder] = tuple(choices)

    def release(self, holder: str) -> None:
        """Count a job no longer."""
        self._held.pop(holder, None)

    def distrust(self, holder: str, reason: CheckResult) -> bool:
        """Leave the encoders that a job holds out for five minutes: one failed although its probe works.

        Return whether there are any; built-in ones are always tried again, for nothing stands in for them.
        """
        profiles = self._core.get(PluginHost).registry.encoder_profiles
        left = [
            choice.encoder
            for choice in self._held.get(holder, ())
            if choice.encoder in profiles and profiles[choice.encoder].plugin != BUILTIN
        ]
        for encoder in left:
            self._distrusted[encoder] = (time.monotonic() + _DISTRUST_S, reason)
        return bool(left)

    async def choose(self, encodings: Mapping[str, Encoded], *, holder: str, keep: bool = False) -> dict[str, Chosen]:
        """Return encoder and choice of every rendition, None where no picture is encoded.

        ``holder`` is the job; what it holds itself is free for it, and with ``keep`` chosen again. Raises
        ConfigurationError ``streams.encoder_unknown``; TemporaryError with the reason where the profile wants no other.
        """
        used = Counter(
            choice.device
            for job, choices in self._held.items()
            if job != holder
            for choice in choices
            if choice.device is not None
        )
        held = {choice.rendition: choice for choice in self._held.get(holder, ())} if keep else {}
        made: dict[str, Chosen] = {}
        for rendition, encoded in encodings.items():
            kept = held.get(rendition)
            if kept is not None and kept.wanted == encoded.profile.encoder:
                made[rendition] = self._carry_out(kept, encoded)
            else:
                made[rendition] = await self._choose(rendition, encoded, used)
            choice = made[rendition][1]
            if choice is not None and choice.device is not None:
                used[choice.device] += 1
        return made

    async def _choose(self, rendition: str, encoded: Encoded, used: Counter[str]) -> Chosen:
        host, profile = self._core.get(PluginHost), encoded.profile
        if profile.video is None or profile.copies_video:
            return None, None
        registered = host.registry.encoder_profiles.get(profile.encoder)
        if registered is None or registered.plugin == BUILTIN:
            return self._carry_out(EncoderChoice(rendition=rendition, encoder=profile.encoder), encoded)
        device, reason = await self._admit(registered, profile, used)
        if reason is None:
            return self._carry_out(EncoderChoice(rendition=rendition, encoder=profile.encoder, device=device), encoded)
        if profile.encoder_fallback == "none":
            raise TemporaryError(reason.code, params=reason.params)
        software = _software(host, min(guarded(host, registered, profile).codecs))
        choice = EncoderChoice(rendition=rendition, encoder=software, instead_of=profile.encoder, reason=reason)
        return self._carry_out(choice, encoded)

    def _carry_out(self, choice: EncoderChoice, encoded: Encoded) -> Chosen:
        host, profile = self._core.get(PluginHost), encoded.profile
        if not choice.instead_of:
            return encoder_for(host, profile, encoded.expert_args, device=choice.device), choice
        # The profile's own options and arguments are written for the encoder that cannot be had.
        return encoder_for(host, profile.model_copy(update={"encoder": choice.encoder, "encoder_options": {}})), choice

    async def _admit(
        self, registered: Registered[type[EncoderProfile[Any]]], profile: Profile, used: Counter[str]
    ) -> tuple[str | None, CheckResult | None]:
        """Return the device to encode on (None: the encoder needs none), or why there is none."""
        until, reason = self._distrusted.get(registered.id, (0.0, None))
        if reason is not None and time.monotonic() < until:
            return None, reason
        host = self._core.get(PluginHost)
        hardware = await asyncio.to_thread(detect_hardware)
        try:
            probe = await self._core.get(Toolchain).probe()
            encoder = guarded(host, registered, profile)
            refused = refusal(encoder.available((await probe.capabilities()).info, hardware))
            if refused is not None:
                return None, refused
            return await _find_device(encoder, _places(encoder, hardware), probe, used)
        except CastCoreError as error:
            return None, CheckResult(code=error.code, severity=Severity.ERROR, params=error.params)


async def _find_device(
    encoder: GuardedEncoder,
    devices: Sequence[EncoderDevice | None],
    probe: CapabilityProbe,
    used: Counter[str],
) -> tuple[str | None, CheckResult | None]:
    """Return the device with the fewest pictures that has room and works, or why there is none."""
    reason: CheckResult | None = None
    for device in sorted(devices, key=lambda each: used[each.id] if each is not None else 0):
        if device is not None and device.sessions is not None and used[device.id] >= device.sessions:
            params: dict[str, str | int | float | bool] = {"device": device.name, "sessions": device.sessions}
            reason = CheckResult(code="encoders.sessions_full", severity=Severity.ERROR, params=params)
            continue
        name = device.id if device is not None else None
        failed = await unproven(encoder.on(name), probe)
        if failed is None:
            return name, None
        reason = reason or failed
    return None, reason or CheckResult(code="encoders.no_device", severity=Severity.ERROR)


def _places(encoder: GuardedEncoder, hardware: HardwareInfo) -> Sequence[EncoderDevice | None]:
    """Return the devices to try; an encoder that names none is tried as it is."""
    return encoder.devices(hardware) or (None,)


def _software(host: PluginHost, codec: str) -> str:
    """Return the built-in encoder for ``codec``."""
    for registered in host.registry.encoder_profiles.values():
        if registered.plugin == BUILTIN and codec in registered.item.codecs:
            return registered.id
    raise ConfigurationError("encoders.no_software", params={"codec": codec})
