"""An encoder whose probe works and which then fails on air: software takes over, and everybody is told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from castcore_core.ffmpeg.profile import Profile, VideoSettings
from castcore_core.plugins.contract import Contribution
from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.offer import Kind, Offer
from castcore_core.profiles.models import FFmpegProfile
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
from engine.scene import House, house
from runner.scene import Sink


class NoConfig(ExtensionConfig):
    """Nothing to set."""


class Treacherous(EncoderProfile[NoConfig]):
    """Encodes the probe's picture and nothing smaller."""

    id = "treacherous.h264"
    codecs = frozenset({"h264"})

    def available(self, ffmpeg: FFmpegInfo, hardware: HardwareInfo, /) -> Sequence[CheckResult]:
        return (CheckResult(code="treacherous.seen", severity=Severity.OK),)

    def arguments(self, request: EncodeRequest, /) -> EncoderArguments:
        profile = "high" if request.width >= 320 else "none-of-x264"
        return EncoderArguments(output_options=("-c:v", "libx264", "-profile:v", profile, "-g", str(request.gop)))


def _offer(home: House) -> None:
    offer = Offer(Kind.ENCODER_PROFILE, Treacherous.id)
    home.core.get(PluginHost).registry.add("treacherous", [Contribution(offer, Treacherous)])


async def _profile(**changes: object) -> FFmpegProfile:
    profile = Profile(name="t", encoder=Treacherous.id, video=VideoSettings(width=160, height=90, fps=15))
    settings = profile.model_copy(update=changes).model_dump(mode="json", exclude={"name"})
    return await FFmpegProfile.create(name="treacherous", settings=settings, expert_args=[])


async def test_software_takes_over_and_a_new_server_knows_it(data: Path, sink: Sink) -> None:
    async with house(data) as home:
        _offer(home)
        job = await home.job("news", sink.url, "a", profile_id=(await _profile()).id)
        await home.commands.start(job)
        status = await home.until(job, lambda one: one.state == "running" and bool(one.encoders), 40)
        (use,) = status.encoders
        assert (use.encoder, use.instead_of) == ("builtin.x264", Treacherous.id)
        assert use.reason is not None
        assert use.reason.code == "ffmpeg.encoder_failed"
        assert "health.encoder_fallback" in [finding.code for finding in status.health.findings]
        await sink.playing("a", 5, session=len(sink.of("a")) - 1)
    async with house(data) as home:
        assert home.status(job).encoders == status.encoders
        await home.commands.stop(job)
        stopped = await home.reach(job, "stopped")
        assert stopped.encoders == []


async def test_without_a_stand_in_the_job_says_why_it_waits(home: House, sink: Sink) -> None:
    _offer(home)
    profile = await _profile(encoder_fallback="none")
    job = await home.job("news", sink.url, "a", profile_id=profile.id)
    await home.commands.start(job)
    status = await home.until(job, lambda one: one.state == "reconnecting" and one.attempt > 1, 40)
    assert status.code == "ffmpeg.encoder_failed"
    await home.commands.stop(job)
    await home.reach(job, "stopped")
