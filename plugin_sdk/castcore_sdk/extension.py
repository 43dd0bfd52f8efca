"""The base of everything a plugin registers."""

from __future__ import annotations

import re
from abc import ABC
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar, get_args, get_origin

from castcore_sdk.config import ExtensionConfig
from castcore_sdk.context import PluginContext
from castcore_sdk.errors import Params

ConfigT = TypeVar("ConfigT", bound=ExtensionConfig)

EXTENSION_ID = re.compile(r"[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*")
"""What ``Extension.id`` looks like: ``rtmp``, ``nvenc.h264``, ``my-platform``."""


class Severity(StrEnum):
    """How bad a check's result is."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One line of a connection test or readiness check."""

    code: str
    severity: Severity
    params: Params = field(default_factory=dict)
    config_field: str | None = None
    """The configuration field that would have to change."""


class Extension(ABC, Generic[ConfigT]):
    """Base of everything a plugin registers; instances live as long as one saved configuration.

    The configuration class is the type argument: ``class Twitch(Destination[TwitchConfig])``.
    """

    id: ClassVar[str]
    """Unique in the installation and never changed: it is stored. Matches ``EXTENSION_ID``, 48 characters at most."""
    config_model: ClassVar[type[ExtensionConfig]]
    """Set by the type argument."""
    config_version: ClassVar[int] = 1
    """Raise it when the shape of the configuration changes, and bring old data over in ``migrate_config``."""
    timeouts: ClassVar[Mapping[str, timedelta]] = {}
    """Method name → time limit, where core's own limit does not fit."""
    max_parallel: ClassVar[int] = 4
    """How many calls of one instance core has under way at the same time."""

    def __init__(self, config: ConfigT, context: PluginContext) -> None:
        self.config = config
        self.context = context

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for base in cls.__dict__.get("__orig_bases__", ()):
            origin = get_origin(base)
            if isinstance(origin, type) and issubclass(origin, Extension):
                (argument,) = get_args(base)
                if isinstance(argument, TypeVar):
                    continue
                if not (isinstance(argument, type) and issubclass(argument, ExtensionConfig)):
                    wanted = "the configuration must be a subclass of ExtensionConfig"
                    raise TypeError(f"{cls.__qualname__}: {wanted}, not {argument!r}")
                cls.config_model = argument

    @classmethod
    def migrate_config(cls, data: Mapping[str, Any], *, from_version: int) -> Mapping[str, Any]:
        """Turn stored data of an older version into the current shape. Pure: no I/O."""
        return data

    async def start(self) -> None:
        """Acquire resources. Raise TemporaryError to be started again later."""

    async def check(self) -> Sequence[CheckResult]:
        """Test the connection with this configuration and change nothing."""
        return ()

    async def close(self) -> None:
        """Release resources. May be called twice, and after a failed start."""
