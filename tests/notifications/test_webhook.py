"""The signed webhook: by the suite, by value, and to a real server."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from castcore_core import i18n
from castcore_core.builtin.webhook import Webhook
from castcore_sdk import (
    AuthenticationError,
    CastCoreError,
    ConfigurationError,
    PermanentError,
    TemporaryError,
    parse_config,
)
from castcore_sdk.testing import MemoryContext, NotifierConformance, loopback
from castcore_sdk.testing.notifier import notification
from servers.tls import TestAuthority

SECRET = "whsec_Y2FuYXJ5LXdlYmhvb2stc2VjcmV0LTdmM2E5Yw=="
URL = "https://93.184.216.34/hooks/castcore?room=1"
DOCS = Path(__file__).parents[2] / "docs/how-to/notifications.md"


class TestWebhook(NotifierConformance):
    extension = Webhook
    config: Mapping[str, Any] = {"url": URL, "secret": SECRET}

    def catalogue(self, language: str) -> Mapping[str, Mapping[str, str]]:
        return i18n.catalogue(language)


class TestOverTheNetwork(NotifierConformance):
    """The same with a real client and a real server."""

    extension = Webhook
    config: Mapping[str, Any] = {"url": URL, "secret": SECRET}

    def config_at(self, url: str) -> Mapping[str, Any]:
        return {"url": f"{url}/hook", "secret": SECRET, "private_addresses": True}

    def opened(self, transport: httpx.AsyncBaseTransport | None = None) -> Any:
        return super().opened(httpx.AsyncHTTPTransport())

    def catalogue(self, language: str) -> Mapping[str, Mapping[str, str]]:
        return i18n.catalogue(language)


async def send(url: str = URL, *, transport: httpx.AsyncBaseTransport | None = None, **config: Any) -> str | None:
    settings = parse_config(Webhook.config_model, {"url": url, "secret": SECRET, **config})
    async with MemoryContext(transport=transport or httpx.AsyncHTTPTransport()) as context:
        return await Webhook(settings, context).send(notification())


def answering(status: int, **options: Any) -> httpx.MockTransport:
    return httpx.MockTransport(lambda request: httpx.Response(status, **options))


@pytest.fixture
def verify() -> Any:
    """The receiver's side, as the documentation shows it."""
    (sample,) = re.findall(r"^```python\n(.*?)^```", DOCS.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {}
    exec(compile(sample, "notifications.md", "exec"), names)
    return names["verified"]


async def test_the_documented_receiver_accepts_what_is_sent_and_nothing_else(verify: Any) -> None:
    heard: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        return httpx.Response(202, text="thank you")

    with loopback(take) as url:
        assert await send(f"{url}/hook", private_addresses=True) == "202 thank you"
    headers, body = dict(heard[0].headers), heard[0].read()
    message = verify(headers, body, SECRET)
    assert message == {
        "id": notification().id,
        "key": notification().key,
        "event": "output.down",
        "level": "warning",
        "title": notification().title,
        "body": notification().body,
        "link": "https://castcore.example/jobs/1",
        "sent_at": "2026-03-29T01:30:00Z",
        "params": {"job": "Morning show", "output": "Twitch", "times": 2},
    }
    late = str(int(headers["webhook-timestamp"]) - 600)
    for forged in (
        (headers, body.replace(b"Twitch", b"YouTube"), SECRET),
        (headers, body, "whsec_" + "AAAA" * 8),
        (headers | {"webhook-id": "another"}, body, SECRET),
        (headers | {"webhook-timestamp": late}, body, SECRET),
        ({name: value for name, value in headers.items() if name != "webhook-signature"}, body, SECRET),
    ):
        with pytest.raises(ValueError, match=r"too old|not signed"):
            verify(*forged)


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (301, PermanentError, "webhook.redirected"),
        (307, PermanentError, "webhook.redirected"),
        (400, PermanentError, "webhook.refused"),
        (401, AuthenticationError, "webhook.denied"),
        (404, PermanentError, "webhook.refused"),
        (408, TemporaryError, "webhook.busy"),
        (410, PermanentError, "webhook.gone"),
        (425, TemporaryError, "webhook.busy"),
        (500, TemporaryError, "webhook.busy"),
        (599, TemporaryError, "webhook.busy"),
    ],
)
async def test_statuses(status: int, kind: type[CastCoreError], code: str) -> None:
    with pytest.raises(kind) as caught:
        await send(transport=answering(status, headers={"Location": "http://127.0.0.1/"}, text="because"))
    assert (caught.value.code, caught.value.detail) == (code, f"{status} because")


