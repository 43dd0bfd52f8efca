"""Configurations go through the guard: what is secret stays so, what is not can be read in errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from castcore_core.plugins.host import HostSettings, PluginHost
from castcore_core.plugins.secret import Scrubber, secrets_of_url
from castcore_sdk import CastCoreError, ConfigurationError

CODE = """
from pydantic import BaseModel, field_validator, model_validator

class Login(BaseModel):
    user: str = ""
    password: Secret = Secret("")

class Strict(ExtensionConfig):
    folder: str = ""
    key: Secret = Secret("")
    login: Login = Login()
    end: bool = False

    @field_validator("folder")
    @classmethod
    def _folder(cls, value):
        if value.startswith("/missing"):
            raise problem("strict.folder_missing", path=value)
        return value

    @model_validator(mode="after")
    def _whole(self):
        if self.end:
            raise SystemExit(f"{self.key.get_secret_value()} {self.login.password.get_secret_value()}")
        return self

class Target(Destination[Strict]):
    id = "strict"
    url_schemes = frozenset({"strict"})

    def __init__(self, config, context):
        super().__init__(config, context)
        if config.folder == "raise":
            raise RuntimeError(f"cannot use {config.key.get_secret_value()}")

    @classmethod
    def config_from_url(cls, url, /):
        raise ValueError(f"cannot read {url}")

    async def open_broadcast(self, request, /): ...
    async def close_broadcast(self, reference, /): ...

@hookimpl
def castcore_register_destinations(): return [Target]
"""


@pytest.fixture
def host(site, tmp_path: Path) -> PluginHost:
    site.add("strict", CODE)
    host = PluginHost(tmp_path / "data", tmp_path / "cache", path=site.path, settings=HostSettings(watch=False))
    host.load()
    return host


def failure(host: PluginHost, config: dict[str, object]) -> CastCoreError:
    with pytest.raises(CastCoreError) as caught:
        host.create(host.registry.destinations["strict"], config)
    return caught.value


def test_a_value_that_is_no_secret_can_be_read_in_the_error(host: PluginHost) -> None:
    error = failure(host, {"folder": "/missing/films", "key": "abcd-efgh"})
    assert isinstance(error, ConfigurationError)
    assert (error.code, error.field, error.params) == ("strict.folder_missing", "folder", {"path": "/missing/films"})
    assert failure(host, {"colour": "red"}).code == "config.unknown_field"


def test_a_validator_that_ends_the_process_is_contained_and_its_text_is_scrubbed(host: PluginHost) -> None:
    error = failure(host, {"key": "abcd-efgh", "login": {"user": "anna", "password": "s3cret-word"}, "end": True})
    assert (error.code, error.params["error"]) == ("plugins.call_failed", "SystemExit")
    assert "SystemExit: •••• ••••" in error.detail


def test_a_constructor_that_fails_is_contained_and_its_text_is_scrubbed(host: PluginHost) -> None:
    error = failure(host, {"folder": "raise", "key": "abcd-efgh"})
    assert (error.code, error.params["error"]) == ("plugins.call_failed", "RuntimeError")
    assert "cannot use ••••" in error.detail


def test_a_url_that_a_destination_chokes_on_is_scrubbed(host: PluginHost) -> None:
    found = host.registry.destination_for_scheme("STRICT")
    assert found is not None
    with pytest.raises(CastCoreError) as caught:
        host.config_from_url(found, "strict://anna:s3cret-word@host/app/live_12%2F34?pass=hidden-one")
    assert caught.value.code == "plugins.call_failed"
    for secret in ("s3cret-word", "live_12", "hidden-one"):
        assert secret not in caught.value.detail
    assert "strict://anna:••••@host/app/••••?pass=••••" in caught.value.detail


@pytest.mark.parametrize("url", ["file:/films/evening.mp4", "hls:films/evening", "srt://[", "", "rtmp://h"])
def test_paths_of_files_are_no_secrets_and_no_url_is_too_odd(url: str) -> None:
    assert Scrubber(secrets_of_url(url))(url) in (url, "••••")
