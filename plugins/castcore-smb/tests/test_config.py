"""What can be entered, and what is refused before anything is connected."""

from __future__ import annotations

from typing import Any

import pytest

from castcore_sdk import ConfigurationError, NotFoundError, StoragePath, config_schema, parse_config
from castcore_smb.config import SmbConfig
from castcore_smb.name import is_name, share_path


def config(**settings: Any) -> SmbConfig:
    return parse_config(SmbConfig, {"host": "nas", "share": "media", **settings})


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"host": "nas.local"}, ("host", "nas.local")),
        ({"host": "NAS_1"}, ("host", "NAS_1")),
        ({"host": "[2001:DB8::1]"}, ("host", "2001:db8::1")),
        ({"host": "bücher.example"}, ("host", "xn--bcher-kva.example")),
        ({"share": "\\media\\"}, ("share", "media")),
        ({"share": "Videos & Töne$"}, ("share", "Videos & Töne$")),
        ({"folder": "\\a\\b/c/"}, ("folder", "a/b/c")),
        ({"folder": ""}, ("folder", "")),
    ],
)
def test_it_is_taken(settings: dict[str, Any], found: tuple[str, str]) -> None:
    assert getattr(config(**settings), found[0]) == found[1]


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        *(({"host": host}, "smb.host_invalid") for host in ("", "smb://nas", "nas/media", "a b", "nas:445", "\\\\nas")),
        *(({"share": share}, "smb.share_invalid") for share in ("", "a/b", "a\\b", "x" * 81, "a:b", "a ", "..")),
        *(({"folder": folder}, "smb.folder_invalid") for folder in ("../x", "a/../../x", "a\0", "a:b", "a. /b", "a*")),
        *(({"username": name}, "smb.text_invalid") for name in (" a", "a\n", "\x00")),
        ({"port": 0}, "config.invalid"),
        ({"timeout": 0}, "config.invalid"),
    ],
)
def test_it_is_refused(settings: dict[str, Any], code: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        config(**settings)
    assert (caught.value.code, caught.value.field) == (code, next(iter(settings)))


@pytest.mark.parametrize("name", ["a", ".hidden", "ü 東京 🎬.mp4", "x" * 255, "a.b.c", "-x", "~", "%41"])
def test_names(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "...", "a.", "a ", "a:b", "a\\b", "a/b", "*", "?", '"', "\x1f", "x" * 256]
)
def test_what_is_no_name(name: str) -> None:
    assert not is_name(name)


def test_a_name_is_measured_as_the_server_does() -> None:
    assert is_name("🎬" * 127)
    assert not is_name("🎬" * 128)


def test_paths_lie_below_the_folder() -> None:
    assert share_path("", StoragePath("")) == ""
    assert share_path("video/archive", StoragePath("")) == "video\\archive"
    assert share_path("video", StoragePath("a/b.mp4")) == "video\\a\\b.mp4"


@pytest.mark.parametrize("path", ["a\\..\\..\\b", "..\\b", "a/b\\c", "a::$DATA", "a /b", "a/*"])
def test_paths_that_mean_another_place_are_not_found(path: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        share_path("video", StoragePath(path))
    assert caught.value.code == "smb.name_impossible"


@pytest.mark.parametrize("path", ["../b", "/etc/passwd", "a/../../b", "a\0"])
def test_paths_that_were_not_normalised_are_refused(path: str) -> None:
    with pytest.raises(ConfigurationError):
        share_path("video", StoragePath(path))


def test_the_password_does_not_follow_to_another_server() -> None:
    fields = config_schema(SmbConfig)["properties"]
    assert {name for name, schema in fields.items() if schema.get("x-castcore-endpoint")} == {"host", "port"}
