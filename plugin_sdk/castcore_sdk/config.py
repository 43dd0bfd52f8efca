"""Typed configuration: one declaration for storage, API, form and documentation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from castcore_sdk.errors import ConfigurationError


class ExtensionConfig(BaseModel):
    """Base of every plugin's configuration: one declaration for storage, API, form and docs.

    The text under a field is its description. Instances are frozen, and unknown fields are refused.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        validate_default=True,
        hide_input_in_errors=True,
    )


Secret = SecretStr
"""A field the core encrypts, never returns and never logs."""

_Model = TypeVar("_Model", bound=ExtensionConfig)

_CODES = {"missing": "config.missing", "extra_forbidden": "config.unknown_field"}
_FREE_TEXT = frozenset({"value_error", "assertion_error"})
"""pydantic error types whose message is a plugin author's own and may quote the value."""


def ui(
    *,
    widget: Literal["text", "textarea", "select", "path", "url", "duration", "bitrate"] | None = None,
    group: str | None = None,
    advanced: bool = False,
    depends_on: Mapping[str, str | bool] | None = None,
) -> dict[str, Any]:
    """Return form hints for ``pydantic.Field(json_schema_extra=...)``."""
    hints = {"widget": widget, "group": group, "advanced": advanced, "dependsOn": dict(depends_on or {})}
    return {"x-castcore-ui": hints}


def problem(code: str, /, **params: str | int | float | bool) -> PydanticCustomError:
    """Return what a field validator raises, so that the ConfigurationError gets ``code`` and ``params``.

    ``params`` are shown to people: never put a secret in them.
    """
    return PydanticCustomError("castcore", "{code}", {"code": code, "params": params})


def parse_config(model: type[_Model], data: Mapping[str, Any]) -> _Model:
    """Validate ``data``. Raise ConfigurationError for the first field at fault, never with its value.

    The code is the one a validator gave to ``problem``, else ``config.missing``, ``config.unknown_field`` or
    ``config.invalid`` (with pydantic's error type as the parameter ``problem``).
    """
    try:
        return model.model_validate(dict(data))
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=True, include_input=False)[0]
    # Raised outside the handler: the ValidationError holds the input, and a chained error would carry it into logs.
    raise _configuration_error(details)


def _configuration_error(details: ErrorDetails) -> ConfigurationError:
    field = ".".join(str(part) for part in details["loc"]) or None
    kind = details["type"]
    if kind == "castcore":
        context = details.get("ctx", {})
        return ConfigurationError(context["code"], field=field, params=context["params"])
    code = _CODES.get(kind, "config.invalid")
    params: dict[str, str | int | float | bool] = {"field": field or ""}
    if code == "config.invalid":
        params["problem"] = kind
    detail = f"{field}: {kind if kind in _FREE_TEXT else details['msg']}"
    return ConfigurationError(code, field=field, params=params, detail=detail)


def config_schema(model: type[ExtensionConfig]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a configuration, for the API, the form and the docs.

    Descriptions are the docstrings, form hints stand under ``x-castcore-ui``; a secret, also an optional one,
    has ``writeOnly: true`` and ``x-castcore-secret: true`` on its property.
    """
    schema = model.model_json_schema()
    for part in (schema, *schema.get("$defs", {}).values()):
        for value in part.get("properties", {}).values():
            if _holds_secret(value):
                value["writeOnly"] = value["x-castcore-secret"] = True
    return schema


def _holds_secret(schema: Mapping[str, Any]) -> bool:
    if schema.get("writeOnly") and schema.get("format") == "password":
        return True
    nested = [*schema.get("anyOf", ()), *(schema[key] for key in ("items", "additionalProperties") if key in schema)]
    return any(isinstance(item, Mapping) and _holds_secret(item) for item in nested)


def mask(secret: SecretStr | str, /) -> str:
    """Return ``••••`` and, from 12 characters on, the last four: enough to tell two keys apart, too little to use."""
    value = secret.get_secret_value() if isinstance(secret, SecretStr) else secret
    return "••••" + (value[-4:] if len(value) >= 12 else "")
