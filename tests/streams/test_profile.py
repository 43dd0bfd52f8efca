"""Profiles by name and from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from castcore_core.ffmpeg.profile import PRESETS
from castcore_core.streams.profile import load_profile
from castcore_sdk import ConfigurationError


@pytest.mark.parametrize("name", [*PRESETS, "copy"])
def test_those_that_are_always_there(name: str) -> None:
    assert load_profile(name).name == name


def test_one_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('encoder = "builtin.x265"\n[video]\nwidth = 640\n[audio]\nbitrate = 96000\n')
    profile = load_profile(str(file))
    assert (profile.name, profile.encoder) == ("mine", "builtin.x265")
    assert profile.video is not None
    assert profile.video.width == 640


@pytest.mark.parametrize(
    ("content", "code", "field"),
    [
        (None, "streams.profile_unreadable", None),
        (b"\xff\xff", "streams.profile_unreadable", None),
        (b"#" * 300_000, "streams.profile_unreadable", None),
        (b"[video", "streams.profile_invalid", ""),
        (b"[video]\nwidth = 3\n", "streams.profile_invalid", "video.width"),
        (b"[video]\nbirate = 3\n", "streams.profile_invalid", "video.birate"),
        (b"copy_mode = 'some'\n", "streams.profile_invalid", "copy_mode"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, content: bytes | None, code: str, field: str | None) -> None:
    file = tmp_path / "mine.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        load_profile(str(file))
    assert caught.value.code == code
    assert caught.value.params.get("field") == field


@pytest.mark.parametrize("name", ["", "nope", "1080p", "/etc/passwd"])
def test_unknown_names(name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_profile(name)
    assert caught.value.code == "streams.profile_unknown"
    assert "720p30" in str(caught.value.params["known"])


def test_a_folder_is_no_profile(tmp_path: Path) -> None:
    (tmp_path / "x.toml").mkdir()
    with pytest.raises(ConfigurationError) as caught:
        load_profile(str(tmp_path / "x.toml"))
    assert caught.value.code == "streams.profile_unreadable"
