from __future__ import annotations

import re
from pathlib import Path

import castcore_core.rtmp
from castcore_core.i18n import LANGUAGES, catalogue, translate
from castcore_core.rtmp.error import NetworkError, scrub

KEY = "live_1234?token=abc/def&n=1"


def test_a_key_is_masked_in_every_form() -> None:
    said = "no live_1234?token=abc/def&n=1, live_1234, token abc/def, live_1234%3Ftoken%3Dabc%2Fdef%26n%3D1"
    shown = scrub(said, [KEY])
    for form in ("live_1234", "abc/def", "%3Ftoken"):
        assert form not in shown
    assert shown.startswith("no •••, •••, token •••")


def test_short_values_of_a_query_do_not_eat_the_text() -> None:
    assert scrub("error 1 of 1", [KEY]) == "error 1 of 1"


def test_texts_of_a_peer_are_one_short_line() -> None:
    shown = scrub("a\r\n\x1b[31mb\0" + "x" * 1000, [])
    assert shown.startswith("a [31mb x")
    assert len(shown) == 300


def test_an_error_shows_code_values_and_detail() -> None:
    error = NetworkError("rtmp.closed", detail="reset").at("host:1")
    assert str(error) == "rtmp.closed(peer=host:1): reset"
    assert error.at("other:2").params == {"peer": "host:1"}


def test_every_code_has_its_texts_and_every_text_its_code() -> None:
    folder = Path(castcore_core.rtmp.__file__).parent
    used = {code for path in folder.glob("*.py") for code in re.findall(r'"(rtmp\.[a-z_]+)"', path.read_text())}
    for language in LANGUAGES:
        texts = catalogue(language)
        assert {code for code in texts if code.startswith("rtmp.")} == used
        for code in used:
            text = translate(code, {}, language=language)
            assert text.message
            assert text.cause
            assert text.remedy
