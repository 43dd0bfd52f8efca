"""Where a job sends: the text that a user types becomes the configuration of a destination plugin."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.registry import Registered
from castcore_core.streams.placeholder import expand, has_placeholder
from castcore_sdk import ConfigurationError, Destination

_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*):")
_KEY_FIELD = "stream_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One destination, ready to be configured. ``config`` holds secrets as plain text and is never printed."""

    destination: Registered[type[Destination[Any]]]
    config: dict[str, Any]
    key_in_sight: bool
    """The secret was typed as it is, so it stands in the command line."""

    def __repr__(self) -> str:
        return f"Target({self.destination.id!r})"


def parse_targets(texts: Sequence[str], host: PluginHost, *, keys: Iterable[str] = ()) -> list[Target]:
    """Tell for each text which destination takes it; ``keys`` go in order to those that have none.

    Raises ConfigurationError.
    """
    left = list(keys)
    targets = [_parse(number, text, host, left) for number, text in enumerate(texts, 1)]
    if left:
        raise ConfigurationError("streams.keys_left_over", params={"count": len(left)})
    return targets


def _parse(number: int, text: str, host: PluginHost, keys: list[str]) -> Target:
    match = _SCHEME.match(text)
    found = host.registry.destination_for_scheme(match[1]) if match else None
    if found is None:
        known = ", ".join(
            sorted({scheme for one in host.registry.destinations.values() for scheme in one.item.url_schemes})
        )
        if match is None:
            raise ConfigurationError("streams.target_form", params={"number": number, "known": known})
        raise ConfigurationError("streams.target_scheme", params={"scheme": match[1], "known": known})
    config = dict(host.config_from_url(found, expand(text)))
    secret = any(config.get(name) for name in _secret_fields(found.item))
    takes_key = _KEY_FIELD in found.item.config_model.model_fields
    if takes_key and not config.get(_KEY_FIELD) and keys:
        config[_KEY_FIELD] = keys.pop(0)
    return Target(destination=found, config=config, key_in_sight=secret and not has_placeholder(text))


def _secret_fields(destination: type[Destination[Any]]) -> list[str]:
    return [name for name, one in destination.config_model.model_fields.items() if "Secret" in str(one.annotation)]
