"""The conformance suite for encoder profiles."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any, ClassVar

import pytest

from castcore_sdk.encoder import (
    EncoderArguments,
    EncodeRequest,
    EncoderProfile,
    FFmpegInfo,
    HardwareInfo,
    Latency,
    Preset,
    RateControl,
)
from castcore_sdk.errors import ConfigurationError
from castcore_sdk.extension import CheckResult, Severity
from castcore_sdk.testing.context import MemoryContext
from castcore_sdk.testing.extension import ExtensionConformance

NOTHING = FFmpegInfo(version=(9, 0), encoders=frozenset(), filters=frozenset(), hwaccels=frozenset())
_FPS = (25.0, 30000 / 1001, 60.0)
_RATE_CONTROLS: tuple[RateControl, ...] = ("cbr", "vbr")
_LATENCIES: tuple[Latency, ...] = ("standard", "low", "ultra-low")
_PRESETS: tuple[Preset, ...] = ("fast", "balanced", "quality")
_NO_DEVICE = re.compile(
    r"Cannot load lib(?:cuda|nvidia-encode)|No capable devices found|unsupported device|CUDA_ERROR_NO_DEVICE"
    r"|No VA display found|Failed to initialise VAAPI"
)
_UNKNOWN = re.compile(r"Unknown encoder|Unrecognized option|Option not found|not been used for any|Unable to parse")


class EncoderConformance(ExtensionConformance):
    """Inherit it, set ``extension``, and ``ffmpeg`` and ``hardware`` to what the encoder needs."""

    extension: ClassVar[type[EncoderProfile[Any]]]
    """The encoder profile under test."""
    ffmpeg: ClassVar[FFmpegInfo]
    """A build that has all the encoder needs."""
    hardware: ClassVar[HardwareInfo] = HardwareInfo(cpu_count=4)
    """A machine that has all the encoder needs."""
    executables: ClassVar[Sequence[str]] = ()
    """ffmpeg builds that judge the arguments; empty: the one on the path."""

    def profile(self) -> EncoderProfile[Any]:
        """Return an instance with ``config``."""
        return self.extension(self.settings(), MemoryContext())

    def reported(self) -> Sequence[CheckResult]:
        """Return what ``check`` and ``available`` report, with and without what the encoder needs."""
        profile = self.profile()
        good, bad = profile.available(self.ffmpeg, self.hardware), profile.available(NOTHING, HardwareInfo())
        return [*super().reported(), *good, *bad]

    def test_codecs_are_declared(self) -> None:
        """``codecs`` and ``pixel_formats`` hold at least one name each."""
        assert self.extension.codecs <= {"h264", "hevc", "av1"}, self.extension.codecs
        assert self.extension.codecs, "codecs is empty"
        assert self.extension.pixel_formats <= {"yuv420p", "yuv420p10le"}, self.extension.pixel_formats
        assert self.extension.pixel_formats, "pixel_formats is empty"

    def test_no_setting_is_needed(self) -> None:
        """The configuration has a default for everything."""
        required = [name for name, field in self.extension.config_model.model_fields.items() if field.is_required()]
        assert required == [], f"no default for {', '.join(required)}"

    def test_devices_are_told_apart(self) -> None:
        """Each device has an id of its own, and the arguments for one name it."""
        profile = self.profile()
        devices = profile.devices(self.hardware)
        ids = [device.id for device in devices]
        assert len(set(ids)) == len(ids), f"one id for several devices: {ids}"
        assert all(device.sessions is None or device.sessions > 0 for device in devices), "no room on a device"
        assert list(profile.devices(HardwareInfo())) == [], "a machine without hardware has devices"
        made = {profile.arguments(replace(next(self.requests()), device=one)) for one in ids}
        assert len(made) == len(ids), "the arguments are the same whatever device is chosen"

    def test_it_says_that_it_can_work(self) -> None:
        """With everything there, it reports something and no error."""
        results = self.profile().available(self.ffmpeg, self.hardware)
        assert results, "nothing was reported"
        assert all(isinstance(result, CheckResult) for result in results), results
        errors = [result.code for result in results if result.severity is Severity.ERROR]
        assert errors == [], f"an error although everything is there: {errors}"

    def test_it_says_why_it_cannot_work(self) -> None:
        """Without the encoder in the build, it reports an error."""
        results = self.profile().available(NOTHING, self.hardware)
        assert any(result.severity is Severity.ERROR for result in results), "no error for an ffmpeg without encoders"

    def test_the_same_question_has_the_same_answer(self) -> None:
        """``available`` and ``arguments`` are pure."""
        first, second = self.profile(), self.profile()
        once, again = (profile.available(self.ffmpeg, self.hardware) for profile in (first, second))
        assert once == again, "available: another answer to the same question"
        for request in self.requests():
            answers = (first.arguments(request), second.arguments(request), first.arguments(request))
            assert answers[0] == answers[1] == answers[2], "arguments: another answer to the same question"

    def test_arguments_are_options_with_values(self) -> None:
        """Options alternate with values; no input, no output and one ``-c:v``."""
        for request in self.requests():
            arguments = self.profile().arguments(request)
            assert isinstance(arguments, EncoderArguments), arguments
            for part in (arguments.input_options, arguments.filters, arguments.output_options):
                assert isinstance(part, tuple), f"{part!r} has to be a tuple"
                assert all(isinstance(item, str) and item.isprintable() and item for item in part), part
            for options in (arguments.input_options, arguments.output_options):
                names, values = options[::2], options[1::2]
                assert len(names) == len(values), f"an option without a value, or an output: {options}"
                assert all(name.startswith("-") and name not in ("-i", "-y") for name in names), names
                assert len(set(names)) == len(names), f"an option stands twice: {options}"
            assert "-c:v" in arguments.output_options, "-c:v is missing"
            assert not any(character in "".join(arguments.filters) for character in ";[]"), "one chain of filters"

    def test_the_request_is_kept(self) -> None:
        """Bit rate, peak and keyframe distance are those of the request."""
        for request in self.requests():
            options = _options(self.profile().arguments(request))
            rate = int(options.get("-b:v", "0"))
            most = int(options.get("-maxrate", str(rate)))
            assert rate == request.video_bitrate, f"-b:v {rate} for {request.video_bitrate}"
            assert most == rate if request.rate_control == "cbr" else most >= rate, f"-maxrate {most} for {rate}"
            assert int(options.get("-bufsize", "0")) > 0, "-bufsize is missing"
            assert options.get("-g") == str(request.gop), f"-g {options.get('-g')} for {request.gop} frames"

    def test_what_is_not_declared_is_refused(self) -> None:
        """Other codecs and pixel formats raise ConfigurationError: ``self.require(request)``."""
        request = next(self.requests())
        for wrong in (replace(request, codec="mpeg2video"), replace(request, pixel_format="yuv444p")):
            with pytest.raises(ConfigurationError):
                self.profile().arguments(wrong)

    def test_ffmpeg_takes_the_arguments(self) -> None:
        """A real ffmpeg encodes with them, or misses the device and nothing else."""
        judged = 0
        for executable in self.executables or filter(None, [shutil.which("ffmpeg")]):
            for request in self.trials():
                judged += self._judge(executable, request)
        if not judged:
            pytest.skip("no ffmpeg here has this encoder")

    def requests(self) -> Iterator[EncodeRequest]:
        """Yield every kind of request the profile declares."""
        for codec, pixel_format in product(sorted(self.extension.codecs), sorted(self.extension.pixel_formats)):
            request = EncodeRequest(
                width=320,
                height=180,
                fps=25.0,
                video_bitrate=400_000,
                keyframe_interval=timedelta(seconds=2),
                codec=codec,
                pixel_format=pixel_format,
            )
            for fps, b_frames, rate, latency, preset in product(_FPS, (0, 2), _RATE_CONTROLS, _LATENCIES, _PRESETS):
                yield replace(request, fps=fps, b_frames=b_frames, rate_control=rate, latency=latency, preset=preset)

    def trials(self) -> Iterator[EncodeRequest]:
        """Yield the few requests that a real ffmpeg gets."""
        every = [request for request in self.requests() if request.fps == 25.0]
        for pixel_format in sorted(self.extension.pixel_formats):
            some = [request for request in every if request.pixel_format == pixel_format]
            yield from (some[0], some[len(some) // 2], some[-1])

    def _judge(self, executable: str, request: EncodeRequest) -> int:
        """Return 1 where ``executable`` has the encoder and takes the arguments, 0 where it lacks the encoder."""
        arguments = self.profile().arguments(request)
        encoder = _options(arguments)["-c:v"]
        process = subprocess.run(
            trial_command(executable, request, arguments), capture_output=True, text=True, timeout=60, check=False
        )
        if f"Unknown encoder '{encoder}'" in process.stderr:
            return 0
        assert not _UNKNOWN.search(process.stderr), f"{executable}: {process.stderr[-2000:]}"
        taken = process.returncode == 0 or _NO_DEVICE.search(process.stderr)
        assert taken, f"{executable}: {process.stderr[-2000:]}"
        return 1


def trial_command(executable: str, request: EncodeRequest, arguments: EncoderArguments) -> list[str]:
    """Return the command that encodes a second of a test picture as core would."""
    source = f"testsrc2=size={request.width}x{request.height}:rate={request.fps}:duration=1"
    filters = ",".join((f"format={request.pixel_format}", *arguments.filters))
    return [
        *(executable, "-hide_banner", "-nostdin", "-loglevel", "warning", *arguments.input_options),
        *("-f", "lavfi", "-i", source, "-vf", filters, *arguments.output_options, "-f", "null", "-"),
    ]


def _options(arguments: EncoderArguments) -> dict[str, str]:
    return dict(zip(arguments.output_options[::2], arguments.output_options[1::2], strict=True))
