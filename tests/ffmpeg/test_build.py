"""Which ffmpeg is used."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from castcore_core.ffmpeg.build import find_build, find_builds, inspect_build, parse_version
from castcore_sdk import ConfigurationError
from servers.media import BUNDLED, SYSTEM


@pytest.mark.parametrize(
    ("first", "version", "label"),
    [
        ("ffmpeg version n9.0.2-17-g2a571b6068-20260930 Copyright", (9, 0, 2), "n9.0.2-17-g2a571b6068-20260930"),
        ("ffmpeg version 5.1.9-0+deb12u1 Copyright", (5, 1, 9), "5.1.9-0+deb12u1"),
        ("ffmpeg version 7.1-static https://x", (7, 1), "7.1-static"),
        ("ffmpeg version N-118000-gabcdef0123 Copyright", (8,), "N-118000-gabcdef0123"),
        ("ffmpeg version git-2019-06-06-bb5cda2 Copyright", (8,), "git-2019-06-06-bb5cda2"),
    ],
)
def test_versions_are_read(first: str, version: tuple[int, ...], label: str) -> None:
    text = f"{first}\nbuilt with gcc 12\n  libavutil      60.  8.100 / 60.  8.100\n"
    assert parse_version(text) == (version, label)


def test_another_program_is_no_ffmpeg() -> None:
    with pytest.raises(ValueError, match="not the version"):
        parse_version("curl 8.0 (x86_64)")


async def test_a_configured_path_is_used_as_it_is(tmp_path: Path) -> None:
    assert SYSTEM is not None
    link = tmp_path / "my ffmpeg"
    link.symlink_to(SYSTEM)
    build = await find_build(link)
    assert (build.path, build.origin, build.version[0]) == (str(link), "configured", 5)


async def test_the_newest_is_taken_by_itself() -> None:
    builds = await find_builds()
    assert [build.origin for build in builds] == ["bundled", "system"]
    assert await find_build() == builds[0]
    assert builds[0].version > builds[1].version


async def test_an_old_build_is_called_vulnerable() -> None:
    new, old = await inspect_build(BUNDLED, "bundled"), await inspect_build(str(SYSTEM), "system")
    assert new.warnings() == ()
    assert [warning.code for warning in old.warnings()] == ["ffmpeg.vulnerable"]
    assert not replace(new, version=(8, 1, 2)).vulnerable
    assert replace(new, version=(8, 1, 1)).vulnerable


async def test_another_file_has_another_identity(tmp_path: Path) -> None:
    path = tmp_path / "ffmpeg"
    shutil.copy(str(SYSTEM), path)
    before = await inspect_build(str(path), "configured")
    os.utime(path, ns=(1, 1))
    assert (await inspect_build(str(path), "configured")).identity != before.identity


async def test_what_is_wrong_with_a_path_is_said(tmp_path: Path) -> None:
    script = tmp_path / "other"
    script.write_text("#!/bin/sh\necho hello\n")
    script.chmod(0o755)
    text = tmp_path / "text"
    text.write_text("ffmpeg version 9.9")
    text.chmod(0o755)
    plain = tmp_path / "plain"
    plain.write_text("#!/bin/sh\necho ffmpeg version 9.9\n")
    plain.chmod(0o644)
    wanted = {
        tmp_path / "none": "ffmpeg.missing",
        script / "below": "ffmpeg.missing",
        script: "ffmpeg.not_ffmpeg",
        text: "ffmpeg.not_ffmpeg",
        Path(sys.executable): "ffmpeg.not_ffmpeg",
        tmp_path: "ffmpeg.not_executable",
        plain: "ffmpeg.not_executable",
    }
    for path, code in wanted.items():
        with pytest.raises(ConfigurationError) as caught:
            await find_build(path)
        assert caught.value.code == code, path
        assert caught.value.params == {"path": str(path)}


async def test_it_learns_nothing_of_this_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY_KEY", "live_1234")
    script = tmp_path / "spy"
    script.write_text(f"#!/bin/sh\nenv > {tmp_path}/seen\necho ffmpeg version 9.1\n")
    script.chmod(0o755)
    assert (await inspect_build(str(script), "configured")).version == (9, 1)
    assert "live_1234" not in (tmp_path / "seen").read_text()
