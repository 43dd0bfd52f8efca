"""The destination suite: a good plugin passes, and for each check there is a bad one that fails it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import httpx2 as httpx
import pytest
from pydantic import field_validator

from castcore_sdk import (
    BroadcastMetadata,
    BroadcastPhase,
    BroadcastRequest,
    BroadcastStatus,
    CheckResult,
    ConfigurationError,
    Destination,
    ExtensionConfig,
    NotFoundError,
    OAuthProvider,
    OAuthSession,
    PublishProtocol,
    PublishTarget,
    Secret,
    Severity,
    StreamLimits,
    SupportsMetadata,
    SupportsOAuth,
    SupportsStatus,
    SupportsThumbnail,
    TemporaryError,
    problem,
)
from castcore_sdk.testing import DestinationConformance, destination
from castcore_sdk.testing.context import TOKEN

API = "http://api.good.example"
KEY = "live-1f3e5a7c9b"


class GoodConfig(ExtensionConfig):
    """Settings of the good platform."""

    stream_key: Secret
    """The key in your dashboard."""
    server: str = "live.good.example"
    """Name of the server."""

    @field_validator("server")
    @classmethod
    def _server(cls, value: str) -> str:
        if "/" in value or not value.isprintable():
            raise problem("good.server")
        return value


class Good(Destination[GoodConfig], SupportsMetadata, SupportsStatus, SupportsThumbnail):
    """A platform with an API that keeps every rule."""

    id = "good"
    protocols = frozenset({PublishProtocol.RTMPS})
    url_schemes = frozenset({"good"})

    @classmethod
    def config_from_url(cls, url: str, /) -> Mapping[str, Any]:
        server, slash, key = url.removeprefix("good://").partition("/")
        if not url.startswith("good://") or not slash:
            raise ConfigurationError("good.url")
        return {"server": server, "stream_key": key}

    async def open_broadcast(self, request: BroadcastRequest, /) -> PublishTarget:
        self._live = True
        answer = await self._ask("POST", f"/broadcasts/{request.broadcast_id}")
        self.context.log.info("opened %s", request.broadcast_id)
        return PublishTarget(
            reference=answer,
            protocol=PublishProtocol.RTMPS,
            url=f"rtmps://{self.config.server}/app",
            stream_key=self.config.stream_key,
        )

    async def close_broadcast(self, reference: str, /) -> None:
        self._live = False

    async def update_metadata(self, reference: str, metadata: BroadcastMetadata, /) -> None:
        await self._known(reference)
        if len(metadata.title) > 100:
            raise ConfigurationError("good.title")

    async def status(self, reference: str, /) -> BroadcastStatus:
        await self._known(reference)
        return BroadcastStatus(phase=BroadcastPhase.LIVE if self._live else BroadcastPhase.ENDED)

    async def set_thumbnail(self, reference: str, image: bytes, media_type: str, /) -> None:
        await self._known(reference)
        if media_type != "image/png" or not image.startswith(b"\x89PNG"):
            raise ConfigurationError("good.picture")

    async def check(self) -> Sequence[CheckResult]:
        return [CheckResult(code="good.ready", severity=Severity.OK)]

    async def _known(self, reference: str) -> None:
        if reference != "conformance-1":
            raise NotFoundError("good.unknown")

    async def _ask(self, method: str, path: str) -> str:
        try:
            answer = await self.context.http.request(method, API + path)
            answer.raise_for_status()
            return str(answer.json()["id"])
        except httpx.TransportError as error:
            raise TemporaryError("good.unreachable", detail=str(error)) from error
        except httpx.HTTPStatusError as error:
            raise TemporaryError("good.refused", detail=str(error)) from error
        except (ValueError, TypeError, KeyError) as error:
            raise TemporaryError("good.answer") from error


def _platform(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"id": request.url.path.rpartition("/")[2]})


class Suite(DestinationConformance):
    extension = Good
    config: Mapping[str, Any] = {"stream_key": KEY}
    urls = ("good://live.good.example/live-000",)

    def transport(self) -> httpx.AsyncBaseTransport:
        return httpx.MockTransport(_platform)

    def catalogue(self, language: str) -> Mapping[str, Mapping[str, str]]:
        return {"good.ready": {"message": "Ready."}}


class TestGood(Suite):
    """The whole suite passes."""


def _bad(name: str, **attributes: Any) -> type[Good]:
    return type(name, (Good,), attributes)


async def _blocks(self: Good, request: BroadcastRequest, /) -> PublishTarget:
    time.sleep(0.7)
    return await Good.open_broadcast(self, request)


async def _new_reference(self: Good, request: BroadcastRequest, /) -> PublishTarget:
    target = await Good.open_broadcast(self, request)
    return PublishTarget(reference=f"{time.monotonic_ns()}", protocol=target.protocol, url=target.url)


def _opens(**fields: Any) -> Callable[..., Any]:
    async def open_broadcast(self: Good, request: BroadcastRequest, /) -> PublishTarget:
        defaults = {"reference": "r", "protocol": PublishProtocol.RTMPS, "url": "rtmps://h/app"}
        return PublishTarget(**{**defaults, **fields})

    return open_broadcast


async def _logs_the_key(self: Good, request: BroadcastRequest, /) -> PublishTarget:
    self.context.log.info("key %s", self.config.stream_key.get_secret_value())
    return await Good.open_broadcast(self, request)


async def _leaks_http_errors(self: Good, request: BroadcastRequest, /) -> PublishTarget:
    (await self.context.http.post(f"{API}/broadcasts/x")).raise_for_status()
    return await Good.open_broadcast(self, request)


async def _quotes_the_key(self: Good, request: BroadcastRequest, /) -> PublishTarget:
    try:
        return await Good.open_broadcast(self, request)
    except TemporaryError:
        raise TemporaryError("good.refused", params={"url": f"{API}?key={KEY}"}) from None


async def _hides_the_key_behind(self: Good, request: BroadcastRequest, /) -> PublishTarget:
    try:
        (await self.context.http.post(f"{API}/broadcasts/conformance-1", params={"key": KEY})).raise_for_status()
    except httpx.HTTPStatusError as error:
        raise TemporaryError("good.refused") from error
    return await Good.open_broadcast(self, request)


async def _waits_for_ever(self: Good, request: BroadcastRequest, /) -> PublishTarget:
    while True:
        try:
            return await Good.open_broadcast(self, request)
        except TemporaryError:
            await asyncio.sleep(0.01)


async def _goes_on(self: Good) -> None:
    vars(self)["task"] = asyncio.create_task(asyncio.sleep(3600))


async def _gives_up_on_outages(self: Good, request: BroadcastRequest, /) -> PublishTarget:
    try:
        return await Good.open_broadcast(self, request)
    except TemporaryError as error:
        raise NotFoundError("good.gone") from error


async def _close_fails_twice(self: Good, reference: str, /) -> None:
    if not self._live:
        raise NotFoundError("good.unknown")
    self._live = False


async def _raises(*_: Any) -> Any:
    raise RuntimeError("bad plugin")


async def _does_nothing(*_: Any) -> None:
    return None


def _no_limit(*_: Any) -> None:
    return None


async def _always_live(*_: Any) -> BroadcastStatus:
    return BroadcastStatus(phase=BroadcastPhase.LIVE)


async def _no_unicode(self: Good, reference: str, metadata: BroadcastMetadata, /) -> None:
    metadata.title.encode("ascii")


async def _close_once(self: Good) -> None:
    if "closed" in vars(self):
        raise RuntimeError("closed twice")
    vars(self)["closed"] = True


@classmethod  # type: ignore[misc]
def _index_error(cls: type, url: str, /) -> Mapping[str, Any]:
    return {"server": url.split("/")[2], "stream_key": url.split("/")[3]}


@classmethod  # type: ignore[misc]
def _quotes_url(cls: type, url: str, /) -> Mapping[str, Any]:
    raise ConfigurationError("good.url", detail=f"cannot read {url}")


@classmethod  # type: ignore[misc]
def _nothing_from_url(cls: type, url: str, /) -> Mapping[str, Any]:
    return {}


class UndocumentedConfig(GoodConfig):
    extra: int = 1


class PlainKeyConfig(GoodConfig):
    api_token: str = "x"
    """Not a secret."""


class QuotingConfig(GoodConfig):
    @field_validator("server")
    @classmethod
    def _quote(cls, value: str) -> str:
        if "canary" in value:
            raise problem("good.server", server=value)
        return value


class LossyConfig(GoodConfig):
    @field_validator("server")
    @classmethod
    def _longer(cls, value: str) -> str:
        return value + "."


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("test_id_has_the_form", {"id": "Not An Id"}, r"lower-case words"),
    ("test_id_has_the_form", {"id": "a" * 49}, r"longer than 48"),
    ("test_every_setting_is_described", {"config_model": UndocumentedConfig}, r"no docstring under extra"),
    ("test_secrets_are_secret_fields", {"config_model": PlainKeyConfig}, r"api_token: annotate"),
    ("test_the_configuration_survives_storage", {"config_model": LossyConfig}, r"differs after storage"),
    (
        "test_a_refused_configuration_is_not_quoted",
        {"config_model": QuotingConfig},
        r"the error about server: a secret is in",
    ),
    ("test_closing_twice_is_no_error", {"close": _close_once}, r"closed twice"),
    ("test_nothing_goes_on_after_close", {"start": _goes_on}, r"goes on after close: /.*tasks\.py:\d+"),
    ("test_check_reports_results", {"check": _raises}, r"bad plugin"),
    ("test_check_reports_results", {"check": _does_nothing}, r"check gave None: it returns a sequence"),
    ("test_protocols_are_declared", {"protocols": frozenset()}, r"protocols is empty"),
    ("test_protocols_are_declared", {"protocols": ["rtmps"]}, r"has to be a frozenset"),
    ("test_limits_make_sense", {"limits": StreamLimits(max_fps=0)}, r"a limit of 0"),
    ("test_limits_make_sense", {"limits": StreamLimits(keyframe_interval=timedelta(0))}, r"keyframe interval"),
    ("test_limits_make_sense", {"limits": StreamLimits(video_codecs=frozenset({"H.264"}))}, r"codec 'H\.264'"),
    (
        "test_limits_make_sense",
        {"limits": StreamLimits(video_codecs=frozenset(), audio_codecs=frozenset())},
        r"takes no codec",
    ),
    ("test_limits_by_picture_make_sense", {"limits_for": _no_limit}, r"limits have to be StreamLimits"),
    ("test_thumbnails_are_shown", {"set_thumbnail": _does_nothing}, r"was taken as image/png"),
    ("test_thumbnails_are_shown", {"_known": _does_nothing}, r"has to raise NotFoundError"),
    ("test_it_opens_and_closes", {"open_broadcast": _blocks}, rf"stood still for 0\.\d s at {__file__}:\d+ in _blocks"),
    ("test_it_opens_and_closes", {"open_broadcast": _does_nothing}, r"None"),
    ("test_it_opens_and_closes", {"open_broadcast": _opens(reference="")}, r"reference is empty"),
    ("test_it_opens_and_closes", {"open_broadcast": _opens(protocol=PublishProtocol.SRT)}, r"srt is not in protocols"),
    ("test_it_opens_and_closes", {"open_broadcast": _opens(url="https://h/app")}, r"does not fit rtmps"),
    ("test_it_opens_and_closes", {"close_broadcast": _close_fails_twice}, r"good\.unknown"),
    ("test_opening_again_gives_the_same_broadcast", {"open_broadcast": _new_reference}, r"a second broadcast"),
    ("test_no_secret_is_in_sight", {"open_broadcast": _opens(url=f"rtmps://h/app/{KEY}")}, r"a secret is in"),
    ("test_no_secret_is_in_sight", {"open_broadcast": _opens(options={"key": KEY})}, r"a secret is in"),
    ("test_no_secret_is_in_sight", {"open_broadcast": _logs_the_key}, r"a secret is in 'key"),
    ("test_failures_tell_no_secret", {"open_broadcast": _quotes_the_key}, r"connect_error: a secret is in .*key=•••"),
    ("test_failures_tell_no_secret", {"open_broadcast": _hides_the_key_behind}, r"status_401: a secret is in"),
    ("test_failures_of_the_platform_are_typed", {"open_broadcast": _leaks_http_errors}, r"ConnectError instead"),
    (
        "test_failures_of_the_platform_are_typed",
        {"open_broadcast": _gives_up_on_outages},
        r"NotFoundError is not retryable",
    ),
    ("test_metadata_takes_any_text", {"update_metadata": _no_unicode}, r"ascii"),
    ("test_metadata_takes_any_text", {"update_metadata": _does_nothing}, r"unknown reference"),
    ("test_status_is_told", {"status": _does_nothing}, r"None"),
    ("test_status_is_told", {"status": _always_live}, r"live after its end"),
    ("test_urls_become_configurations", {"url_schemes": frozenset({"good", "other"})}, r"every scheme once"),
    ("test_urls_become_configurations", {"config_from_url": _nothing_from_url}, r"stream_key"),
    ("test_bad_urls_are_refused", {"config_from_url": _index_error}, r"IndexError instead"),
    ("test_bad_urls_are_refused", {"config_from_url": _quotes_url}, r"a secret is in"),
]


@pytest.mark.parametrize(("check", "attributes", "reason"), BAD, ids=[check for check, *_ in BAD])
def test_a_bad_destination_fails_its_check(check: str, attributes: dict[str, Any], reason: str) -> None:
    suite = type("BadSuite", (Suite,), {"extension": _bad("Bad", **attributes)})()
    with pytest.raises((AssertionError, RuntimeError, NotFoundError, ConfigurationError, UnicodeError), match=reason):
        getattr(suite, check)()


def test_who_tries_for_ever_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(destination, "FAILING", 0.2)
    suite = type("BadSuite", (Suite,), {"extension": _bad("Bad", open_broadcast=_waits_for_ever)})()
    with pytest.raises(AssertionError, match=rf"connect_error: not done after 0\.2 s: it waits at {__file__}:\d+ in"):
        suite.test_failures_of_the_platform_are_typed()


def test_a_code_without_a_text_fails() -> None:
    class NoTexts(Suite):
        def catalogue(self, language: str) -> Mapping[str, Mapping[str, str]]:
            return super().catalogue(language) if language == "en" else {}

    with pytest.raises(AssertionError, match=r"no text in de for good\.ready"):
        NoTexts().test_codes_have_texts()


class Account(Good, SupportsOAuth):
    """Works with an account, yet wants a key first."""

    oauth_provider = OAuthProvider(authorize_url="http://a.example/", token_url="https://a.example/", scopes=("live",))

    async def account_label(self, session: OAuthSession, /) -> str:
        return session.account


def test_an_account_has_to_come_first() -> None:
    suite = type("BadSuite", (Suite,), {"extension": Account})()
    with pytest.raises(ConfigurationError, match="stream_key"):
        suite.test_an_account_comes_first()
    suite = type("BadSuite", (Suite,), {"extension": type("Open", (Account,), {"config_model": ExtensionConfig})})()
    with pytest.raises(AssertionError, match="tokens go over TLS"):
        suite.test_an_account_comes_first()


def test_a_plugin_without_texts_is_told() -> None:
    class Bare(Suite):
        catalogue = DestinationConformance.catalogue

    with pytest.raises(AssertionError, match=r"there is no locales/en\.json in "):
        Bare().test_codes_have_texts()


def test_the_session_of_the_suite_sends_its_token() -> None:
    seen = []

    class Asks(Account):
        async def open_broadcast(self, request: BroadcastRequest, /) -> PublishTarget:
            session = await self.context.oauth()
            await session.http.get(API)
            self.context.log.info("token %s", session.http.headers["Authorization"])
            return await super().open_broadcast(request)

    class Connected(Suite):
        extension = Asks

        def transport(self) -> httpx.AsyncBaseTransport:
            return httpx.MockTransport(lambda request: (seen.append(request), _platform(request))[1])

    Connected().test_it_opens_and_closes()
    assert any(request.headers.get("Authorization") == f"Bearer {TOKEN}" for request in seen)
    with pytest.raises(AssertionError, match="a secret is in"):
        Connected().test_no_secret_is_in_sight()


def test_a_configuration_may_offer_less_than_its_class() -> None:
    def offers(self: Good, capability: type, /) -> bool:
        return capability not in (SupportsMetadata, SupportsStatus, SupportsThumbnail)

    methods = {"update_metadata": _raises, "status": _raises, "set_thumbnail": _raises}
    suite = type("KeySuite", (Suite,), {"extension": _bad("Key", offers=offers, **methods)})()
    suite.test_metadata_takes_any_text()
    suite.test_status_is_told()
    suite.test_thumbnails_are_shown()


def test_every_check_of_the_suite_has_a_bad_plugin() -> None:
    checks = {name for name in dir(DestinationConformance) if name.startswith("test_")}
    assert checks == {check for check, *_ in BAD} | {"test_codes_have_texts", "test_an_account_comes_first"}
