"""RTMP and RTMPS addresses: what is taken, what is refused, and what becomes of it."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castcore_core.builtin.rtmp import RtmpConfig, RtmpDestination
from castcore_sdk import (
    BroadcastMetadata,
    BroadcastRequest,
    ConfigurationError,
    PublishProtocol,
    PublishTarget,
    Severity,
    parse_config,
)
from castcore_sdk.testing import MemoryContext

REQUEST = BroadcastRequest(broadcast_id="b1", metadata=BroadcastMetadata(title="t"))


def configure(**config: Any) -> RtmpDestination:
    return RtmpDestination(parse_config(RtmpConfig, config), MemoryContext())


@pytest.mark.parametrize(
    ("url", "data"),
    [
        ("rtmp://live.example/app/key", {"url": "rtmp://live.example/app", "stream_key": "key"}),
        ("rtmp://live.example:1936/app/key", {"url": "rtmp://live.example:1936/app", "stream_key": "key"}),
        ("RTMPS://Live.Example/app/key", {"url": "rtmps://live.example/app", "stream_key": "key"}),
        ("rtmp://h/app/inst/key", {"url": "rtmp://h/app/inst", "stream_key": "key"}),
        ("rtmp://h/app/key?a=b&c=d/e", {"url": "rtmp://h/app", "stream_key": "key?a=b&c=d/e"}),
        ("rtmp://h/app/key#part", {"url": "rtmp://h/app", "stream_key": "key#part"}),
        ("rtmp://h/app/k%20y", {"url": "rtmp://h/app", "stream_key": "k%20y"}),
        ("rtmp://h/app/schlüssel", {"url": "rtmp://h/app", "stream_key": "schlüssel"}),
        ("rtmp://h/app", {"url": "rtmp://h/app"}),
        ("rtmp://h/app/", {"url": "rtmp://h/app"}),
        ("rtmp://h/app/inst/", {"url": "rtmp://h/app/inst"}),
        ("rtmp://h/app?vhost=x.example", {"url": "rtmp://h/app?vhost=x.example"}),
        ("rtmp://h/app?vhost=x.example/key?t=1", {"url": "rtmp://h/app?vhost=x.example", "stream_key": "key?t=1"}),
        ("rtmp://[2001:db8::1]:1935/app/key", {"url": "rtmp://[2001:db8::1]:1935/app", "stream_key": "key"}),
        ("rtmp://[::1]/app/key", {"url": "rtmp://[::1]/app", "stream_key": "key"}),
        ("rtmp://bücher.example/app/key", {"url": "rtmp://xn--bcher-kva.example/app", "stream_key": "key"}),
        ("rtmp://nginx_rtmp/app/key", {"url": "rtmp://nginx_rtmp/app", "stream_key": "key"}),
        (
            "rtmp://us%40er:p%3Aw@h/app/key",
            {"url": "rtmp://h/app", "stream_key": "key", "username": "us@er", "password": "p:w"},
        ),
        ("rtmp://user@h/app/key", {"url": "rtmp://h/app", "stream_key": "key", "username": "user"}),
    ],
)
def test_addresses_that_are_taken(url: str, data: dict[str, str]) -> None:
    assert RtmpDestination.config_from_url(url) == data
    parse_config(RtmpConfig, data)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "destinations.scheme_unknown"),
        ("rtmp", "destinations.scheme_unknown"),
        ("rtmp:host/app/key", "destinations.scheme_unknown"),
        ("http://host/app/key", "destinations.scheme_unknown"),
        ("rtmpe://host/app/key", "destinations.scheme_unknown"),
        ("rtmp://", "destinations.host_missing"),
        ("rtmp:///app/key", "destinations.host_missing"),
        ("rtmp://:1935/app/key", "destinations.host_missing"),
        ("rtmp://user@/app/key", "destinations.host_missing"),
        ("rtmp://-host/app/key", "destinations.host_invalid"),
        ("rtmp://a..b/app/key", "destinations.host_invalid"),
        ("rtmp://ho%st/app/key", "destinations.host_invalid"),
        ("rtmp://1.2.3/app/key", "destinations.host_invalid"),
        ("rtmp://1.2.3.256/app/key", "destinations.host_invalid"),
        ("rtmp://2130706433/app/key", "destinations.host_invalid"),
        ("rtmp://[::1/app/key", "destinations.host_invalid"),
        ("rtmp://[::g]/app/key", "destinations.host_invalid"),
        ("rtmp://[127.0.0.1]/app/key", "destinations.host_invalid"),
        ("rtmp://::1/app/key", "destinations.host_invalid"),
        ("rtmp://" + "a" * 64 + "/app/key", "destinations.host_invalid"),
        ("rtmp://" + "a." * 150 + "b/app/key", "destinations.host_invalid"),
        ("rtmp://host:0/app/key", "destinations.port_invalid"),
        ("rtmp://host:65536/app/key", "destinations.port_invalid"),
        ("rtmp://host:-1/app/key", "destinations.port_invalid"),
        ("rtmp://host:rtmp/app/key", "destinations.port_invalid"),
        ("rtmp://host:/app/key", "destinations.port_invalid"),
        ("rtmp://host", "destinations.app_missing"),
        ("rtmp://host/", "destinations.app_missing"),
        ("rtmp://host//key", "destinations.app_missing"),
        ("rtmp://host?key", "destinations.app_missing"),
        ("rtmp://host/app?token=secret", "destinations.query_on_application"),
        ("rtmp://host/app?token=secret/key", "destinations.query_on_application"),
        ("rtmp://host/app/ke y", "destinations.url_character"),
        ("rtmp://host/app/key\n", "destinations.url_character"),
        ("rtmp://host/app/k\x00y", "destinations.url_character"),
        ("rtmp://host/a\tpp/key", "destinations.url_character"),
        ("rtmp://host/app/key\u2028", "destinations.url_character"),
        ("rtmp://host/app/\udcff", "destinations.url_character"),
        ("rtmp://host/app/" + "k" * 4096, "destinations.url_too_long"),
        ("rtmp://host/app/" + "ü" * 2048, "destinations.url_too_long"),
    ],
)
def test_addresses_that_are_refused(url: str, code: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        RtmpDestination.config_from_url(url)
    assert caught.value.code == code
    assert "secret" not in f"{caught.value.params} {caught.value.detail} {caught.value}"


@given(st.text(max_size=60))
def test_no_text_does_worse_than_a_configuration_error(text: str) -> None:
    for url in (text, f"rtmp://{text}", f"rtmps://host/{text}", f"rtmp://[{text}]/app/key", f"rtmp://{text}@h/a/k"):
        try:
            data = RtmpDestination.config_from_url(url)
            config = parse_config(RtmpConfig, data)
        except ConfigurationError:
            continue
        assert parse_config(RtmpConfig, {"url": config.url}).url == config.url, "what is kept is taken again"


@pytest.mark.parametrize(
    ("config", "code", "field"),
    [
        ({"url": "rtmp://user:pw@host/app"}, "destinations.credentials_in_url", "url"),
        ({"url": "rtmp://user@host/app"}, "destinations.credentials_in_url", "url"),
        ({"url": "rtmp://host/"}, "destinations.app_missing", "url"),
        ({"url": "rtmp://host/app?token=x"}, "destinations.query_on_application", "url"),
        ({"url": "rtmp://h/a", "stream_key": "key\n"}, "destinations.key_character", "stream_key"),
        ({"url": "rtmp://h/a", "stream_key": " key"}, "destinations.key_character", "stream_key"),
        ({"url": "rtmp://h/a", "backup_url": "srt://h:1"}, "destinations.scheme_unknown", "backup_url"),
        ({}, "config.missing", "url"),
    ],
)
def test_configurations_that_are_refused(config: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_config(RtmpConfig, config)
    assert (caught.value.code, caught.value.field) == (code, field)


async def test_everything_reaches_the_target_and_only_secrets_are_secret() -> None:
    destination = configure(
        url="rtmps://live.example/app",
        stream_key="key?a=b",
        username="studio",
        password="pw",
        backup_url="rtmps://b.example/app",
        ca_file="/etc/ca.pem",
        verify=False,
    )
    target = await destination.open_broadcast(REQUEST)
    assert target.stream_key is not None
    assert target.stream_key.get_secret_value() == "key?a=b"
    assert target.secret_options["password"].get_secret_value() == "pw"
    assert target == PublishTarget(
        reference="b1",
        protocol=PublishProtocol.RTMPS,
        url="rtmps://live.example/app",
        stream_key=target.stream_key,
        options={"username": "studio", "ca_file": "/etc/ca.pem", "verify": "0"},
        secret_options=target.secret_options,
        backup_url="rtmps://b.example/app",
    )


async def test_a_server_of_ones_own_needs_neither_key_nor_options() -> None:
    target = await configure(url="rtmp://127.0.0.1/live").open_broadcast(REQUEST)
    assert (target.protocol, target.stream_key) == (PublishProtocol.RTMP, None)
    assert target.options == target.secret_options == {}


async def test_check_tells_who_answers() -> None:
    taken = asyncio.Event()

    async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken.set()
        writer.close()

    server = await asyncio.start_server(welcome, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        (result,) = await configure(url=f"rtmp://127.0.0.1:{port}/live").check()
        await asyncio.wait_for(taken.wait(), 5)
    assert (result.code, result.params) == ("destinations.reachable", {"host": "127.0.0.1", "port": port})
    (result,) = await configure(url=f"rtmp://127.0.0.1:{port}/live").check()
    assert (result.code, result.severity) == ("destinations.unreachable", Severity.ERROR)


async def test_check_tells_a_name_that_does_not_resolve() -> None:
    (result,) = await configure(url="rtmp://no-such-host.invalid/live").check()
    assert result.code == "destinations.host_unknown"


async def test_check_tells_a_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("castcore_core.builtin.reachability.PATIENCE", 0.3)
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        # A queue of none, filled up: further handshakes are dropped as by a firewall.
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        (result,) = await configure(url=f"rtmp://127.0.0.1:{full.getsockname()[1]}/live").check()
    assert result.code == "destinations.no_answer"
