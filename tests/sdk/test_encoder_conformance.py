"""The encoder suite: a good profile passes, and for each check there is a bad one that fails it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import imageio_ffmpeg
import pytest

from castcore_sdk import (
    CheckResult,
    ConfigurationError,
    EncoderArguments,
    EncoderDevice,
    EncodeRequest,
    EncoderProfile,
    ExtensionConfig,
    FFmpegInfo,
    HardwareInfo,
    Severity,
)
from castcore_sdk.testing import EncoderConformance


class GoodConfig(ExtensionConfig):
    """Settings of the good encoder."""

    threads: int = 1
    """How many threads."""


class Good(EncoderProfile[GoodConfig]):
    """x264, kept as short as the suite allows."""

    id = "good.x264"
    codecs = frozenset({"h264"})

    def available(self, ffmpeg: FFmpegInfo, hardware: HardwareInfo, /) -> Sequence[CheckResult]:
        if "libx264" in ffmpeg.encoders:
            return [CheckResult(code="good.ready", severity=Severity.OK)]
        return [CheckResult(code="good.missing", severity=Severity.ERROR)]

    def arguments(self, request: EncodeRequest, /) -> EncoderArguments:
        self.require(request)
        rate = str(request.video_bitrate)
        return EncoderArguments(
            output_options=(
                *("-c:v", "libx264", "-preset", "ultrafast", "-b:v", rate, "-maxrate", rate, "-bufsize", rate),
                *("-g", str(request.gop), "-threads", str(self.config.threads)),
            )
        )


class Suite(EncoderConformance):
    extension: ClassVar[type[EncoderProfile[Any]]] = Good
    ffmpeg = FFmpegInfo(
        version=(9, 0), encoders=frozenset({"libx264"}), filters=frozenset({"format"}), hwaccels=frozenset()
    )
    executables = (imageio_ffmpeg.get_ffmpeg_exe(),)

    def catalogue(self, language: str) -> Mapping[str, Mapping[str, str]]:
        return {"good.ready": {"message": "Ready."}, "good.missing": {"message": "Missing."}}


class TestGood(Suite):
    """The whole suite passes."""


def _options(change: Callable[[tuple[str, ...]], Any]) -> Callable[..., EncoderArguments]:
    def arguments(self: Good, request: EncodeRequest, /) -> EncoderArguments:
        found = Good.arguments(self, request)
        return replace(found, output_options=change(found.output_options))

    return arguments


def _without(name: str) -> Callable[..., EncoderArguments]:
    def change(options: tuple[str, ...]) -> tuple[str, ...]:
        at = options.index(name)
        return options[:at] + options[at + 2 :]

    return _options(change)


def _with(name: str, value: str) -> Callable[..., EncoderArguments]:
    def change(options: tuple[str, ...]) -> tuple[str, ...]:
        at = options.index(name)
        return (*options[: at + 1], value, *options[at + 2 :])

    return _options(change)


def _filters(*filters: str) -> Callable[..., EncoderArguments]:
    return lambda self, request: replace(Good.arguments(self, request), filters=filters)


_counter = itertools.count()


def _takes_anything(self: Good, request: EncodeRequest, /) -> EncoderArguments:
    return Good.arguments(self, replace(request, codec="h264", pixel_format="yuv420p"))


def _always_ready(*_: Any) -> Sequence[CheckResult]:
    return [CheckResult(code="good.ready", severity=Severity.OK)]


def _never_ready(*_: Any) -> Sequence[CheckResult]:
    return [CheckResult(code="good.missing", severity=Severity.ERROR)]


class RequiredConfig(GoodConfig):
    card: int
    """Which card."""


def _cards(*devices: EncoderDevice) -> Callable[..., Sequence[EncoderDevice]]:
    return lambda self, hardware: devices if hardware.cpu_count > 1 else ()


CARD = EncoderDevice(id="card:0", name="Card")

BAD: list[tuple[str, dict[str, Any], str]] = [
    ("test_devices_are_told_apart", {"devices": _cards(CARD, CARD)}, r"one id for several"),
    ("test_devices_are_told_apart", {"devices": _cards(replace(CARD, sessions=0))}, r"no room"),
    ("test_devices_are_told_apart", {"devices": lambda *_: (CARD,)}, r"without hardware"),
    ("test_devices_are_told_apart", {"devices": _cards(CARD, replace(CARD, id="card:1"))}, r"the same whatever"),
    ("test_codecs_are_declared", {"codecs": frozenset()}, r"codecs is empty"),
    ("test_codecs_are_declared", {"codecs": frozenset({"H264"})}, r"H264"),
    ("test_codecs_are_declared", {"pixel_formats": frozenset({"nv12"})}, r"nv12"),
    ("test_no_setting_is_needed", {"config_model": RequiredConfig}, r"no default for card"),
    ("test_it_says_that_it_can_work", {"available": _never_ready}, r"an error although"),
    ("test_it_says_that_it_can_work", {"available": lambda *_: ()}, r"nothing was reported"),
    ("test_it_says_why_it_cannot_work", {"available": _always_ready}, r"no error for an ffmpeg"),
    ("test_the_same_question_has_the_same_answer", {"available": lambda *_: [next(_counter)]}, r"another answer"),
    ("test_the_same_question_has_the_same_answer", {"arguments": lambda *_: next(_counter)}, r"another answer"),
    ("test_arguments_are_options_with_values", {"arguments": _options(lambda o: (*o, "out.mp4"))}, r"or an output"),
    ("test_arguments_are_options_with_values", {"arguments": _options(lambda o: ("-i", "in.mp4", *o))}, r"'-i'"),
    ("test_arguments_are_options_with_values", {"arguments": _options(lambda o: (*o, "-g", "3"))}, r"stands twice"),
    ("test_arguments_are_options_with_values", {"arguments": _options(list)}, r"has to be a tuple"),
    ("test_arguments_are_options_with_values", {"arguments": _without("-c:v")}, r"-c:v is missing"),
    ("test_arguments_are_options_with_values", {"arguments": _filters("split[a][b]")}, r"one chain"),
    ("test_the_request_is_kept", {"arguments": _with("-b:v", "1")}, r"-b:v 1 for"),
    ("test_the_request_is_kept", {"arguments": _with("-maxrate", "900000")}, r"-maxrate 900000"),
    ("test_the_request_is_kept", {"arguments": _with("-g", "250")}, r"-g 250"),
    ("test_the_request_is_kept", {"arguments": _without("-bufsize")}, r"-bufsize is missing"),
    ("test_what_is_not_declared_is_refused", {"arguments": _takes_anything}, r"DID NOT RAISE"),
    (
        "test_ffmpeg_takes_the_arguments",
        {"arguments": _options(lambda o: (*o, "-no-such-option", "1"))},
        r"Unrecognized option",
    ),
    ("test_ffmpeg_takes_the_arguments", {"arguments": _with("-preset", "no-such-preset")}, r"no-such-preset"),
    ("test_ffmpeg_takes_the_arguments", {"arguments": _filters("no_such_filter")}, r"no_such_filter"),
    (
        "test_codes_have_texts",
        {"available": lambda *_: [CheckResult(code="good.other", severity=Severity.OK)]},
        r"no text in en for good\.other",
    ),
]


@pytest.mark.parametrize(("check", "attributes", "reason"), BAD, ids=[check for check, *_ in BAD])
def test_a_bad_profile_fails_its_check(check: str, attributes: dict[str, Any], reason: str) -> None:
    suite = type("BadSuite", (Suite,), {"extension": type("Bad", (Good,), attributes)})()
    with pytest.raises((AssertionError, ConfigurationError, pytest.fail.Exception), match=reason):
        getattr(suite, check)()


def test_an_encoder_that_no_build_has_is_skipped_and_not_passed() -> None:
    suite = type("Absent", (Suite,), {"extension": type("Bad", (Good,), {"arguments": _with("-c:v", "h264_nothere")})})
    with pytest.raises(pytest.skip.Exception):
        suite().test_ffmpeg_takes_the_arguments()


def test_every_check_of_the_suite_has_a_bad_profile() -> None:
    own = {name for name in vars(EncoderConformance) if name.startswith("test_")}
    assert own <= {check for check, *_ in BAD}
