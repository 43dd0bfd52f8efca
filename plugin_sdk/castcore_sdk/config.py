"""Typed configuration: one declaration for storage, API, form and documentation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, SecretStr, ValidationError
from pydantic_core import CoreSchema, ErrorDetails, PydanticCustomError

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
_ENDPOINT = "x-castcore-endpoint"


class _Endpoint:
    """What `Endpoint` is; pydantic asks it when it writes the schema."""

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler, /) -> dict[str, Any]:
        return {**handler(core_schema), _ENDPOINT: True}


Endpoint = _Endpoint()
"""Marks a field that says where the secrets beside it go: ``host: Annotated[str, Endpoint]``, its port as well.

Whoever changes such a field has to enter these secrets again: otherwise he could have them sent to a place of his own
without knowing them. A field with ``ui(widget="url")`` counts as one without the mark.
"""

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


def config_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a configuration, for the API, the form and the docs.

    Descriptions are the docstrings, form hints stand under ``x-castcore-ui``; a secret, also an optional one,
    has ``writeOnly: true`` and ``x-castcore-secret: true`` on its property, and an `Endpoint`
    ``x-castcore-endpoint: true``.
    """
    schema = model.model_json_schema()
    for part in (schema, *schema.get("$defs", {}).values()):
        for value in part.get("properties", {}).values():
            if _holds(value, _is_secret):
                value["writeOnly"] = value["x-castcore-secret"] = True
            if _holds(value, _is_endpoint):
                value[_ENDPOINT] = True
    return schema


def _holds(schema: Mapping[str, Any], is_one: Callable[[Mapping[str, Any]], bool]) -> bool:
    if is_one(schema):
        return True
    nested = [*schema.get("anyOf", ()), *(schema[key] for key in ("items", "additionalProperties") if key in schema)]
    return any(isinstance(item, Mapping) and _holds(item, is_one) for item in nested)


def _is_secret(schema: Mapping[str, Any]) -> bool:
    return bool(schema.get("writeOnly")) and schema.get("format") == "password"


def _is_endpoint(schema: Mapping[str, Any]) -> bool:
    return bool(schema.get(_ENDPOINT)) or schema.get("x-castcore-ui", {}).get("widget") == "url"


def mask(secret: SecretStr | str, /) -> str:
    """Return ``••••`` and, from 12 characters on, the last four: enough to tell two keys apart, too little to use."""
    value = secret.get_secret_value() if isinstance(secret, SecretStr) else secret
    return "••••" + (value[-4:] if len(value) >= 12 else "")
