"""Read the configuration from defaults, one TOML file and the environment, in this order of growing weight."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import SecretStr, ValidationError

from castcore_core.config.model import Configuration
from castcore_core.secrets.mask import mask, mask_url
from castcore_sdk.errors import ConfigurationError

_PREFIX = "CASTCORE_"
_FILE_NAME = "castcore.toml"
_LISTS = frozenset({"allowed_hosts", "trusted_proxies"})

Origin = Literal["default", "file", "environment", "argument"]


@dataclass(frozen=True, slots=True)
class ShownKey:
    """One key as ``castcore config show`` prints it: secrets masked."""

    key: str
    value: str | int | bool | list[str] | None
    origin: Origin
    description: str


def load_configuration(
    overrides: Mapping[str, object] | None = None, *, environment: Mapping[str, str] | None = None
) -> Configuration:
    """Return the configuration; ``overrides`` are the command line's and weigh most, their ``None`` means 'not given'.

    The file is the one named by ``CASTCORE_CONFIG``, else ``castcore.toml`` in the data folder where it exists.
    Raises ConfigurationError (``configuration.*``) and never shows a value, since it may be a secret.
    """
    return _load(overrides, environment)[0]


def show_configuration(
    overrides: Mapping[str, object] | None = None, *, environment: Mapping[str, str] | None = None
) -> list[ShownKey]:
    """Return every key with its value, masked where secret, and where it comes from."""
    configuration, origins = _load(overrides, environment)
    return [
        ShownKey(key, _shown(getattr(configuration, key)), origins.get(key, "default"), field.description or "")
        for key, field in Configuration.model_fields.items()
    ]


def _load(
    overrides: Mapping[str, object] | None, environment: Mapping[str, str] | None
) -> tuple[Configuration, dict[str, Origin]]:
    given = {key: value for key, value in (overrides or {}).items() if value is not None}
    surrounding = _from_environment(os.environ if environment is None else environment)
    path = surrounding.pop("config", None)
    data_dir = given.get("data_dir") or surrounding.get("data_dir") or Configuration().data_dir
    written = _from_file(Path(str(path)) if path else Path(str(data_dir)).expanduser() / _FILE_NAME, named=bool(path))
    sources: list[tuple[Origin, Mapping[str, object]]] = [
        ("file", written),
        ("environment", surrounding),
        ("argument", given),
    ]
    values: dict[str, object] = {}
    origins: dict[str, Origin] = {}
    for origin, source in sources:
        values |= source
        origins |= dict.fromkeys(source, origin)
    try:
        return Configuration.model_validate(values), origins
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        key = str(first["loc"][0]) if first["loc"] else ""
        raise ConfigurationError(
            "configuration.unknown_key" if first["type"] == "extra_forbidden" else "configuration.invalid",
            field=key or None,
            params={"key": key, "origin": origins.get(key, "default"), "reason": first["msg"]},
        ) from None


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    names = {_PREFIX + key.upper(): key for key in (*Configuration.model_fields, "config")}
    found: dict[str, object] = {key: environment[name] for name, key in names.items() if environment.get(name)}
    for key in _LISTS & found.keys():
        found[key] = [part.strip() for part in str(found[key]).split(",") if part.strip()]
    return found


def _from_file(path: Path, *, named: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if not named:
            return {}
        raise ConfigurationError("configuration.file_missing", params={"path": str(path)}) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            "configuration.file_unreadable", params={"path": str(path), "reason": type(error).__name__}
        ) from None
    except tomllib.TOMLDecodeError as error:
        # The message names line and column only, never the text that stands there.
        params = {"path": str(path), "reason": str(error)}
        raise ConfigurationError("configuration.file_malformed", params=params) from None


def _shown(value: object) -> str | int | bool | list[str] | None:
    if isinstance(value, SecretStr):
        text = value.get_secret_value()
        return mask_url(text) if "://" in text else mask(text)
    if isinstance(value, tuple):
        return [str(part) for part in value]
    return value if value is None or isinstance(value, bool | int) else str(value)
