"""Targets as typed, and targets that collide."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from castcore_core.plugins.host import HostSettings, PluginHost
from castcore_core.streams.conflict import check_conflicts
from castcore_core.streams.source import Source, parse_source
from castcore_core.streams.target import Target, parse_targets
from castcore_sdk import ConfigurationError, PublishProtocol, PublishTarget, Secret


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> PluginHost:
    """The builtin plugins."""
    base = tmp_path_factory.mktemp("host")
    host = PluginHost(base / "data", base / "cache", path=[], settings=HostSettings(watch=False))
    host.load()
    return host


def one(host: PluginHost, text: str, *keys: str) -> Target:
    (target,) = parse_targets([text], host, keys=keys)
    return target


@pytest.mark.parametrize(
    ("text", "destination", "in_sight"),
    [
        ("rtmp://host/live/key", "rtmp", True),
        ("rtmp://host/live/", "rtmp", False),
        ("RTMPS://host/live/{env:KEY}", "rtmp", False),
        ("srt://host:9000?passphrase=0123456789", "srt", True),
        ("srt://host:9000", "srt", False),
        ("udp://239.0.0.1:5000", "udp", False),
        ("hls:folder", "hls", False),
        ("file:film.mkv", "file", False),
    ],
)
def test_schemes(
    host: PluginHost, monkeypatch: pytest.MonkeyPatch, text: str, destination: str, in_sight: bool
) -> None:
    monkeypatch.setenv("KEY", "from-env")
    target = one(host, text)
    assert (target.destination.id, target.key_in_sight) == (destination, in_sight)
    assert "key" not in repr(target)


def test_keys_go_in_order_to_those_that_have_none(host: PluginHost) -> None:
    texts = ["rtmp://a/live/", "file:x.mkv", "rtmp://b/live/own", "rtmp://c/live"]
    found = parse_targets(texts, host, keys=["first", "second"])
    assert [each.config.get("stream_key") for each in found] == ["first", None, "own", "second"]
    assert [each.key_in_sight for each in found] == [False, False, True, False]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "streams.target_form"),
        ("host/live/key", "streams.target_form"),
        ("ftp://host/x", "streams.target_scheme"),
        ("rtmp:", "destinations.scheme_unknown"),
        ("rtmp://host", "destinations.app_missing"),
        ("rtmp://host:0/live/key", "destinations.port_invalid"),
        ("rtmp://[::1/live/key", "destinations.host_invalid"),
        ("file:film.avi", "destinations.extension_unknown"),
        ("rtmp://host/live/{env:CASTCORE_NOT_SET}", "streams.variable_unset"),
    ],
)
def test_what_cannot_be_used(host: PluginHost, text: str, code: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        one(host, text)
    assert caught.value.code == code
    assert "key" not in str(caught.value.params)


def test_keys_that_nobody_wants(host: PluginHost) -> None:
    with pytest.raises(ConfigurationError) as caught:
        one(host, "file:x.mkv", "spare", "more")
    assert (caught.value.code, caught.value.params) == ("streams.keys_left_over", {"count": 2})


def target(protocol: PublishProtocol, url: str, key: str | None = None, **secrets: str) -> PublishTarget:
    return PublishTarget(
        reference="b",
        protocol=protocol,
        url=url,
        stream_key=Secret(key) if key else None,
        secret_options={name: Secret(value) for name, value in secrets.items()},
    )


RTMP, FILE, SRT = PublishProtocol.RTMP, PublishProtocol.FILE, PublishProtocol.SRT
NO_FILE = Source(kind="test", name="test")


@pytest.mark.parametrize(
    "targets",
    [
        [target(RTMP, "rtmp://h/a", "k"), target(RTMP, "rtmp://h/a", "k")],
        [target(FILE, "/tmp/x.mkv"), target(FILE, "/tmp/../tmp/x.mkv")],
        [target(SRT, "srt://h:1", passphrase="0123456789"), target(SRT, "srt://h:1", passphrase="0123456789")],
    ],
)
def test_the_same_place_twice(targets: list[PublishTarget]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_conflicts(targets, NO_FILE)
    assert caught.value.code == "streams.target_twice"
    assert "0123" not in str(caught.value.params)


def test_different_places() -> None:
    check_conflicts(
        [
            target(RTMP, "rtmp://h/a", "k"),
            target(RTMP, "rtmp://h/a", "l"),
            target(RTMP, "rtmp://h/b", "k"),
            target(SRT, "srt://h:1", streamid="a"),
            target(SRT, "srt://h:1", streamid="b"),
            target(FILE, "/tmp/x.mkv"),
            target(FILE, "/tmp/x.mp4"),
        ],
        NO_FILE,
    )


def test_a_recording_never_replaces_its_source(tmp_path: Path) -> None:
    film, link, copy = tmp_path / "film.mkv", tmp_path / "link.mkv", tmp_path / "hard.mkv"
    film.touch()
    link.symlink_to(film)
    os.link(film, copy)
    for path in (film, link, copy):
        with pytest.raises(ConfigurationError) as caught:
            check_conflicts([target(FILE, str(path))], parse_source(str(film)))
        assert caught.value.code == "streams.target_is_input"
    check_conflicts([target(FILE, str(tmp_path / "other.mkv"))], parse_source(str(film)))
