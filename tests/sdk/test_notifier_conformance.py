"""The notifier suite: a good plugin passes, and for each check there is a bad one that fails it."""

from __future__ import annotations

import asyncio
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import httpx2 as httpx
import pytest

from castcore_sdk import (
    CheckResult,
    ExtensionConfig,
    Notification,
    Notifier,
    PermanentError,
    Secret,
    Severity,
    TemporaryError,
)
from castcore_sdk.testing import NotifierConformance, loopback, notifier
from castcore_sdk.testing.extension import ExtensionConformance

TOKEN = "canary-notifier-token-9c2b"
TEXTS = {f"good.{name}": {"message": "Text."} for name in ("ready", "unreachable", "busy", "denied")}


class GoodConfig(ExtensionConfig):
    """Settings of the good room."""

    token: Secret
    """Token that may write."""
    server: str = "http://chat.good.example"
    """Address of the server."""


class Good(Notifier[GoodConfig]):
    """A chat room that keeps every rule."""

    id = "good"
    max_body = 2000

    async def send(self, notification: Notification, /) -> str | None:
        text = f"{notification.title}\n{notification.body}"
        status, retry_after = await self._post(text, notification.id)
        self.context.log.info("sent %s", notification.id)
        if status in (429, 503):
            raise TemporaryError("good.busy", retry_after=retry_after)
        if status >= 400:
            raise PermanentError("good.denied", params={"status": status})
        return f"{status}"

    async def check(self) -> Sequence[CheckResult]:
        return [CheckResult(code="good.ready", severity=Severity.OK)]

    async def _post(self, text: str, key: str) -> tuple[int, timedelta | None]:
        headers = {"Authorization": f"Bearer {self.config.token.get_secret_value()}"}
        try:
            answer = await self.context.http.post(
                f"{self.config.server}/room", json={"text": text, "id": key}, headers=headers
            )
        except httpx.TransportError:
            raise TemporaryError("good.unreachable") from None
        wait = answer.headers.get("Retry-After")
        return answer.status_code, timedelta(seconds=int(wait)) if wait else None


class Suite(NotifierConformance):
    extension = Good
    config: Mapping[str, Any] = {"token": TOKEN}

    def catalogue(self, language: str) -> Mapping[str, Mapping[str, str]]:
        return TEXTS


class TestGood(Suite):
    """The whole suite passes."""


class WithItsOwnClient(Good):
    """Its library blocks and knows nothing of ``context.http``."""

    async def _post(self, text: str, key: str) -> tuple[int, timedelta | None]:
        request = urllib.request.Request(f"{self.config.server}/room", data=text.encode("utf-8", "replace"))
        try:
            status, wait = await self.context.run_blocking(_ask, request)
        except OSError:
            raise TemporaryError("good.unreachable") from None
        return status, timedelta(seconds=int(wait)) if wait else None


class TestWithItsOwnClient(Suite):
    """The whole suite passes over a real connection."""

    extension = WithItsOwnClient

    def config_at(self, url: str) -> Mapping[str, Any]:
        return {"token": TOKEN, "server": url}


def _ask(request: urllib.request.Request) -> tuple[int, str | None]:
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, None
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get("Retry-After")


async def _sends_twice(self: Good, notification: Notification, /) -> str | None:
    await Good.send(self, notification)
    return await Good.send(self, notification)


async def _sends_nothing(self: Good, notification: Notification, /) -> str | None:
    return None


async def _answers_bytes(self: Good, notification: Notification, /) -> Any:
    await Good.send(self, notification)
    return b"200"


async def _remembers(self: Good, notification: Notification, /) -> str | None:
    known = vars(self).setdefault("known", set())
    if notification.id in known:
        raise PermanentError("good.denied")
    known.add(notification.id)
    return await Good.send(self, notification)


async def _formats(self: Good, notification: Notification, /) -> str | None:
    self.context.log.info("about %s", notification.body % ())
    return await Good.send(self, notification)


async def _wants_a_link(self: Good, notification: Notification, /) -> str | None:
    if notification.link is None:
        raise PermanentError("good.denied")
    return await Good.send(self, notification)


async def _lets_errors_out(self: Good, notification: Notification, /) -> str | None:
    answer = await self.context.http.post(f"{self.config.server}/room", json={"text": notification.title})
    answer.raise_for_status()
    return None


async def _gives_up(self: Good, notification: Notification, /) -> str | None:
    try:
        return await Good.send(self, notification)
    except TemporaryError as error:
        raise PermanentError(error.code) from None


async def _always_happy(self: Good, notification: Notification, /) -> str | None:
    try:
        return await Good.send(self, notification)
    except PermanentError:
        return "ok"


async def _stays_broken(self: Good, notification: Notification, /) -> str | None:
    if vars(self).get("broken"):
        raise TemporaryError("good.unreachable")
    try:
        return await Good.send(self, notification)
    except TemporaryError:
        vars(self)["broken"] = True
        raise


async def _minutes_for_seconds(self: Good, notification: Notification, /) -> str | None:
    try:
        return await Good.send(self, notification)
    except TemporaryError as error:
        wait = error.retry_after
        raise TemporaryError(error.code, retry_after=wait and wait * 60) from None


