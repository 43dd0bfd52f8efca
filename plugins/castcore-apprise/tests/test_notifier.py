"""Real servers: mail by SMTP, chat by HTTP; what they refuse, and that nobody gets a message twice."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from castcore_apprise.notifier import AppriseNotifier
from castcore_sdk import (
    AuthenticationError,
    CastCoreError,
    ConfigurationError,
    Notification,
    PermanentError,
    Severity,
    TemporaryError,
    parse_config,
)
from castcore_sdk.testing import MemoryContext, NotifierConformance, loopback
from castcore_sdk.testing.notifier import notification

TOKEN = "canarytoken3ccdd113474722"


class TestConformance(NotifierConformance):
    """The suite of the kit, over a real connection."""

    extension = AppriseNotifier
    config: Mapping[str, Any] = {"urls": f"json://castcore:{TOKEN}@chat.example/{TOKEN}"}

    def config_at(self, url: str) -> Mapping[str, Any]:
        return {"urls": f"json://castcore:{TOKEN}@{url.removeprefix('http://')}/{TOKEN}"}

    def secrets(self) -> list[str]:
        return [*super().secrets(), TOKEN]


def send(*urls: str, messages: int = 1, **config: str) -> tuple[list[str | None], list[str]]:
    """Send one message a number of times and return what was answered and what was logged."""

    async def run() -> tuple[list[str | None], list[str]]:
        settings = parse_config(AppriseNotifier.config_model, {"urls": "\n".join(urls), **config})
        async with MemoryContext() as context:
            notifier = AppriseNotifier(settings, context)
            await notifier.start()
            answers = [await notifier.send(notification()) for _ in range(messages)]
            await notifier.close()
            return answers, context.lines

    return asyncio.run(run())


def refused(*urls: str, **config: str) -> CastCoreError:
    with pytest.raises(CastCoreError) as caught:
        send(*urls, **config)
    told = f"{caught.value!r} {caught.value.params} {caught.value.detail}"
    assert "canary" not in told
    assert TOKEN not in told
    return caught.value


def test_a_mail_arrives_with_subject_text_and_link(mail: Any) -> None:
    answers, _ = send(mail.url())
    assert answers == ["E-Mail"]
    (message,) = mail.messages
    body = message.get_body(preferencelist=("plain", "html"))
    assert message["Subject"] == notification().title
    assert message["To"] == "ops@example.com"
    text = body.get_content()
    assert "The destination is tried again." in text
    assert "https://castcore.example/jobs/1" in text


def test_names_cannot_write_headers(mail: Any) -> None:
    async def run() -> None:
        settings = parse_config(AppriseNotifier.config_model, {"urls": mail.url()})
        async with MemoryContext() as context:
            notifier = AppriseNotifier(settings, context)
            await notifier.start()
            await notifier.send(notification(title="x\r\nBcc: thief@example.com", body="y\r\n.\r\nQUIT"))

    asyncio.run(run())
    (message,) = mail.messages
    assert message["Bcc"] is None
    assert "QUIT" in message.get_body(preferencelist=("plain", "html")).get_content()


@pytest.mark.parametrize(
    ("replies", "options", "kind", "code"),
    [
        ([], {"password": "canary-wrong"}, AuthenticationError, "apprise.denied"),
        (["550 no such mailbox"], {}, PermanentError, "apprise.refused"),
        (["451 greylisted, try again"], {}, TemporaryError, "apprise.busy"),
    ],
)
def test_what_a_mail_server_refuses(
    mail: Any, replies: list[str], options: dict[str, str], kind: type[CastCoreError], code: str
) -> None:
    mail.replies += replies
    error = refused(mail.url(**options))
    assert (type(error), error.code) == (kind, code), error.detail
    assert mail.messages == []


@pytest.mark.parametrize(
    "url",
    [
        "tgram://123456789:abcdefg_hijklmnop/12345?template={file}",
        "tgram://123456789:abcdefg_hijklmnop/12345?x=1;%74emplate={file}",
        "discord://123456789012345678/abcdefghijklmnop?template=file://{file}",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/ops?template={file}",
        "fcm://project/device?keyfile={file}",
        "mailto://user:password@mail.example?to=me@mail.example&pgp=sign&pgpprv={file}",
    ],
)
def test_no_file_of_the_server_is_sent(url: str, tmp_path: Path) -> None:
    file = tmp_path / "file.json"
    file.write_text('{"secret": "canary"}')
    error = refused(url.format(file=file))
    assert (type(error), error.code, error.params) == (ConfigurationError, "apprise.url_file", {"line": 1})


SERVICES: dict[str, tuple[str, Callable[[httpx.Request], str]]] = {
    "json": ("json://{host}/room", lambda request: json.loads(request.read())["message"]),
    "ntfy": ("ntfy://{host}/room", lambda request: json.loads(request.read())["message"]),
    "mattermost": (f"mmost://{{host}}/{TOKEN}", lambda request: json.loads(request.read())["text"]),
}


@pytest.mark.parametrize("service", SERVICES)
def test_chat_services_get_the_message(service: str) -> None:
    url, text_of = SERVICES[service]
    heard: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        return httpx.Response(200, json={})

    with loopback(take) as base:
        send(url.format(host=base.removeprefix("http://")))
    (request,) = heard
    assert "The destination is tried again." in text_of(request)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, PermanentError, "apprise.refused"),
        (401, AuthenticationError, "apprise.denied"),
        (403, AuthenticationError, "apprise.denied"),
        (404, PermanentError, "apprise.not_found"),
        (429, TemporaryError, "apprise.busy"),
        (500, TemporaryError, "apprise.busy"),
        (503, TemporaryError, "apprise.busy"),
    ],
)
def test_what_chat_services_refuse(service: str, status: int, kind: type[CastCoreError], code: str) -> None:
    with loopback(lambda request: httpx.Response(status, text=f"no {TOKEN}")) as base:
        error = refused(SERVICES[service][0].format(host=f"castcore:{TOKEN}@{base.removeprefix('http://')}"))
    assert (type(error), error.code, error.params["status"]) == (kind, code, status), error.detail
    assert f"error={status}" in error.detail


def test_a_message_is_not_led_on_to_another_server() -> None:
    heard: list[str] = []

    def take(request: httpx.Request) -> httpx.Response:
        heard.append(request.url.path.rstrip("/"))
        return httpx.Response(307, headers={"Location": "/inside"}) if heard == ["/a"] else httpx.Response(200)

    with loopback(take) as base:
        error = refused(f"json://{base.removeprefix('http://')}/a")
    assert (heard, type(error), error.code) == (["/a"], PermanentError, "apprise.refused"), error.detail


@pytest.mark.parametrize("scheme", ["json", "mailto"])
def test_a_server_that_hangs_is_given_up(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        place = f"castcore:{TOKEN}@127.0.0.1:{deaf.getsockname()[1]}"
        error = refused(f"{scheme}://{place}/?rto=0.2&cto=0.2&to=a@example.com&from=b@example.com")
    assert (type(error), error.code) == (TemporaryError, "apprise.no_answer"), error.detail


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("json://{user}@127.0.0.1:1/x", "apprise.unreachable"),
        ("mailto://{user}@127.0.0.1:1?to=a@example.com&from=b@example.com", "apprise.unreachable"),
        ("json://{user}@no-such-host.invalid/x", "apprise.host_unknown"),
        ("mailto://{user}@no-such-host.invalid?to=a@example.com&from=b@example.com", "apprise.host_unknown"),
    ],
)
def test_servers_that_are_not_there(url: str, code: str) -> None:
    error = refused(url.format(user=f"castcore:{TOKEN}"))
    assert (type(error), error.code) == (TemporaryError, code), error.detail


def test_a_server_without_tls() -> None:
    with loopback(lambda request: httpx.Response(200)) as base:
        error = refused(f"jsons://{base.removeprefix('http://')}/{TOKEN}")
    assert (type(error), error.code) == (TemporaryError, "apprise.tls_failed"), error.detail


def test_the_next_attempt_goes_to_those_alone_that_do_not_have_it() -> None:
    heard: list[str] = []
    statuses = {"/a": [200], "/b": [503, 200], "/c": [404], "/d": [429, 429, 200]}

    def take(request: httpx.Request) -> httpx.Response:
        place = request.url.path.rstrip("/")
        heard.append(place)
        return httpx.Response(statuses[place].pop(0))

    async def run(base: str) -> list[str]:
        urls = "\n".join(f"json://{base.removeprefix('http://')}{place}" for place in statuses)
        settings = parse_config(AppriseNotifier.config_model, {"urls": urls})
        codes = []
        async with MemoryContext() as context:
            notifier = AppriseNotifier(settings, context)
            await notifier.start()
            for _ in range(3):
                try:
                    await notifier.send(notification())
                except CastCoreError as error:
                    codes.append(f"{error.code} {error.params['line']}")
        return codes

    with loopback(take) as base:
        codes = asyncio.run(run(base))
    assert heard == ["/a", "/b", "/c", "/d", "/b", "/d", "/d"]
    assert codes == ["apprise.busy 2", "apprise.busy 4", "apprise.not_found 3"]


def test_tags_choose_addresses() -> None:
    heard: list[str] = []

    def take(request: httpx.Request) -> httpx.Response:
        heard.append(request.url.path.strip("/"))
        return httpx.Response(200)

    with loopback(take) as base:
        host = base.removeprefix("http://")
        urls = (f"ops=json://{host}/a", f"  night, ops = json://{host}/b?x=1", f"json://{host}/c", "")
        for tags, places in (("", ["a", "b", "c"]), ("ops", ["a", "b"]), ("night", ["b"]), ("night,ops", ["a", "b"])):
            send(*urls, tags=tags)
            assert heard == places
            heard.clear()


@pytest.mark.parametrize(
    ("config", "code", "line"),
    [
        ({"urls": ""}, "apprise.urls_none", None),
        ({"urls": " \n \n"}, "apprise.urls_none", None),
        ({"urls": f"json://h/x\nno address {TOKEN}"}, "apprise.url_invalid", 2),
        ({"urls": f"json://h/x\n\n://{TOKEN}"}, "apprise.url_invalid", 3),
        ({"urls": f"a b=json://{TOKEN}"}, "apprise.url_invalid", 1),
        ({"urls": f"json://{TOKEN}\x00"}, "apprise.url_invalid", 1),
        ({"urls": f"nosuchservice://{TOKEN}"}, "apprise.url_invalid", 1),
        ({"urls": f"json://h/x\ndiscord://{TOKEN}"}, "apprise.url_invalid", 2),
        ({"urls": "syslog://"}, "apprise.url_invalid", 1),
        ({"urls": "syslog://x"}, "apprise.url_local", 1),
        ({"urls": "DBUS://x"}, "apprise.url_local", 1),
        ({"urls": "json://h/x\n" * 21}, "apprise.urls_many", None),
        ({"urls": "json://" + "x" * 9000}, "apprise.urls_long", None),
        ({"urls": "ops=json://h/x", "tags": "night"}, "apprise.tag_unknown", None),
        ({"urls": "json://h/x", "tags": "a b"}, "apprise.tags_invalid", None),
    ],
)
def test_addresses_that_cannot_work(config: dict[str, str], code: str, line: int | None) -> None:
    with pytest.raises(ConfigurationError) as caught:
        send(config["urls"], tags=config.get("tags", ""))
    assert (caught.value.code, caught.value.params.get("line")) == (code, line)
    assert TOKEN not in f"{caught.value!r} {caught.value.params} {caught.value.detail} {caught.value.__context__!r}"


def test_long_bodies_are_cut_to_what_the_service_takes() -> None:
    heard: list[dict[str, Any]] = []

    def take(request: httpx.Request) -> httpx.Response:
        heard.append(json.loads(request.read()))
        return httpx.Response(200)

    async def run(base: str) -> None:
        urls = f"ntfy://{base.removeprefix('http://')}/room"
        async with MemoryContext() as context:
            notifier = AppriseNotifier(parse_config(AppriseNotifier.config_model, {"urls": urls}), context)
            await notifier.start()
            await notifier.send(notification(body="y" * 4000 + "z" * 10_000))

    with loopback(take) as base:
        asyncio.run(run(base))
    (message,) = heard
    assert message["message"].startswith("yyyy")
    assert len(message["message"]) < 10_000


class _Collector(logging.Handler):
    """The server's log at its most talkative; pytest's own would listen where nobody else can."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def test_nothing_of_apprises_log_gets_out(capfd: pytest.CaptureFixture[str]) -> None:
    root, collector = logging.getLogger(), _Collector()
    level = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(collector)
    try:
        with loopback(lambda request: httpx.Response(500)) as base:
            refused(f"json://castcore:{TOKEN}@{base.removeprefix('http://')}/{TOKEN}")
    finally:
        root.removeHandler(collector)
        root.setLevel(level)
    captured = capfd.readouterr()
    assert TOKEN not in "\n".join(collector.lines) + captured.out + captured.err


def test_apprise_is_not_imported_before_it_is_used() -> None:
    code = """
import sys
from castcore_apprise.plugin import castcore_register_notifiers
from castcore_sdk import config_schema, parse_config
(notifier,) = castcore_register_notifiers()
parse_config(notifier.config_model, {"urls": "json://host/x"})
config_schema(notifier.config_model)
print(sorted({name.partition(".")[0] for name in sys.modules} & {"apprise", "requests", "yaml", "urllib3"}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_levels_become_apprises() -> None:
    heard: list[str] = []

    def take(request: httpx.Request) -> httpx.Response:
        heard.append(json.loads(request.read())["type"])
        return httpx.Response(200)

    async def run(base: str, messages: list[Notification]) -> None:
        urls = f"json://{base.removeprefix('http://')}/room"
        async with MemoryContext() as context:
            notifier = AppriseNotifier(parse_config(AppriseNotifier.config_model, {"urls": urls}), context)
            await notifier.start()
            for message in messages:
                await notifier.send(message)

    with loopback(take) as base:
        asyncio.run(run(base, [notification(severity=severity) for severity in Severity]))
    assert heard == ["info", "warning", "failure"]
