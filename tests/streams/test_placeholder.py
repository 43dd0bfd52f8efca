"""Secrets that are named instead of typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from castcore_core.streams.placeholder import expand, has_placeholder, read_lines
from castcore_sdk import ConfigurationError


def test_variables_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "abc")
    file = tmp_path / "key file.txt"
    file.write_text("# my key\n\n  live_1?x={env:KEY}  \nsecond\n")
    assert expand("rtmp://h/a/{env:KEY}") == "rtmp://h/a/abc"
    assert expand(f"rtmp://h/a/{{file:{file}}}") == "rtmp://h/a/live_1?x={env:KEY}"
    assert expand("{env:KEY}-{env:KEY}") == "abc-abc"


@pytest.mark.parametrize("text", ["", "plain", "{env:", "{env:}", "{ENV:X}", "{other:X}", "{}"])
def test_what_is_no_placeholder_stays(text: str) -> None:
    assert not has_placeholder(text)
    assert expand(text) == text


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "streams.key_file_unreadable"),
        (b"\xff\xfe\x00", "streams.key_file_unreadable"),
        (b"", "streams.key_file_empty"),
        (b"\n# only this\n \n", "streams.key_file_empty"),
        (b"k\n" * 40_000, "streams.key_file_too_large"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, content: bytes | None, code: str) -> None:
    file = tmp_path / "keys"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        read_lines(str(file))
    assert (caught.value.code, caught.value.params["path"]) == (code, str(file))


@pytest.mark.parametrize("path", ["/", "/dev/zero", "a\0b", "x" * 5000])
def test_places_that_are_no_file_of_keys(path: str) -> None:
    with pytest.raises(ConfigurationError):
        read_lines(path)


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_that_is_not_set(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("KEY", value)
    with pytest.raises(ConfigurationError) as caught:
        expand("{env:KEY}")
    assert (caught.value.code, caught.value.params) == ("streams.variable_unset", {"name": "KEY"})
