"""Configuration: one declaration, and no error that quotes a value."""

from __future__ import annotations

import traceback
from typing import Annotated, Any

import pytest
from pydantic import Field, SecretStr, ValidationError, field_validator

from castcore_sdk import (
    ConfigurationError,
    Endpoint,
    ExtensionConfig,
    Secret,
    config_schema,
    mask,
    parse_config,
    problem,
    ui,
)


class Account(ExtensionConfig):
    """An account."""

    token: Secret
    """Lets you in."""


class Sample(ExtensionConfig):
    """A sample configuration."""

    url: str = Field(json_schema_extra=ui(widget="url", group="server", depends_on={"mode": "caller"}))
    """Where it is."""
    stream_key: Secret | None = None
    """The key."""
    size: int = Field(default=3, ge=1)
    """How many."""
    account: Account | None = None
    """Who."""
    tokens: list[Secret] = Field(default=[])
    """More of them."""

    @field_validator("url")
    @classmethod
    def _url(cls, value: str) -> str:
        if value == "coded":
            raise problem("sample.bad_url", host="h{x}", port=3)
        if value.startswith("quoted"):
            raise ValueError(f"this is bad: {value}")
        return value


def test_secrets_are_marked_also_optional_nested_and_repeated_ones() -> None:
    schema = config_schema(Sample)
    token = schema["$defs"]["Account"]["properties"]["token"]
    for marked in (schema["properties"]["stream_key"], schema["properties"]["tokens"], token):
        assert marked["writeOnly"] is True
        assert marked["x-castcore-secret"] is True
    assert "x-castcore-secret" not in schema["properties"]["url"]


class Places(ExtensionConfig):
    """Everything that can say where a connection goes."""

    host: Annotated[str, Endpoint]
    port: Annotated[int, Endpoint] = Field(default=445, ge=1, json_schema_extra=ui(advanced=True))
    backup: Annotated[str, Endpoint] | None = None
    mirrors: tuple[Annotated[str, Endpoint], ...] = ()
    hooks: Annotated[Secret, Endpoint] | None = None
    site: Annotated[str, Field(json_schema_extra=ui(widget="url"))] | None = None
    folder: str = ""


def test_endpoints_are_marked_and_so_is_every_url() -> None:
    properties = config_schema(Places)["properties"]
    marked = {name for name, schema in properties.items() if schema.get("x-castcore-endpoint")}
    assert marked == properties.keys() - {"folder"}
    assert properties["port"]["x-castcore-ui"]["advanced"] is True
    assert Places(host="nas", port=446).port == 446


def test_docstrings_and_form_hints_are_in_the_schema() -> None:
    schema = config_schema(Sample)
    assert schema["description"] == "A sample configuration."
    url = schema["properties"]["url"]
    assert url["description"] == "Where it is."
    assert url["x-castcore-ui"] == {
        "widget": "url",
        "group": "server",
        "advanced": False,
        "dependsOn": {"mode": "caller"},
    }


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("", "••••"),
        ("short", "••••"),
        ("elevenchars", "••••"),
        ("twelve-chars", "••••hars"),
        ("live_1234567890", "••••7890"),
    ],
)
def test_a_mask_shows_the_last_four_of_a_long_secret_only(secret: str, shown: str) -> None:
    assert mask(secret) == shown
    assert mask(SecretStr(secret)) == shown


@pytest.mark.parametrize(
    ("data", "code", "field", "params"),
    [
        ({"url": "coded"}, "sample.bad_url", "url", {"host": "h{x}", "port": 3}),
        ({}, "config.missing", "url", {"field": "url"}),
        ({"url": "x", "more": 1}, "config.unknown_field", "more", {"field": "more"}),
        ({"url": "x", "size": 0}, "config.invalid", "size", {"field": "size", "problem": "greater_than_equal"}),
        ({"url": "x", "account": {}}, "config.missing", "account.token", {"field": "account.token"}),
        ({"url": "quoted"}, "config.invalid", "url", {"field": "url", "problem": "value_error"}),
    ],
)
def test_an_error_has_a_code_and_the_field(data: dict[str, Any], code: str, field: str, params: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_config(Sample, data)
    assert (caught.value.code, caught.value.field, caught.value.params) == (code, field, params)


@pytest.mark.parametrize(
    "data",
    [
        {"url": "quoted CANARY"},
        {"url": ["CANARY"]},
        {"url": "x", "stream_key": ["CANARY"]},
        {"url": "x", "size": "CANARY"},
        {"url": "x", "account": {"token": 5, "other": "CANARY"}},
        {"url": "x", "tokens": "CANARY"},
    ],
)
def test_no_error_holds_the_value(data: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_config(Sample, data)
    error = caught.value
    told = "".join(traceback.format_exception(error)) + repr(error) + error.detail + str(error.params)
    assert "CANARY" not in told
    assert error.__context__ is None, "a chained ValidationError would carry the input into a log"


def test_pydantics_own_error_hides_the_value_too() -> None:
    with pytest.raises(ValidationError) as caught:
        Sample.model_validate({"url": "x", "size": "CANARY"})
    assert "CANARY" not in str(caught.value)


def test_a_configuration_is_frozen_and_shows_no_secret() -> None:
    config = parse_config(Sample, {"url": "x", "stream_key": "CANARY"})
    assert "CANARY" not in repr(config) + config.model_dump_json()
    with pytest.raises(ValidationError):
        config.url = "y"
