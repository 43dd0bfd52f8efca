"""What a worker is told to hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One storage source with its configuration; the secrets in it travel over the socket alone."""

    source: str
    """Id of the source."""
    plugin: str
    module: str
    extension: str
    revision: str
    """Differs whenever the worker would be another one: configuration, plugin, version of the core."""
    data: str
    """Folder of the plugins' own files."""
    path: tuple[str, ...]
    """Where modules are found, as the server has it."""
    config: Mapping[str, Any] = field(repr=False)
    idle: float = 300.0
    """Seconds without server and readers after which the worker ends by itself."""

    def to_json(self) -> dict[str, Any]:
        """Return the order as JSON values."""
        return {
            "source": self.source,
            "plugin": self.plugin,
            "module": self.module,
            "extension": self.extension,
            "revision": self.revision,
            "data": self.data,
            "path": list(self.path),
            "config": dict(self.config),
            "idle": self.idle,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Order:
        """Read what `to_json` wrote. Raises KeyError, TypeError or ValueError on anything else."""
        texts = {name: str(data[name]) for name in ("source", "plugin", "module", "extension", "revision", "data")}
        return cls(**texts, path=tuple(map(str, data["path"])), config=dict(data["config"]), idle=float(data["idle"]))
