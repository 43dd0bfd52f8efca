"""What a plugin offers, by kind and id, without holding the classes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

BUILTIN = "builtin"
"""The plugin id of the core's own plugins."""

_PLUGIN_ID = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
_EXTENSION_ID = re.compile(r"[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*")
_LONGEST = 48


class Kind(StrEnum):
    """The kinds of things that a plugin registers."""

    STORAGE_BACKEND = "storage_backend"
    DESTINATION = "destination"
    NOTIFIER = "notifier"
    ENCODER_PROFILE = "encoder_profile"
    INGEST_SOURCE = "ingest_source"
    PLACEMENT = "placement"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing that a plugin registers; ``schemes`` are the URL schemes that a destination takes."""

    kind: Kind
    id: str
    schemes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return a value that `json` can write."""
        return {"kind": self.kind.value, "id": self.id, "schemes": list(self.schemes)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Offer:
        """Read what `to_json` wrote. Raises KeyError, ValueError or TypeError on anything else."""
        return cls(Kind(value["kind"]), str(value["id"]), tuple(str(scheme) for scheme in value["schemes"]))


def is_plugin_id(value: str) -> bool:
    """Say whether ``value`` may name a plugin; it is also the namespace of the plugin's codes, so it has no dot."""
    return len(value) <= _LONGEST and _PLUGIN_ID.fullmatch(value) is not None


def is_extension_id(value: object) -> bool:
    """Say whether ``value`` may name an extension."""
    return isinstance(value, str) and len(value) <= _LONGEST and _EXTENSION_ID.fullmatch(value) is not None
