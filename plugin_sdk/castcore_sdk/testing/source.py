"""The conformance suite for ingest sources."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, ClassVar

import httpx2 as httpx

from castcore_sdk.errors import CastCoreError
from castcore_sdk.source import IngestSource, MediaInput, SourceRequest
from castcore_sdk.testing.context import MemoryContext
from castcore_sdk.testing.extension import CANARY, ExtensionConformance
from castcore_sdk.testing.fault import FAILING, PASSING, answers
from castcore_sdk.testing.patience import running, unblocked
from castcore_sdk.testing.wording import no_secret, told

_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s]+")
_OPTION = re.compile(r"-[A-Za-z0-9_:-]+")
ODD = ("", " ", "../../etc/passwd", "-i", f"{CANARY}\n", "x" * 10_000, "a b&c=%zz", "file:///etc/passwd", "東京🎬")
"""Source ids and parameters that people and programs give."""


class SourceConformance(ExtensionConformance):
    """Inherit it, set ``extension`` and ``config``, and ``sources`` to what can be opened.

    The configuration's secrets should be long and unlike anything else: they are searched for in what comes out.
    """

    extension: ClassVar[type[IngestSource[Any]]]
    """The source under test."""
    sources: ClassVar[tuple[SourceRequest, ...]] = (SourceRequest(source_id="conformance"),)
    """Requests that succeed with ``config`` and ``transport``."""

    def test_it_opens(self) -> None:
        """Each of ``sources`` becomes something that ffmpeg can open, and the event loop is never held."""

        async def run(source: IngestSource[Any], context: MemoryContext) -> None:
            for request in self.sources:
                _assert_input(await unblocked(lambda request=request: source.open(request)))  # type: ignore[misc]

        self._with(run)

    def test_opening_again_is_safe(self) -> None:
        """Core asks again when an address has expired; the answer is as good as the first."""

        async def run(source: IngestSource[Any], context: MemoryContext) -> None:
            for request in self.sources:
                first, second = await source.open(request), await source.open(request)
                _assert_input(second)
                assert len(first.options) == len(second.options), "other options at the second time"

        self._with(run)

    def test_no_secret_is_in_sight(self) -> None:
        """No secret of the configuration is in what is shown, logged or published: it goes into secret_options."""

        async def run(source: IngestSource[Any], context: MemoryContext) -> None:
            for request in self.sources:
                media = await source.open(request)
                shown = [repr(media), media.location, *media.options, *context.lines, *map(repr, context.events)]
                no_secret(self.secrets(), shown, f"what is shown of {request.source_id!r}")

        self._with(run)

    def test_failures_tell_no_secret(self) -> None:
        """No secret is in an error, what it was raised from, or what is logged while the other side fails."""
        for answer in answers():
            shown: list[str] = []

            async def run(source: IngestSource[Any], context: MemoryContext, shown: list[str] = shown) -> None:
                for request in self.sources:
                    try:
                        await source.open(request)
                    except Exception as error:  # whatever it is, it must not tell
                        shown += told(error)
                shown += [*context.lines, *map(repr, context.events)]

            with suppress(CastCoreError):  # from the start
                self._with(run, transport=httpx.MockTransport(answer), limit=FAILING)
            no_secret(self.secrets(), shown, answer.__name__)

    def test_odd_requests_are_refused_or_safe(self) -> None:
        """Whatever a job names ends in a CastCoreError, or in an input that ffmpeg cannot misread."""

        async def run(source: IngestSource[Any], context: MemoryContext) -> None:
            for odd in ODD:
                for request in (SourceRequest(source_id=odd), self._odd_parameters(odd)):
                    try:
                        media = await source.open(request)
                    except CastCoreError:
                        continue
                    except Exception as error:
                        raise AssertionError(
                            f"{odd[:40]!r}: {type(error).__name__} instead of a CastCoreError"
                        ) from error
                    _assert_input(media)

        self._with(run)

    def test_failures_of_the_other_side_are_typed(self) -> None:
        """No network, odd answers and errors end in a CastCoreError; those that pass are TemporaryErrors."""

        async def run(source: IngestSource[Any], context: MemoryContext) -> None:
            for request in self.sources:
                await source.open(request)

        for answer in answers():
            try:
                self._with(run, transport=httpx.MockTransport(answer), limit=FAILING)
            except CastCoreError as error:
                if answer.__name__ in PASSING and not error.retryable:
                    message = f"{answer.__name__}: {type(error).__name__} is not retryable"
                    raise AssertionError(message) from error
            except AssertionError as error:
                raise AssertionError(f"{answer.__name__}: {error}") from None
            except Exception as error:
                raise AssertionError(f"{answer.__name__}: {type(error).__name__} instead of a CastCoreError") from error

    def _odd_parameters(self, odd: str) -> SourceRequest:
        first = self.sources[0]
        return SourceRequest(source_id=first.source_id, parameters={**dict.fromkeys(first.parameters, odd), odd: odd})

    def _with(
        self,
        run: Callable[[Any, MemoryContext], Awaitable[None]],
        transport: httpx.AsyncBaseTransport | None = None,
        limit: float | None = None,
    ) -> None:
        async def main() -> None:
            async with self.opened(transport) as (source, context):
                await run(source, context)

        running(main(), limit=limit)


def _assert_input(media: object) -> None:
    """Fail unless ``media`` is what core can hand to ffmpeg."""
    assert isinstance(media, MediaInput), f"{media!r} instead of a MediaInput"
    place = media.location
    assert place.isprintable(), f"control characters in {place!r}"
    assert place.startswith("/") or _URL.fullmatch(place), f"{place!r} is neither an absolute path nor a URL"
    names, values = media.options[::2], media.options[1::2]
    assert len(names) == len(values), f"an option without a value: {media.options}"
    assert all(_OPTION.fullmatch(name) and name != "-i" for name in names), f"not ffmpeg options: {names}"
    assert len(media.secret_options) % 2 == 0, "a secret option without a value: they are name, value, name, value, …"
    expires = media.expires_at
    assert expires is None or expires.tzinfo is not None, "expires_at needs a time zone"
    assert expires is None or expires > datetime.now(UTC), "expires_at is over already"
