"""What every extension has to keep, whatever it does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any, ClassVar, cast

import httpx2 as httpx
from pydantic import BaseModel, SecretStr

from castcore_sdk.config import ExtensionConfig, config_schema, parse_config
from castcore_sdk.errors import CastCoreError, ConfigurationError
from castcore_sdk.extension import EXTENSION_ID, CheckResult, Extension
from castcore_sdk.oauth import SupportsOAuth
from castcore_sdk.testing.context import MemoryContext, MemorySession
from castcore_sdk.testing.patience import running, standing, unblocked
from castcore_sdk.testing.wording import catalogue, no_secret, told

CANARY = "canary-5b1f7c"
"""Stands where a secret could; it may turn up nowhere."""
_SECRET_NAMES = frozenset({"key", "token", "secret", "password", "passphrase"})
_LEAVE = 1.0
"""Seconds in which tasks may end after ``close``."""


class ExtensionConformance:
    """The checks that suites for destinations, encoders and so on begin with.

    Set ``extension`` and ``config``; override ``transport`` where the extension talks HTTP.
    """

    extension: ClassVar[Any]
    """The class under test."""
    config: Mapping[str, Any] = MappingProxyType({})
    """A configuration that is valid, with every secret filled in."""
    plugin_id: ClassVar[str] = ""
    """Name of the plugin's entry point; empty: the first part of the extension's id."""

    def transport(self) -> httpx.AsyncBaseTransport | None:
        """Return the healthy platform, such as ``httpx2.MockTransport(handler)``; None: no network."""
        return None

    def catalogue(self, language: str) -> Mapping[str, Mapping[str, str]]:
        """Return code → texts: ``locales/LANGUAGE.json`` in the extension's top package, name → texts."""
        package = self.extension.__module__.partition(".")[0]
        return catalogue(package, self.plugin_id or self.extension.id.partition(".")[0], language)

    def settings(self) -> ExtensionConfig:
        """Return ``config``, validated."""
        model: type[ExtensionConfig] = self.extension.config_model
        return parse_config(model, self.config)

    def secrets(self) -> list[str]:
        """Return every secret value in ``config``."""
        return list(_secrets(self.settings()))

    @asynccontextmanager
    async def host(self, transport: httpx.AsyncBaseTransport | None = None) -> AsyncIterator[MemoryContext]:
        """Give a context, with a connected account where the extension works with one."""
        async with MemorySession(transport) as session:
            account = session if issubclass(self.extension, SupportsOAuth) else None
            async with MemoryContext(transport=transport, account=account) as context:
                yield context

    @asynccontextmanager
    async def opened(
        self, transport: httpx.AsyncBaseTransport | None = None
    ) -> AsyncIterator[tuple[Any, MemoryContext]]:
        """Give a started instance and its context, and close both."""
        async with self.host(transport or self.transport()) as context:
            instance: Extension[Any] = self.extension(self.settings(), context)
            try:
                await instance.start()
                yield instance, context
            finally:
                await instance.close()

    def test_id_has_the_form(self) -> None:
        """``id`` is what core can store and show."""
        found = getattr(self.extension, "id", None)
        assert isinstance(found, str), "id is missing"
        assert EXTENSION_ID.fullmatch(found), f"id {found!r}: lower-case words, joined by single dots or dashes"
        assert len(found) <= 48, f"id {found!r} is longer than 48 characters"

    def test_every_setting_is_described(self) -> None:
        """Form and documentation show the text under each field."""
        properties = config_schema(self.extension.config_model).get("properties", {})
        bare = [name for name, schema in properties.items() if not schema.get("description", "").strip()]
        assert bare == [], f"no docstring under {', '.join(bare)}"

    def test_secrets_are_secret_fields(self) -> None:
        """What is called a key, token or password is a ``Secret``."""
        properties = config_schema(self.extension.config_model).get("properties", {})
        plain = [
            name
            for name, schema in properties.items()
            if name.rpartition("_")[2] in _SECRET_NAMES and _is_text(schema) and not schema.get("x-castcore-secret")
        ]
        assert plain == [], f"{', '.join(plain)}: annotate with Secret"

    def test_the_configuration_survives_storage(self) -> None:
        """Stored as JSON and read back it is the same."""
        model = self.extension.config_model
        stored = json.loads(json.dumps(_revealed(self.settings())))
        same = self.extension.migrate_config(stored, from_version=self.extension.config_version)
        assert parse_config(model, same) == self.settings(), "the configuration differs after storage"

    def test_a_refused_configuration_is_not_quoted(self) -> None:
        """An error names the field and never the value."""
        for name in self.extension.config_model.model_fields:
            for value in (CANARY, {CANARY: CANARY}, f"\x00{CANARY}", f"scheme://{CANARY}:{CANARY}@host"):
                error = _refusal(self.extension.config_model, {**self.config, name: value})
                if error is not None:
                    no_secret([CANARY], [*told(error), repr(error.__context__)], f"the error about {name}")

    def test_an_account_comes_first(self) -> None:
        """What works with an account has a configuration that is valid with nothing set."""
        extension = self.extension
        if not issubclass(extension, SupportsOAuth):
            return
        parse_config(self.extension.config_model, {})
        provider = extension.oauth_provider
        for url in filter(None, (provider.authorize_url, provider.token_url, provider.revoke_url, provider.device_url)):
            assert url.startswith("https://"), f"{url}: tokens go over TLS"
        assert provider.scopes, "no scope is asked for"

    def test_codes_have_texts(self) -> None:
        """Whatever it reports can be read in English and in German."""
        codes = {result.code for result in self.reported()}
        for language in ("en", "de") if codes else ():
            texts = self.catalogue(language)
            missing = sorted(code for code in codes if not texts.get(code, {}).get("message", "").strip())
            assert missing == [], f"no text in {language} for {', '.join(missing)}"

    def test_closing_twice_is_no_error(self) -> None:
        """``close`` may come twice, and without a start."""

        async def run() -> None:
            async with self.host(self.transport()) as context:
                never_started = self.extension(self.settings(), context)
                await never_started.close()
                instance = self.extension(self.settings(), context)
                await instance.start()
                await instance.close()
                await instance.close()

        running(run())

    def test_nothing_goes_on_after_close(self) -> None:
        """Tasks that ``start`` and ``check`` began are over when ``close`` is."""

        async def run() -> None:
            async with self.host(self.transport()) as context:
                before = asyncio.all_tasks()
                instance = self.extension(self.settings(), context)
                await instance.start()
                await instance.check()
                begun = asyncio.all_tasks() - before
                await instance.close()
                if begun:
                    _, begun = await asyncio.wait(begun, timeout=_LEAVE)
                assert not begun, f"it goes on after close: {', '.join(sorted(map(standing, begun)))}"

        running(run())

    def test_check_reports_results(self) -> None:
        """``check`` returns results, also without a network, and does not raise."""

        async def run() -> None:
            for transport in (self.transport(), None):
                async with self.host(transport) as context:
                    instance = self.extension(self.settings(), context)
                    await instance.start()
                    await unblocked(lambda instance=instance: _checked(instance))  # type: ignore[misc]
                    await instance.close()

        running(run())

    def reported(self) -> Sequence[CheckResult]:
        """Return results to look for codes in."""

        async def run() -> Sequence[CheckResult]:
            async with self.opened() as (instance, _):
                return await _checked(instance)

        return running(run())


async def _checked(instance: Extension[Any]) -> Sequence[CheckResult]:
    results: object = await instance.check()
    fits = isinstance(results, Sequence) and all(isinstance(result, CheckResult) for result in results)
    assert fits, f"check gave {results!r}: it returns a sequence of CheckResults"
    return cast(Sequence[CheckResult], results)


def _refusal(model: type[ExtensionConfig], data: Mapping[str, Any]) -> ConfigurationError | None:
    try:
        parse_config(model, data)
    except ConfigurationError as error:
        return error
    except CastCoreError as error:
        raise AssertionError(f"{type(error).__name__} instead of ConfigurationError") from None
    return None


def _is_text(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "string" or any(option.get("type") == "string" for option in schema.get("anyOf", ()))


def _secrets(value: object) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for _, item in value:
            yield from _secrets(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _secrets(item)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from _secrets(item)


def _revealed(value: object) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, BaseModel):
        return {name: _revealed(item) for name, item in value}
    if isinstance(value, Mapping):
        return {name: _revealed(item) for name, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_revealed(item) for item in value]
    return value
