"""Ways to tell people something."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from castcore_sdk.errors import Params
from castcore_sdk.extension import ConfigT, Extension, Severity

LEVELS: Mapping[Severity, str] = {Severity.OK: "info", Severity.WARNING: "warning", Severity.ERROR: "error"}
"""What people call a severity: an error needs somebody, a warning may pass by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A message in the language of its reader, without secrets.

    The title is one line. The body may have several, is plain text and can be empty.
    """

    id: str
    """The same when core asks again to deliver this message; another for every message."""
    key: str
    """The same for all messages about one incident: that it began, goes on, is over."""
    event: str
    """What happened, such as ``job.failed``; ``test`` for a trial."""
    severity: Severity
    title: str
    body: str
    link: str | None = None
    """The page that shows more. It does not stand in the body."""
    params: Params = field(default_factory=dict)
    """The values in the text, for programs."""
    sent_at: datetime
    """When it happened, with its time zone."""


class Notifier(Extension[ConfigT], ABC):
    """A channel that carries notifications."""

    max_body: ClassVar[int | None] = None
    """Characters it takes; core shortens to it."""

    @abstractmethod
    async def send(self, notification: Notification, /) -> str | None:
        """Deliver once and return what the other side answered, where it is worth reading.

        Raise TemporaryError, with ``retry_after`` where the other side names it, to be asked again with the same
        notification; any other error ends the attempts.
        """
