"""Find the encoding profile that a user names."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import ValidationError

from castcore_core.ffmpeg.profile import COPY, PRESETS, Profile
from castcore_sdk import ConfigurationError

_LARGEST_FILE = 256 * 1024


def load_profile(name: str) -> Profile:
    """Return a preset by its name, or what a TOML file of that path says.

    Raises ConfigurationError ``streams.profile_unknown``, ``streams.profile_unreadable``, ``streams.profile_invalid``.
    """
    if name == COPY.name:
        return COPY
    if name in PRESETS:
        return PRESETS[name]
    if not name.endswith(".toml"):
        known = ", ".join([*PRESETS, COPY.name])
        raise ConfigurationError("streams.profile_unknown", params={"name": name, "known": known})
    return _read(Path(name).expanduser())


def _read(path: Path) -> Profile:
    params = {"path": str(path)}
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise ConfigurationError("streams.profile_unreadable", params=params)
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        params["reason"] = str(error)
        raise ConfigurationError("streams.profile_invalid", params={"field": "", **params}) from None
    except (OSError, ValueError):
        raise ConfigurationError("streams.profile_unreadable", params=params) from None
    try:
        return Profile.model_validate({"name": path.stem, **data})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        params.update(field=field, reason=first["msg"])
        raise ConfigurationError("streams.profile_invalid", params=params) from None
