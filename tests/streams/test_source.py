"""What the text of an input names, and what of it may be shown."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from castcore_core.streams.source import parse_source, shown
from castcore_sdk import ConfigurationError


def failure(text: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        parse_source(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "kind", "name", "has_secret", "live"),
    [
        ("film.mp4", "file", "film.mp4", False, False),
        ("file:film.mp4", "file", "film.mp4", False, False),
        ("file:///srv/film.mp4", "file", "film.mp4", False, False),
        ("file://localhost/srv/my%20film.mp4", "file", "my film.mp4", False, False),
        ("concat:a|b", "file", "concat:a|b", False, False),
        ("http:foo", "file", "http:foo", False, False),
        ("test", "test", "test", False, False),
        ("test:640x360@25", "test", "test", False, False),
        ("device:/dev/video0", "device", "/dev/video0", False, True),
        ("rtmp://host/live/key", "pull", "rtmp://host/live", True, True),
        ("rtmps://host:444/live/key?a=b", "pull", "rtmps://host:444/live", True, True),
        ("RTMP://Host/live/key", "pull", "rtmp://Host/live", True, True),
        ("listen:rtmp://0.0.0.0:1935/live/key", "push", "rtmp://0.0.0.0:1935/live", True, True),
        ("http://host/a.m3u8", "url", "http://host/a.m3u8", False, True),
        ("https://user:word@host/a.ts?t=1", "url", "https://host/a.ts", True, True),
        ("rtsp://[::1]:554/cam", "url", "rtsp://[::1]:554/cam", False, True),
        ("srt://:9000?passphrase=0123456789", "url", "srt://:9000", True, True),
        ("udp://239.0.0.1:5000", "url", "udp://239.0.0.1:5000", False, True),
    ],
)
def test_kinds(text: str, kind: str, name: str, has_secret: bool, live: bool) -> None:
    source = parse_source(text)
    assert (source.kind, source.name, source.has_secret, source.live) == (kind, name, has_secret, live)
    assert "key" not in repr(source)
    assert "word" not in repr(source)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "streams.input_empty"),
        ("file:", "streams.input_empty"),
        ("file://", "streams.input_empty"),
        ("file://host/film.mp4", "streams.input_invalid"),
        ("ftp://host/x", "streams.unknown_scheme"),
        ("concat://x", "streams.unknown_scheme"),
        ("rtmp://", "streams.input_invalid"),
        ("rtmp://host:99999/live/key", "streams.input_invalid"),
        ("rtmp://[::1/live/key", "streams.input_invalid"),
        ("http://ho\nst/", "streams.input_invalid"),
        ("listen:rtmp://[::1/live/key", "streams.input_invalid"),
        ("listen:rtmps://host/live/key", "streams.listen_form"),
        ("listen:host/live/key", "streams.listen_form"),
        ("a\0b", "streams.input_invalid"),
        ("test:1x1", "streams.test_size"),
        ("test:321x180", "streams.test_size"),
        ("test:320x180@0", "streams.test_size"),
        ("test:320x180@999999999", "streams.test_size"),
        ("{env:CASTCORE_NOT_SET}", "streams.variable_unset"),
        ("rtmp://host/live/{file:/nowhere}", "streams.key_file_unreadable"),
    ],
)
def test_what_cannot_be_used(text: str, code: str) -> None:
    error = failure(text)
    assert error.code == code
    assert "key" not in str(error.params)


@pytest.mark.parametrize(
    "name",
    [
        "%03d.mp4",
        "concat:x",
        "http:foo",
        "{env:X}.mp4",
        "-x.mp4",
        "test",
        "listen:x",
        "new\nline.mp4",
        "日本 é.mp4",
        "a'b\"c.mp4",
    ],
)
def test_a_file_that_exists_is_a_file_whatever_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    source = parse_source(name)
    assert (source.kind, source.location) == ("file", str(tmp_path / name))
    assert "\n" not in source.name


def test_a_name_that_is_no_utf8_can_be_shown(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.mp4")
    Path(path).touch()
    source = parse_source(path)
    assert source.location == path
    assert source.name.encode()


def test_placeholders_are_filled_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IN_KEY", "s3cret?x=1")
    source = parse_source("rtmp://host/live/{env:IN_KEY}")
    assert source.location == "rtmp://host/live/s3cret?x=1"
    assert "s3cret" not in source.name + repr(source)


def test_long_names_are_cut_in_the_middle() -> None:
    assert shown("a" * 500) == "a" * 40 + "…" + "a" * 40
    assert shown("a\tb\x1b[31m") == "a�b�[31m"


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.text(max_size=60),
        st.builds(
            "{}:{}".format,
            st.sampled_from(["rtmp", "listen:rtmp", "http", "srt", "test", "device", "file", "listen"]),
            st.text(alphabet="/:@[]?#%0123456789abx.\x00\n{}", max_size=40),
        ),
    )
)
def test_any_text_is_a_source_or_a_coded_error(text: str) -> None:
    with contextlib.suppress(ConfigurationError):
        assert parse_source(text).name.encode()
