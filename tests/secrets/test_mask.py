"""The mask shows four characters of long secrets and nothing of short ones."""

from __future__ import annotations

import pytest

from castcore_core.secrets import Scrubber, mask, mask_url


@pytest.mark.parametrize(("secret", "shown"), [("", "••••"), ("12345678901", "••••"), ("abcdefgh1234", "••••1234")])
def test_mask(secret: str, shown: str) -> None:
    assert mask(secret) == shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtmp://host/app", "rtmp://host/app"),
        ("https://u:p@h:1/x?k=v#f", "https://u:••••@h:1/x?••••#••••"),
        ("srt://u@[::1]:9/", "srt://u@[::1]:9/"),
        ("http://[broken", "••••"),
    ],
)
def test_mask_url(url: str, shown: str) -> None:
    assert mask_url(url) == shown


def test_scrubbing_takes_the_longest_value_and_leaves_short_ones() -> None:
    scrubber = Scrubber()
    for secret in ("abc", "abcd", "abcdefgh"):
        scrubber.add(secret)
    assert scrubber.scrub("abc abcd abcdefgh xabcdefgh") == "abc •••• •••• x••••"


def test_of_secrets_that_others_replace_only_those_last_used_are_remembered() -> None:
    scrubber = Scrubber()
    scrubber.add("stays for good")
    for number in range(1000):
        scrubber.add(f"token/{number:04}", passing=True)
        scrubber.add("token/of another", passing=True)
    assert scrubber.scrub("stays for good, token%2Fof%20another, token/0999") == "••••, ••••, ••••"
    assert scrubber.scrub("token/0801 token/0800") == "•••• token/0800"
