"""Whether an encoder works is asked again only where that may have changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from castcore_core.plugins.contract import Contribution
from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.offer import Kind, Offer
from castcore_core.profiles import toolchain
from castcore_core.profiles.toolchain import Toolchain
from castcore_sdk import (
    CheckResult,
    EncoderArguments,
    EncodeRequest,
    EncoderProfile,
    ExtensionConfig,
    FFmpegInfo,
    HardwareInfo,
    Severity,
)
from servers.castcore import running_core


class DriverConfig(ExtensionConfig):
    """Nothing to set."""


class Driver(EncoderProfile[DriverConfig]):
    """x264 behind a driver that is broken at first."""

    id = "driver.h264"
    codecs = frozenset({"h264"})
    broken: ClassVar[bool] = True
    asked: ClassVar[int] = 0

    def available(self, ffmpeg: FFmpegInfo, hardware: HardwareInfo, /) -> Sequence[CheckResult]:
        Driver.asked += 1
        severity = Severity.ERROR if self.broken else Severity.OK
        return (CheckResult(code="driver.seen", severity=severity),)

    def arguments(self, request: EncodeRequest, /) -> EncoderArguments:
        return EncoderArguments(output_options=("-c:v", "libx264", "-b:v", str(request.video_bitrate)))


async def test_what_failed_is_looked_at_again_after_a_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_core(tmp_path / "data") as core:
        host, tools = core.get(PluginHost), core.get(Toolchain)
        registry = host.registry
        for record in host.records:
            registry.remove(record.id)
        offer = Offer(Kind.ENCODER_PROFILE, Driver.id)
        assert registry.add("driver", [Contribution(offer, Driver)]) is None

        async def works() -> bool:
            (status,) = await tools.encoders()
            return status.works

        assert not await works()
        monkeypatch.setattr(Driver, "broken", False)
        assert not await works(), "not with every look at the page"
        monkeypatch.setattr(toolchain, "RETRY_S", 0.0)
        assert await works()
        assert await works()
        assert Driver.asked == 2, "what works is kept"
