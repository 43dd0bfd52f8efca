"""The conformance suite for notifiers."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import httpx2 as httpx

from castcore_sdk.config import ExtensionConfig, parse_config
from castcore_sdk.errors import CastCoreError, TemporaryError
from castcore_sdk.extension import CheckResult, Severity
from castcore_sdk.notifier import Notification, Notifier
from castcore_sdk.testing.context import MemoryContext
from castcore_sdk.testing.extension import ExtensionConformance
from castcore_sdk.testing.fault import FAILING, PASSING, Answer, answers
from castcore_sdk.testing.loopback import loopback
from castcore_sdk.testing.patience import running, unblocked
from castcore_sdk.testing.wording import no_secret, told

MARK = "conformance-b7d1"
"""Stands in title and body, to know the request that carries the message."""
TEXTS = (
    "",
    "Übertragung 東京 🎬 \u202eabc",
    "two\nlines\n\n.\nand a dot alone",
    "<b>&amp;</b> <script>alert(1)</script> *bold* _x_ [a](http://b) `c` @everyone",
    "%s %d {0} {name} {{title}} $HOME `id` '\"; --",
    "\\n \\u0000 \\",
    "a word " * 3000,
)
"""Bodies that come from names, addresses and programs; core has shortened them to ``max_body``."""
_SLOW_S = 0.8
"""Longer than a call may hold the event loop."""
_RETRY_AFTER = timedelta(seconds=7)

Run = Callable[[Any, MemoryContext], Awaitable[None]]


def notification(**changed: Any) -> Notification:
    """Return the message that the suite sends, with other fields where they are given."""
    message = Notification(
        id="7d0b0c8e-6d0b-4d3c-8f5e-3a1f4f3f7b11",
        key="6f1d6e40-8c0a-4a8c-9b1e-0c3d5a7e9f22",
        event="output.down",
        severity=Severity.WARNING,
        title=f"Studio: “Morning show” does not reach Twitch {MARK}",
        body=f"The destination is tried again. {MARK}",
        link="https://castcore.example/jobs/1",
        params={"job": "Morning show", "output": "Twitch", "times": 2},
        sent_at=datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    )
    return replace(message, **changed)


@dataclass
class Platform:
    """The other side: what it answers can be changed while it runs."""

    answer: Answer
    delay: float = 0.0
    requests: list[httpx.Request] = field(default_factory=list)

    def serve(self, request: httpx.Request) -> httpx.Response:
        """Answer in a server's thread."""
        time.sleep(self.delay)
        return self._reply(request)

    async def take(self, request: httpx.Request) -> httpx.Response:
        """Answer in place of a network."""
        await asyncio.sleep(self.delay)
        return self._reply(request)

    def _reply(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answer(request)


class NotifierConformance(ExtensionConformance):
    """Inherit it, set ``extension`` and ``config``, and ``answer`` where the platform says more than ``{}``.

    A notifier whose library brings its own client overrides ``config_at``. The configuration's secrets should be long
    and unlike anything else: they are searched for in what comes out.
    """

    extension: ClassVar[type[Notifier[Any]]]
    """The notifier under test."""
    _url: str | None = None

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Return what the healthy platform answers."""
        return httpx.Response(200, json={})

    def config_at(self, url: str) -> Mapping[str, Any] | None:
        """Return ``config`` for a platform at ``http://127.0.0.1:PORT``; None: the notifier uses ``context.http``."""
        return None

    def carries(self, request: httpx.Request) -> bool:
        """Tell whether a request carries the message that has :data:`MARK` in title and body."""
        return MARK.encode() in request.read() or MARK in str(request.url)

    def transport(self) -> httpx.AsyncBaseTransport | None:
        """Return the healthy platform."""
        return httpx.MockTransport(self.answer)

    def settings(self) -> ExtensionConfig:
        """Return ``config``, validated, for the platform that runs."""
        at = self.config_at(self._url) if self._url else None
        return super().settings() if at is None else parse_config(self.extension.config_model, at)

    def test_the_longest_body_makes_sense(self) -> None:
        """``max_body`` leaves room for a sentence, or names no limit."""
        longest = self.extension.max_body
        assert longest is None or longest >= 50, f"max_body {longest}: nobody understands that"

    def test_it_sends_once(self) -> None:
        """One message is one delivery; what the other side answered is a text or nothing."""

        async def run(notifier: Notifier[Any], context: MemoryContext) -> None:
            answer = await notifier.send(notification())
            assert answer is None or isinstance(answer, str), f"{answer!r} is no text"

        with self._platform() as platform:
            self._with(run, platform)
        count = sum(self.carries(request) for request in platform.requests)
        assert count == 1, f"{count} requests carry the message"

    def test_the_same_again_is_no_error(self) -> None:
        """After a crash core asks again with the same ``id``, and later with the same ``key``."""

        async def run(notifier: Notifier[Any], context: MemoryContext) -> None:
            await notifier.send(notification())
            await notifier.send(notification())
            await notifier.send(notification(id="another", severity=Severity.OK, event="output.up"))

        with self._platform() as platform:
            self._with(run, platform)

    def test_any_text_is_taken(self) -> None:
        """Whatever stands in title and body is sent, not interpreted; link and parameters may be missing."""

        async def run(notifier: Notifier[Any], context: MemoryContext) -> None:
            for text in TEXTS:
                title = " ".join(text.split())[:200] or "-"
                body = text[: self.extension.max_body]
                for severity in Severity:
                    message = notification(title=title, body=body, link=None, params={}, severity=severity)
                    try:
                        await notifier.send(message)
                    except CastCoreError as error:
                        raise AssertionError(f"{text[:40]!r} is not taken: {error.code}") from error

        with self._platform() as platform:
            self._with(run, platform)

    def test_failures_of_the_platform_are_typed(self) -> None:
        """Errors end in a CastCoreError; those that pass are TemporaryErrors, and afterwards it works again."""
        for answer in answers():
            with self._platform() as platform:
                error = self._failure(platform, answer)
            if error is None:
                assert answer.__name__.endswith("json"), f"{answer.__name__}: taken for a success"
                continue
            kind = type(error).__name__
            assert isinstance(error, CastCoreError), f"{answer.__name__}: {kind} instead of a CastCoreError"
            assert answer.__name__ not in PASSING or error.retryable, f"{answer.__name__}: {kind} is not retryable"

    def test_retry_after_is_kept_to(self) -> None:
        """Where the error names a time, it is the one that the platform named."""

        def busy(request: httpx.Request) -> httpx.Response:
            return httpx.Response(429, headers={"Retry-After": "7"}, json={})

        with self._platform() as platform:
            error = self._failure(platform, busy)
        assert isinstance(error, TemporaryError), f"{error!r} for 429"
        assert error.retry_after in (None, _RETRY_AFTER), f"{error.retry_after} instead of {_RETRY_AFTER}"

    def test_no_secret_is_in_sight(self) -> None:
        """No secret of the configuration is in an answer, an error, a log line or an event."""
        for answer in (self.answer, *answers()):
            shown: list[str] = []

            async def run(
                notifier: Notifier[Any], context: MemoryContext, answer: Answer = answer, shown: list[str] = shown
            ) -> None:
                platform.answer = answer
                try:
                    shown.append(str(await notifier.send(notification())))
                except Exception as error:  # whatever it is, it must not tell
                    shown += told(error)
                shown += [*context.lines, *map(repr, context.events)]

            with self._platform() as platform, _logged(shown):
                self._with(run, platform, answer=answer)
                secrets = self.secrets()
            no_secret(secrets, shown, answer.__name__)

    def test_it_does_not_block(self) -> None:
        """A platform that takes its time holds up nobody else."""

        async def run(notifier: Notifier[Any], context: MemoryContext) -> None:
            await unblocked(lambda: notifier.send(notification()))

        with self._platform() as platform:
            platform.delay = _SLOW_S
            self._with(run, platform)

    def reported(self) -> Sequence[CheckResult]:
        """Return what ``check`` finds, and the codes of every failure."""
        found = list(super().reported())
        for answer in answers():
            with self._platform() as platform:
                error = self._failure(platform, answer)
            if isinstance(error, CastCoreError):
                found.append(CheckResult(code=error.code, severity=Severity.ERROR, params=error.params))
        return found

    def _failure(self, platform: Platform, answer: Answer) -> Exception | None:
        """Return what is raised while the platform gives ``answer``; before and after it is healthy."""
        failures: list[Exception] = []

        async def run(notifier: Notifier[Any], context: MemoryContext) -> None:
            await notifier.send(notification(id="before"))
            platform.answer = answer
            try:
                await notifier.send(notification(id="failing"))
            except Exception as error:
                failures.append(error)
            platform.answer = self.answer
            await notifier.send(notification(id="after"))

        self._with(run, platform, answer=answer)
        return failures[0] if failures else None

    @contextmanager
    def _platform(self) -> Iterator[Platform]:
        platform = Platform(self.answer)
        with ExitStack() as stack:
            if self.config_at("http://127.0.0.1:1") is not None:
                self._url = stack.enter_context(loopback(platform.serve))
            yield platform
        self._url = None

    def _with(self, run: Run, platform: Platform, *, answer: Answer | None = None) -> None:
        async def main() -> None:
            async with self.opened(httpx.MockTransport(platform.take)) as (notifier, context):
                await run(notifier, context)

        if answer is None:
            return running(main())
        try:
            running(main(), limit=FAILING)
        except AssertionError as error:
            raise AssertionError(f"{answer.__name__}: {error}") from None


@contextmanager
def _logged(lines: list[str]) -> Iterator[None]:
    """Collect what anybody logs at the levels that people have switched on."""

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    handler, root = Collector(logging.INFO), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
