from __future__ import annotations

import pytest

from castcore_core.rtmp import Endpoint, SetupError


@pytest.mark.parametrize(
    ("url", "host", "port", "app", "key"),
    [
        ("rtmp://example.org/live/abc", "example.org", 1935, "live", "abc"),
        ("rtmps://example.org/live2/abc", "example.org", 443, "live2", "abc"),
        ("rtmp://example.org:1936/a/b/c/key", "example.org", 1936, "a/b/c", "key"),
        ("rtmp://[::1]:19350/live/abc", "::1", 19350, "live", "abc"),
        ("rtmp://example.org/live/abc?token=x/y&n=1", "example.org", 1935, "live", "abc?token=x/y&n=1"),
        ("rtmp://example.org/live?vhost=a.b/abc", "example.org", 1935, "live?vhost=a.b", "abc"),
        ("rtmp://example.org/live", "example.org", 1935, "live", ""),
        ("rtmp://example.org/live/", "example.org", 1935, "live", ""),
        ("RTMP://EXAMPLE.org/live/ABC", "example.org", 1935, "live", "ABC"),
    ],
)
def test_an_address_is_taken_apart(url: str, host: str, port: int, app: str, key: str) -> None:
    endpoint = Endpoint.parse(url)
    assert (endpoint.host, endpoint.port, endpoint.app, endpoint.stream_key) == (host, port, app, key)
    assert endpoint.tls == url.lower().startswith("rtmps")


def test_a_key_given_apart_leaves_the_path_to_the_application() -> None:
    endpoint = Endpoint.parse("rtmp://example.org/live/instance", stream_key="k?a=b")
    assert (endpoint.app, endpoint.stream_key) == ("live/instance", "k?a=b")
    assert Endpoint.parse("rtmp://example.org/live/instance", stream_key="").stream_key == ""


def test_the_address_for_people_has_no_secret() -> None:
    endpoint = Endpoint.parse("rtmps://us%40er:pa%3Ass@[2001:db8::1]:443/live/canary-key")
    assert (endpoint.username, endpoint.password) == ("us@er", "pa:ss")
    assert endpoint.url == "rtmps://[2001:db8::1]/live"
    assert endpoint.peer == "[2001:db8::1]:443"
    assert endpoint.secrets == ("canary-key", "pa:ss")
    for text in (repr(endpoint), str(endpoint), endpoint.url):
        assert "canary" not in text
        assert "pa:ss" not in text


def test_secrets_in_the_application_are_not_shown() -> None:
    assert "canary" not in repr(Endpoint.parse("rtmp://example.org/live?token=canary/key"))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "rtmp://",
        "rtmp:///live/canary",
        "rtmp://example.org",
        "rtmp://example.org/",
        "http://example.org/live/canary",
        "rtmpe://example.org/live/canary",
        "rtmp://example.org:0/live/canary",
        "rtmp://example.org:99999/live/canary",
        "rtmp://example.org:port/live/canary",
        "rtmp://[::1/live/canary",
        "rtmp://example.org/live/canary\n",
        "rtmp://example.org/li ve/canary",
        "rtmp://example.org/live/canary" + "x" * 4096,
    ],
)
def test_a_bad_address_is_one_coded_error_without_the_address(url: str) -> None:
    with pytest.raises(SetupError) as caught:
        Endpoint.parse(url)
    assert caught.value.code == "rtmp.address_invalid"
    assert "canary" not in str(caught.value)
    assert not caught.value.retryable


def test_a_key_with_control_characters_is_refused() -> None:
    with pytest.raises(SetupError):
        Endpoint.parse("rtmp://example.org/live", stream_key="key\n")
