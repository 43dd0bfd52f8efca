"""Arguments of experts: an option of the list, and a value that names nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castcore_core.error import InvalidError
from castcore_core.profiles.expert import OPTIONS, check_expert_args


@pytest.mark.parametrize(
    "tokens",
    [
        [],
        ["-crf", "20"],
        ["-preset", "veryslow", "-tune", "film,zerolatency", "-qmin", "-1"],
        ["-maxrate", "6M", "-psy-rd", "1.0:0.15", "-profile:v", "high"],
    ],
)
def test_what_encoders_understand_passes(tokens: list[str]) -> None:
    check_expert_args(tokens)


@pytest.mark.parametrize(
    "tokens",
    [
        ["-i", "/etc/passwd"],
        ["-/filter_complex", "/etc/passwd"],
        ["-x264-params", "stats=/tmp/x"],
        ["-passlogfile", "/tmp/x"],
        ["-vstats_file", "/tmp/x"],
        ["-f", "mpegts"],
        ["-filter_complex", "movie=/etc/passwd"],
        ["-map", "0"],
        ["-y", "/tmp/x"],
        ["-g", "1000"],
        ["/tmp/second-output.mp4"],
        ["-crf"],
        ["-crf", "-preset"],
        ["-preset", "/etc/passwd"],
        ["-preset", "file:x"],
        ["-tune", "http://198.51.100.1/"],
        ["-level", "../../x"],
        ["-crf", "20\n-i"],
        ["crf", "20"],
        ["-crf", "20", "out.mp4"],
        ["-crf", "1"] * 21,
    ],
)
def test_what_opens_or_names_anything_is_refused(tokens: list[str]) -> None:
    with pytest.raises(InvalidError):
        check_expert_args(tokens)


@given(st.sampled_from(sorted(OPTIONS)), st.text(max_size=60))
def test_no_value_holds_a_path_an_address_or_another_option(option: str, value: str) -> None:
    try:
        check_expert_args([f"-{option}", value])
    except InvalidError:
        return
    assert not set(value) & set("/\\@=;%'\"|&$ \n\0")
    assert "://" not in value
    assert not value.startswith("-") or value[1:2].isdigit()
