"""The suite for sources finds what it says it finds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from castcore_sdk import (
    ConfigurationError,
    ExtensionConfig,
    IngestSource,
    MediaInput,
    NotFoundError,
    PermanentError,
    Secret,
    SourceRequest,
    TemporaryError,
)
from castcore_sdk.testing import SourceConformance

KEY = "key-0123456789"


class CameraConfig(ExtensionConfig):
    """A camera."""

    key: Secret
    """Its key."""


class Camera(IngestSource[CameraConfig]):
    id = "camera"

    async def open(self, request: SourceRequest, /) -> MediaInput:
        if request.source_id != "door":
            raise NotFoundError("config.missing")
        try:
            answer = await self.context.http.get("http://camera.example/door")
        except httpx2.TransportError:
            raise TemporaryError("config.missing") from None
        if answer.status_code != 200:
            raise TemporaryError("config.missing")
        if answer.text.startswith(("<", "[")):
            raise PermanentError("config.missing")
        return self.media(request)

    def media(self, request: SourceRequest) -> MediaInput:
        return MediaInput(
            location="http://camera.example/door.ts",
            options=("-rw_timeout", "1"),
            secret_options=(SecretStr("-headers"), SecretStr(KEY)),
            expires_at=datetime.now(UTC) + timedelta(hours=1),
        )


class Suite(SourceConformance):
    extension = Camera
    config = {"key": KEY}  # noqa: RUF012
    sources = (SourceRequest(source_id="door", parameters={"quality": "high"}),)

    def transport(self) -> httpx2.AsyncBaseTransport:
        return httpx2.MockTransport(lambda request: httpx2.Response(200, json={"url": "x"}))


class TestCamera(Suite):
    """A good source passes."""

    __test__ = True


def failing(check: str, **parts: Any) -> None:
    """See that a source with these parts of its input fails the check."""

    class Bad(Camera):
        def media(self, request: SourceRequest) -> MediaInput:
            self.context.log.info(parts.get("log", ""))
            good = super().media(request)
            return replace(good, **{name: value for name, value in parts.items() if name != "log"})

    class BadSuite(Suite):
        extension = Bad

    with pytest.raises(AssertionError):
        getattr(BadSuite(), check)()


@pytest.mark.parametrize(
    "parts",
    [
        {"location": "door.ts"},
        {"location": "-i"},
        {"location": "http://x/\n"},
        {"options": ("-rw_timeout",)},
        {"options": ("-i", "http://other")},
        {"options": ("rw_timeout", "1")},
        {"secret_options": (SecretStr("-headers"),)},
        {"expires_at": datetime(2001, 1, 1, tzinfo=UTC)},
        {"expires_at": datetime(2101, 1, 1)},
    ],
)
def test_what_ffmpeg_would_misread_is_found(parts: dict[str, Any]) -> None:
    failing("test_it_opens", **parts)


@pytest.mark.parametrize("parts", [{"location": f"http://x/{KEY}"}, {"options": ("-headers", KEY)}, {"log": KEY}])
def test_a_secret_in_sight_is_found(parts: dict[str, Any]) -> None:
    failing("test_no_secret_is_in_sight", **parts)


def test_odd_requests_are_tried() -> None:
    class Careless(Camera):
        async def open(self, request: SourceRequest, /) -> MediaInput:
            return MediaInput(location=f"http://camera.example/{request.source_id}")

    class Crashing(Camera):
        async def open(self, request: SourceRequest, /) -> MediaInput:
            return {"door": MediaInput(location="/x")}[request.source_id]

    for bad in (Careless, Crashing):
        suite = type("BadSuite", (Suite,), {"extension": bad})()
        with pytest.raises(AssertionError):
            suite.test_odd_requests_are_refused_or_safe()


def test_a_secret_in_an_error_is_found() -> None:
    class Telling(Camera):
        async def open(self, request: SourceRequest, /) -> MediaInput:
            answer = await self.context.http.get("http://camera.example/door", params={"key": KEY})
            answer.raise_for_status()
            return self.media(request)

    suite = type("BadSuite", (Suite,), {"extension": Telling})()
    with pytest.raises(AssertionError, match="status_401: a secret is in"):
        suite.test_failures_tell_no_secret()


def test_failures_are_tried() -> None:
    class Untyped(Camera):
        async def open(self, request: SourceRequest, /) -> MediaInput:
            (await self.context.http.get("http://camera.example/door")).raise_for_status()
            return self.media(request)

    class Final(Camera):
        async def open(self, request: SourceRequest, /) -> MediaInput:
            try:
                await self.context.http.get("http://camera.example/door")
            except httpx2.TransportError:
                raise ConfigurationError("config.missing") from None
            return self.media(request)

    for bad in (Untyped, Final):
        suite = type("BadSuite", (Suite,), {"extension": bad})()
        with pytest.raises(AssertionError):
            suite.test_failures_of_the_other_side_are_typed()
