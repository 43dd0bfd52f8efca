"""Ways to tell people something."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from castcore_sdk.extension import ConfigT, Extension, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A message in the language of its reader."""

    key: str
    """The same for repeats of one incident."""
    severity: Severity
    title: str
    body: str
    link: str | None = None
    sent_at: datetime


class Notifier(Extension[ConfigT], ABC):
    """A channel that carries notifications."""

    max_body: ClassVar[int | None] = None
    """Characters it takes; core shortens to it."""

    @abstractmethod
    async def send(self, notification: Notification, /) -> None:
        """Deliver once. Raise TemporaryError to be asked again."""