async def test_retry_after_in_seconds_and_as_a_date() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(minutes=2), usegmt=True)
    never = [(each, None, None) for each in ("soon", "-5", f"Mon, 01 Jan {'9' * 20} 00:00:00 GMT")]
    for value, least, most in (("30", 30, 30), (date, 110, 120), *never):
        with pytest.raises(TemporaryError) as caught:
            await send(transport=answering(503, headers={"Retry-After": value}))
        wait = caught.value.retry_after
        if least is None:
            assert wait is None
        else:
            assert wait is not None
            assert least <= wait.total_seconds() <= most


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "10.1.2.3",
        "192.168.0.1",
        "172.16.0.1",
        "100.64.0.1",
        "0.0.0.0",
        "169.254.169.254",
        "[::1]",
        "[fd12::1]",
        "[fe80::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::a9fe:a9fe]",
    ],
)
async def test_private_addresses_are_out_of_reach_unless_allowed(host: str) -> None:
    asked: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200)

    with pytest.raises(ConfigurationError) as caught:
        await send(f"https://{host}/", transport=httpx.MockTransport(take))
    assert (caught.value.code, asked) == ("webhook.address_forbidden", [])


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "[fd00:ec2::254]", "100.100.100.200"])
async def test_metadata_services_are_never_reached(host: str) -> None:
    with pytest.raises(ConfigurationError, match=r"webhook\.address_forbidden"):
        await send(f"http://{host}/", private_addresses=True, transport=answering(200))


async def test_it_connects_to_the_address_that_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that gives another address at the second question gains nothing."""
    answers = [["93.184.216.34"], ["127.0.0.1"]]
    loop_lookup = asyncio.base_events.BaseEventLoop.getaddrinfo

    async def getaddrinfo(self: Any, host: str, *args: Any, **kwargs: Any) -> Any:
        if host != "rebinding.example":
            return await loop_lookup(self, host, *args, **kwargs)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 0)) for each in answers.pop(0)]

    monkeypatch.setattr("asyncio.base_events.BaseEventLoop.getaddrinfo", getaddrinfo)
    asked: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200)

    await send("https://rebinding.example:8443/x", transport=httpx.MockTransport(take))
    (request,) = asked
    assert str(request.url) == "https://93.184.216.34:8443/x"
    assert request.headers["Host"] == "rebinding.example:8443"
    assert request.extensions["sni_hostname"] == "rebinding.example"
    with pytest.raises(ConfigurationError, match=r"webhook\.address_forbidden"):
        await send("https://rebinding.example:8443/x", transport=httpx.MockTransport(take))


async def test_only_the_start_of_an_answer_is_read() -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b"so much to say\x1b[31m " * 10

    answer = await send(transport=httpx.MockTransport(lambda request: httpx.Response(200, content=endless())))
    assert answer is not None
    assert answer.startswith("200 so much to say [31m so much")
    assert len(answer) < 510
    assert read < 10


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"url": "ftp://a.example/"}, "destinations.scheme_unknown"),
        ({"url": "https://user:canary@a.example/"}, "destinations.credentials_in_url"),
        ({"url": "https:///x"}, "destinations.host_missing"),
        ({"url": "https://a.example:0/x"}, "destinations.port_invalid"),
        ({"url": "https://a.example/ x"}, "destinations.url_character"),
        ({"secret": "too-short"}, "webhook.secret_short"),
        ({"secret": "whsec_no base64 at all!"}, "webhook.secret_short"),
        ({"secret": "whsec_c2hvcnQ="}, "webhook.secret_short"),
    ],
)
def test_configurations_that_cannot_work(config: dict[str, str], code: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_config(Webhook.config_model, {"url": URL, "secret": SECRET, **config})
    assert caught.value.code == code


async def test_the_certificate_has_to_be_the_names(tmp_path: Path) -> None:
    """The connection goes to an address, the certificate is checked for the name."""
    authority = TestAuthority(tmp_path)
    trusting = ssl.create_default_context(cafile=str(authority.ca_file))
    for issued_to, fits in (("localhost", True), ("other.example", False)):
        issued = authority.issue(issued_to)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(issued.certificate, issued.key)
        server = await asyncio.start_server(_always_204, "127.0.0.1", 0, ssl=context)
        async with server:
            url = f"https://localhost:{server.sockets[0].getsockname()[1]}/"
            transport = httpx.AsyncHTTPTransport(verify=trusting)
            if fits:
                assert await send(url, private_addresses=True, transport=transport) == "204"
            else:
                with pytest.raises(TemporaryError, match="mismatch") as caught:
                    await send(url, private_addresses=True, transport=transport)
                assert caught.value.code == "webhook.tls_failed"


async def _always_204(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
    await writer.drain()
    writer.close()
