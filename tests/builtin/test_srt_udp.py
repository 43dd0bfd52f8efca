"""SRT and UDP addresses."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castcore_core.builtin.srt import SrtConfig, SrtDestination
from castcore_core.builtin.udp import UdpConfig, UdpDestination
from castcore_sdk import BroadcastMetadata, BroadcastRequest, ConfigurationError, Secret, parse_config
from castcore_sdk.testing import MemoryContext

REQUEST = BroadcastRequest(broadcast_id="b1", metadata=BroadcastMetadata(title="t"))


@pytest.mark.parametrize(
    ("url", "data"),
    [
        ("srt://h.example:9000", {"url": "srt://h.example:9000"}),
        ("srt://h.example:9000/", {"url": "srt://h.example:9000"}),
        ("srt://[::1]:9000", {"url": "srt://[::1]:9000"}),
        ("srt://:9000?mode=listener", {"url": "srt://:9000", "mode": "listener"}),
        (
            "srt://h:9000?passphrase=0123456789&latency=120&pbkeylen=32&streamid=a%2Fb&mode=rendezvous",
            {
                "url": "srt://h:9000",
                "passphrase": "0123456789",
                "latency": 120,
                "key_length": 32,
                "stream_id": "a/b",
                "mode": "rendezvous",
            },
        ),
        ("srt://h:9000?passphrase=a+b%26c%2Bd%C3%BCef", {"url": "srt://h:9000", "passphrase": "a+b&c+düef"}),
        ("srt://h:9000?streamid=#!::r=live,m=publish", {"url": "srt://h:9000", "stream_id": "#!::r=live,m=publish"}),
    ],
)
def test_srt_addresses_that_are_taken(url: str, data: dict[str, Any]) -> None:
    assert SrtDestination.config_from_url(url) == data
    parse_config(SrtConfig, data)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("srt://h", "destinations.port_missing"),
        ("srt://:9000", "destinations.host_missing"),
        ("srt://:9000?mode=rendezvous", "destinations.host_missing"),
        ("srt://h:9000/path", "destinations.path_unexpected"),
        ("srt://user:pw@h:9000", "destinations.credentials_in_url"),
        ("srt://h:9000?mode=server", "config.invalid"),
        ("srt://h:9000?latency=fast", "destinations.option_invalid"),
        ("srt://h:9000?latency=120.5", "destinations.option_invalid"),
        ("srt://h:9000?latency=-1", "destinations.option_invalid"),
        ("srt://h:9000?latency=99999999999", "destinations.option_invalid"),
        ("srt://h:9000?latency=19", "config.invalid"),
        ("srt://h:9000?latency=200000", "config.invalid"),
        ("srt://h:9000?pbkeylen=17", "config.invalid"),
        ("srt://h:9000?passphrase=012345678", "destinations.passphrase_length"),
        ("srt://h:9000?passphrase=" + "x" * 80, "destinations.passphrase_length"),
        ("srt://h:9000?passphrase=", "destinations.option_invalid"),
        ("srt://h:9000?passphrase", "destinations.option_invalid"),
        ("srt://h:9000?streamid=" + "x" * 513, "destinations.stream_id_length"),
        ("srt://h:9000?streamid=a%0Ab", "destinations.key_character"),
        ("srt://h:9000?password=x", "destinations.option_unknown"),
        ("srt://h:9000?latency=120&latency=240", "destinations.option_repeated"),
        ("srt://h:70000", "destinations.port_invalid"),
        ("udp://h:9000", "destinations.scheme_unknown"),
    ],
)
def test_srt_addresses_that_are_refused(url: str, code: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_config(SrtConfig, SrtDestination.config_from_url(url))
    assert caught.value.code == code


@pytest.mark.parametrize("length", [10, 79])
def test_passphrases_at_the_limits(length: int) -> None:
    assert parse_config(SrtConfig, {"url": "srt://h:1", "passphrase": "x" * length}).passphrase is not None


async def test_srt_options_are_those_of_ffmpeg() -> None:
    data = SrtDestination.config_from_url("srt://h:9000?passphrase=correct-horse&latency=120&streamid=abc")
    target = await SrtDestination(parse_config(SrtConfig, data), MemoryContext()).open_broadcast(REQUEST)
    assert (target.protocol, target.url) == ("srt", "srt://h:9000")
    assert target.options == {
        "mode": "caller",
        "latency": "120000",  # microseconds
        "pkt_size": "1316",
        "connect_timeout": "2000",
        "pbkeylen": "16",
    }
    assert target.secret_options == {"passphrase": Secret("correct-horse"), "streamid": Secret("abc")}


async def test_an_srt_listener_waits_without_limit_and_is_not_looked_up() -> None:
    config = parse_config(SrtConfig, {"url": "srt://:9000", "mode": "listener"})
    destination = SrtDestination(config, MemoryContext())
    target = await destination.open_broadcast(REQUEST)
    assert "connect_timeout" not in target.options
    assert "pbkeylen" not in target.options
    assert await destination.check() == []


@pytest.mark.parametrize(
    ("url", "data"),
    [
        ("udp://239.0.0.1:5000", {"url": "udp://239.0.0.1:5000"}),
        ("udp://@239.0.0.1:5000", {"url": "udp://239.0.0.1:5000"}),
        ("udp://[ff02::1]:5000?ttl=1", {"url": "udp://[ff02::1]:5000", "ttl": 1}),
        (
            "udp://h:5000?pkt_size=188&localaddr=192.0.2.1",
            {"url": "udp://h:5000", "packet_size": 188, "local_address": "192.0.2.1"},
        ),
    ],
)
def test_udp_addresses_that_are_taken(url: str, data: dict[str, Any]) -> None:
    assert UdpDestination.config_from_url(url) == data
    parse_config(UdpConfig, data)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("udp://h", "destinations.port_missing"),
        ("udp://:5000", "destinations.host_missing"),
        ("udp://h:5000/x", "destinations.path_unexpected"),
        ("udp://u@h:5000", "destinations.credentials_in_url"),
        ("udp://h:5000?ttl=256", "config.invalid"),
        ("udp://h:5000?pkt_size=1000", "config.invalid"),
        ("udp://h:5000?localaddr=eth0", "destinations.option_invalid"),
        ("udp://h:5000?overrun_nonfatal=1", "destinations.option_unknown"),
    ],
)
def test_udp_addresses_that_are_refused(url: str, code: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_config(UdpConfig, UdpDestination.config_from_url(url))
    assert caught.value.code == code


async def test_udp_options_are_those_of_ffmpeg() -> None:
    data = UdpDestination.config_from_url("udp://127.0.0.1:5000?localaddr=127.0.0.1")
    destination = UdpDestination(parse_config(UdpConfig, data), MemoryContext())
    target = await destination.open_broadcast(REQUEST)
    assert target.options == {"pkt_size": "1316", "ttl": "16", "localaddr": "127.0.0.1"}
    assert [result.code for result in await destination.check()] == ["destinations.host_known"]


@given(st.text(max_size=60))
def test_no_text_does_worse_than_a_configuration_error(text: str) -> None:
    for destination in (SrtDestination, UdpDestination):
        (scheme,) = destination.url_schemes
        for url in (text, f"{scheme}://{text}", f"{scheme}://h:1?{text}", f"{scheme}://h:1?passphrase={text}"):
            try:
                parse_config(destination.config_model, destination.config_from_url(url))
            except ConfigurationError:
                continue