async def _logs_the_token(self: Good, notification: Notification, /) -> str | None:
    self.context.log.info("with %s", self.config.token.get_secret_value())
    return await Good.send(self, notification)


async def _its_library_logs_the_token(self: Good, notification: Notification, /) -> str | None:
    logging.getLogger("goodlib").warning("with %s", self.config.token.get_secret_value())
    return await Good.send(self, notification)


async def _answers_with_the_token(self: Good, notification: Notification, /) -> str | None:
    await Good.send(self, notification)
    return f"ok, {self.config.token.get_secret_value()}"


async def _quotes_the_token_when_it_fails(self: Good, notification: Notification, /) -> str | None:
    try:
        return await Good.send(self, notification)
    except PermanentError as error:
        raise ValueError(self.config.token.get_secret_value()) from error


async def _blocks(self: Good, notification: Notification, /) -> str | None:
    time.sleep(0.7)
    return await Good.send(self, notification)


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("test_the_longest_body_makes_sense", {"max_body": 10}, r"max_body 10"),
    ("test_it_sends_once", {"send": _sends_twice}, r"2 requests carry"),
    ("test_it_sends_once", {"send": _sends_nothing}, r"0 requests carry"),
    ("test_it_sends_once", {"send": _answers_bytes}, r"b'200' is no text"),
    ("test_the_same_again_is_no_error", {"send": _remembers}, r"good\.denied"),
    ("test_any_text_is_taken", {"send": _formats}, r"not enough arguments"),
    ("test_any_text_is_taken", {"send": _wants_a_link}, r"is not taken"),
    ("test_failures_of_the_platform_are_typed", {"send": _lets_errors_out}, r"ConnectError instead of a CastCoreError"),
    ("test_failures_of_the_platform_are_typed", {"send": _gives_up}, r"PermanentError is not retryable"),
    ("test_failures_of_the_platform_are_typed", {"send": _always_happy}, r"status_401: taken for a success"),
    ("test_failures_of_the_platform_are_typed", {"send": _stays_broken}, r"good\.unreachable"),
    ("test_retry_after_is_kept_to", {"send": _minutes_for_seconds}, r"instead of 0:00:07"),
    ("test_retry_after_is_kept_to", {"send": _gives_up}, r"for 429"),
    ("test_no_secret_is_in_sight", {"send": _logs_the_token}, r"a secret is in 'with"),
    ("test_no_secret_is_in_sight", {"send": _its_library_logs_the_token}, r"a secret is in 'with"),
    ("test_no_secret_is_in_sight", {"send": _answers_with_the_token}, r"a secret is in 'ok"),
    ("test_no_secret_is_in_sight", {"send": _quotes_the_token_when_it_fails}, r"status_401: a secret is in"),
    ("test_it_does_not_block", {"send": _blocks}, r"stood still"),
]


@pytest.mark.parametrize(
    ("check", "attributes", "reason"), BAD, ids=[f"{check}{number}" for number, (check, *_) in enumerate(BAD)]
)
def test_a_bad_notifier_fails_its_check(check: str, attributes: dict[str, Any], reason: str) -> None:
    suite = type("BadSuite", (Suite,), {"extension": type("Bad", (Good,), attributes)})()
    with pytest.raises((AssertionError, TypeError, PermanentError, TemporaryError), match=reason):
        getattr(suite, check)()


def test_who_tries_for_ever_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Patient(Good):
        async def send(self, notification: Notification, /) -> str | None:
            while True:
                try:
                    return await super().send(notification)
                except TemporaryError:
                    await asyncio.sleep(0.01)

    monkeypatch.setattr(notifier, "FAILING", 0.3)
    suite = type("BadSuite", (Suite,), {"extension": Patient})()
    told = rf"connect_error: not done after 0\.3 s: it waits at {__file__}:\d+ in send"
    for check in (suite.test_failures_of_the_platform_are_typed, suite.test_no_secret_is_in_sight):
        with pytest.raises(AssertionError, match=told):
            check()


def test_a_code_of_a_failure_without_a_text_fails() -> None:
    class NoTexts(Suite):
        def catalogue(self, language: str) -> Mapping[str, Mapping[str, str]]:
            return {code: text for code, text in TEXTS.items() if code != "good.busy"}

    with pytest.raises(AssertionError, match=r"no text in en for good\.busy"):
        NoTexts().test_codes_have_texts()


def test_every_check_of_the_suite_has_a_bad_plugin() -> None:
    checks = {name for name in vars(NotifierConformance) if name.startswith("test_")}
    assert checks == {check for check, *_ in BAD}
    assert checks.isdisjoint(vars(ExtensionConformance))


def test_the_loopback_server_passes_requests_and_answers_on() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/gone":
            raise httpx.ConnectError("closed")
        text = f"{request.method} {request.url.path} {request.headers['X-One']} {request.read().decode()}"
        return httpx.Response(201, text=text, headers={"X-Two": "2"})

    with loopback(answer) as url:
        given = httpx.put(f"{url}/x?y=1", headers={"X-One": "1"}, content=b"body")
        assert (given.status_code, given.headers["X-Two"], given.text) == (201, "2", "PUT /x 1 body")
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{url}/gone", headers={"X-One": "1"})
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
