"""Things that happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, with JSON data and no secrets."""

    name: str
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)
