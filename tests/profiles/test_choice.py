"""Which encoder carries a profile out: devices with room, those that fail, and what stands in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from castcore_core.core import Core
from castcore_core.ffmpeg.profile import Profile, VideoSettings
from castcore_core.plugins.contract import Contribution
from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.offer import Kind, Offer
from castcore_core.profiles.choice import Chosen, Encoders
from castcore_core.streams.encoder import EncoderChoice
from castcore_core.streams.subject import Encoded
from castcore_sdk import (
    CheckResult,
    EncoderArguments,
    EncoderDevice,
    EncodeRequest,
    EncoderProfile,
    ExtensionConfig,
    FFmpegInfo,
    HardwareInfo,
    Severity,
    TemporaryError,
)
from servers.castcore import running_core


class CardConfig(ExtensionConfig):
    """Nothing to set."""

    broken: str | None = None
    """A device that refuses to encode."""


class Card(EncoderProfile[CardConfig]):
    """x264 behind two devices with one session each."""

    id = "card.h264"
    codecs = frozenset({"h264"})

    def available(self, ffmpeg: FFmpegInfo, hardware: HardwareInfo, /) -> Sequence[CheckResult]:
        return (CheckResult(code="card.seen", severity=Severity.OK),)

    def devices(self, hardware: HardwareInfo, /) -> Sequence[EncoderDevice]:
        return tuple(EncoderDevice(id=f"card:{number}", name=f"Card {number}", sessions=1) for number in (0, 1))

    def arguments(self, request: EncodeRequest, /) -> EncoderArguments:
        codec = "no-such-encoder" if request.device == self.config.broken else "libx264"
        return EncoderArguments(output_options=("-c:v", codec, "-b:v", str(request.video_bitrate)))


WANTED = Encoded(Profile(name="p", encoder=Card.id, video=VideoSettings(width=320, height=180, fps=25)))


@pytest.fixture
async def core(tmp_path: Path) -> AsyncIterator[Core]:
    async with running_core(tmp_path / "data") as opened:
        offer = Offer(Kind.ENCODER_PROFILE, Card.id)
        assert opened.get(PluginHost).registry.add("card", [Contribution(offer, Card)]) is None
        yield opened


async def _take(core: Core, holder: str, encoded: Encoded = WANTED, *, keep: bool = False) -> EncoderChoice:
    chosen: Mapping[str, Chosen] = await core.get(Encoders).choose({"main": encoded}, holder=holder, keep=keep)
    choice = chosen["main"][1]
    assert choice is not None
    core.get(Encoders).hold(holder, [choice])
    return choice


def _with(**changes: Any) -> Encoded:
    return replace(WANTED, profile=WANTED.profile.model_copy(update=changes))


async def test_each_device_takes_what_its_driver_allows_and_software_the_rest(core: Core) -> None:
    first, second, third = [await _take(core, job) for job in "abc"]
    assert {first.device, second.device} == {"card:0", "card:1"}
    assert (third.encoder, third.instead_of, third.device) == ("builtin.x264", "card.h264", None)
    assert third.reason is not None
    assert third.reason.code == "encoders.sessions_full"
    notice = third.notice()
    assert notice is not None
    assert (notice.code, notice.params["wanted"]) == ("encoders.fell_back", "card.h264")
    assert first.notice() is None


async def test_what_a_job_frees_the_next_one_gets(core: Core) -> None:
    first = await _take(core, "a")
    await _take(core, "b")
    core.get(Encoders).release("a")
    assert (await _take(core, "c")).device == first.device


async def test_a_job_that_is_planned_again_has_room_on_its_own_device(core: Core) -> None:
    first = await _take(core, "a")
    await _take(core, "b")
    assert (await _take(core, "a")).device == first.device
    assert (await _take(core, "a", keep=True)).device == first.device


async def test_a_running_job_keeps_its_stand_in_where_only_outputs_change(core: Core) -> None:
    await _take(core, "a")
    await _take(core, "b")
    third = await _take(core, "c")
    core.get(Encoders).release("a")
    assert await _take(core, "c", keep=True) == third
    assert (await _take(core, "c")).instead_of == ""


async def test_the_arguments_name_the_device(core: Core) -> None:
    chosen = await core.get(Encoders).choose({"main": _with(encoder_options={"broken": "card:0"})}, holder="a")
    encoder, choice = chosen["main"]
    assert choice is not None
    assert choice.device == "card:1"
    assert encoder is not None


async def test_a_profile_may_refuse_a_stand_in(core: Core) -> None:
    await _take(core, "a")
    await _take(core, "b")
    with pytest.raises(TemporaryError, match=r"encoders\.sessions_full"):
        await _take(core, "c", _with(encoder_fallback="none"))


async def test_an_encoder_that_failed_on_air_is_left_out_for_a_while(core: Core) -> None:
    await _take(core, "a")
    reason = CheckResult(code="ffmpeg.encoder_failed", severity=Severity.ERROR)
    assert core.get(Encoders).distrust("a", reason)
    again = await _take(core, "a")
    assert (again.encoder, again.reason) == ("builtin.x264", reason)
    assert not core.get(Encoders).distrust("a", reason), "nothing stands in for a built-in encoder"


async def test_copied_pictures_and_sound_alone_need_no_encoder(core: Core) -> None:
    copied, silent = _with(copy_mode="all"), _with(video=None)
    chosen = await core.get(Encoders).choose({"a": copied, "b": silent}, holder="job")
    assert set(chosen.values()) == {(None, None)}
