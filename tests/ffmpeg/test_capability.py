"""What a build really can."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from castcore_core.ffmpeg.build import FFmpegBuild, inspect_build
from castcore_core.ffmpeg.capability import CapabilityProbe
from castcore_core.ffmpeg.hardware import detect_hardware, hardware_fingerprint
from castcore_sdk import EncoderArguments, TemporaryError

X264 = EncoderArguments(output_options=("-c:v", "libx264", "-preset", "ultrafast"))


@pytest.fixture
async def build(ffmpeg: str) -> FFmpegBuild:
    return await inspect_build(ffmpeg, "configured")


async def test_lists_and_round_trips(build: FFmpegBuild, tmp_path: Path) -> None:
    found = await CapabilityProbe(build, tmp_path).capabilities()
    assert {"libx264", "aac", "h264_nvenc"} <= found.info.encoders
    assert "=" not in found.info.encoders
    assert {"drawtext", "loudnorm", "scale", "anullsrc"} <= found.info.filters
    assert "vaapi" in found.info.hwaccels
    assert {"srt", "rtmps", "https", "pipe"} <= found.protocols
    classic = {"h264", "aac"}
    assert found.bus_codecs == (classic | {"hevc", "av1", "opus"} if build.enhanced_flv else classic)


async def test_what_was_learnt_is_kept(build: FFmpegBuild, tmp_path: Path) -> None:
    first = await CapabilityProbe(build, tmp_path).capabilities()
    (file,) = tmp_path.iterdir()
    before = file.stat().st_mtime_ns
    assert await CapabilityProbe(build, tmp_path).capabilities() == first
    assert file.stat().st_mtime_ns == before


@pytest.mark.parametrize("damage", [b"", b"{", b"[1]", b'{"capabilities": {"info": 3}}', b"\xff\xfe"])
async def test_a_damaged_file_is_as_good_as_none(damage: bytes, tmp_path: Path) -> None:
    build = await inspect_build(_fake(tmp_path), "configured")
    folder = tmp_path / "cache"
    assert (await CapabilityProbe(build, folder).prove(X264)).works
    (file,) = folder.iterdir()
    file.write_bytes(damage)
    with pytest.raises(TemporaryError):  # it asks anew, and this one has no lists
        await CapabilityProbe(build, folder).capabilities()
    assert (await CapabilityProbe(build, folder).prove(X264)).works


async def test_another_build_or_card_is_probed_anew(tmp_path: Path) -> None:
    program, folder, root = _fake(tmp_path), tmp_path / "cache", tmp_path / "root"
    build = await inspect_build(program, "configured")
    for _ in range(2):
        assert (await CapabilityProbe(build, folder, root=root).prove(X264)).works
    assert _runs(tmp_path) == 1
    (root / "dev/dri").mkdir(parents=True)
    (root / "dev/dri/renderD128").touch()
    assert (await CapabilityProbe(build, folder, root=root).prove(X264)).works
    assert _runs(tmp_path) == 2
    os.utime(program, ns=(1, 1))
    build = await inspect_build(program, "configured")
    assert (await CapabilityProbe(build, folder, root=root).prove(X264)).works
    assert _runs(tmp_path) == 3


def _fake(folder: Path) -> str:
    """An ffmpeg that encodes anything and counts how often."""
    program = folder / "ffmpeg"
    program.write_text(
        "#!/bin/sh\n"
        'case "$*" in *-version*) echo ffmpeg version 9.1;; '
        f"*-encoders*|*-filters*|*-hwaccels*|*-protocols*) exit 3;; *) echo run >> {folder}/runs;; esac\n"
    )
    program.chmod(0o755)
    return str(program)


def _runs(folder: Path) -> int:
    return len((folder / "runs").read_text().splitlines())


async def test_a_folder_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path) -> None:
    build = await inspect_build(_fake(tmp_path), "configured")
    (tmp_path / "file").touch()
    assert (await CapabilityProbe(build, tmp_path / "file" / "cache").prove(X264)).works


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (EncoderArguments(output_options=("-c:v", "h264_nvenc", "-gpu", "63")), "ffmpeg.encoder_no_device"),
        (EncoderArguments(output_options=("-c:v", "nonesuch")), "ffmpeg.encoder_missing"),
        (EncoderArguments(output_options=("-c:v", "libx264", "-preset", "warp")), "ffmpeg.encoder_failed"),
        (
            EncoderArguments(
                input_options=("-vaapi_device", "/dev/dri/none"),
                filters=("format=nv12", "hwupload"),
                output_options=("-c:v", "h264_vaapi"),
            ),
            "ffmpeg.encoder_no_device",
        ),
    ],
)
async def test_a_failed_probe_says_why(
    build: FFmpegBuild, arguments: EncoderArguments, code: str, tmp_path: Path
) -> None:
    probe = CapabilityProbe(build, tmp_path)
    proof = await probe.prove(arguments)
    assert (proof.works, proof.code) == (False, code)
    assert (await probe.prove(X264)).works


async def test_a_probe_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("castcore_core.ffmpeg.capability.PROBE_SECONDS", 0.3)
    program = tmp_path / "ffmpeg"
    program.write_text('#!/bin/sh\ncase "$*" in *-version*) echo ffmpeg version 9.1;; *) sleep 60;; esac\n')
    program.chmod(0o755)
    build = await inspect_build(str(program), "configured")
    proof = await CapabilityProbe(build).prove(X264)
    assert (proof.works, proof.code) == (False, "ffmpeg.probe_timeout")


def test_hardware_is_seen(tmp_path: Path) -> None:
    card = tmp_path / "proc/driver/nvidia/gpus/0000:01:00.0"
    card.mkdir(parents=True)
    (card / "information").write_text("Model: \t\t NVIDIA H200\nIRQ: 12\n")
    intel = tmp_path / "sys/class/drm/card1/device"
    intel.mkdir(parents=True)
    (intel / "vendor").write_text("0x8086\n")
    (intel / "device").write_text("0x56a5\n")
    (tmp_path / "dev/dri").mkdir(parents=True)
    (tmp_path / "dev/dri/renderD128").touch()
    seen = detect_hardware(tmp_path)
    assert seen.gpus == ("NVIDIA H200", "Intel 0x56a5")
    assert seen.render_nodes == ("/dev/dri/renderD128",)
    assert seen.denied_nodes == ()
    assert seen.cpu_count >= 1


def test_a_new_driver_changes_the_fingerprint(tmp_path: Path) -> None:
    version = tmp_path / "proc/driver/nvidia/version"
    version.parent.mkdir(parents=True)
    version.write_text("NVRM version: 570.1\n")
    before = hardware_fingerprint(tmp_path)
    assert hardware_fingerprint(tmp_path) == before
    version.write_text("NVRM version: 580.2\n")
    assert hardware_fingerprint(tmp_path) != before
