"""What can be entered, and what is refused before anything is connected."""

from __future__ import annotations

from typing import Any

import pytest

from castcore_nfs.config import MountedConfig, NfsConfig
from castcore_sdk import ConfigurationError, parse_config


def config(**settings: Any) -> NfsConfig:
    return parse_config(NfsConfig, {"host": "nas", "export": "/media", **settings})


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"host": "nas.local"}, ("host", "nas.local")),
        ({"host": "[2001:DB8::1]"}, ("host", "2001:db8::1")),
        ({"host": "bücher.example"}, ("host", "xn--bcher-kva.example")),
        ({"export": "/"}, ("export", "/")),
        ({"export": "/volume1//media/./Töne/"}, ("export", "/volume1/media/Töne")),
        ({"version": "3"}, ("version", "3")),
    ],
)
def test_it_is_taken(settings: dict[str, Any], found: tuple[str, str]) -> None:
    assert getattr(config(**settings), found[0]) == found[1]


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        *(({"host": host}, "nfs.host_invalid") for host in ("", "nfs://nas", "nas/media", "a b", "nas:2049", "nas:/x")),
        *(
            ({"export": path}, "nfs.path_invalid")
            for path in ("", "media", "/a/../b", "/a\0", "/a\n", "/" + "x" * 2000)
        ),
        ({"version": "2"}, "config.invalid"),
        ({"uid": -1}, "config.invalid"),
        ({"gid": 1 << 32}, "config.invalid"),
        ({"port": 0}, "config.invalid"),
        ({"timeout": 0}, "config.invalid"),
    ],
)
def test_it_is_refused(settings: dict[str, Any], code: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        config(**settings)
    assert (caught.value.code, caught.value.field) == (code, next(iter(settings)))


@pytest.mark.parametrize(
    ("settings", "port"),
    [
        ({}, 2049),
        ({"port": 12049}, 12049),
        ({"version": "3"}, 111),
        ({"version": "3", "port": 12049}, 111),
        ({"version": "3", "port": 12049, "mount_port": 12050}, 12050),
    ],
)
def test_the_port_that_is_tried_first(settings: dict[str, Any], port: int) -> None:
    assert config(**settings).first_port == port


def test_a_mounted_path_is_absolute() -> None:
    assert parse_config(MountedConfig, {"path": "/mnt/nas/"}).path == "/mnt/nas"
    with pytest.raises(ConfigurationError):
        parse_config(MountedConfig, {"path": "mnt/nas"})
