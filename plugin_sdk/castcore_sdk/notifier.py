"""Ways to tell people something."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from castcore_sdk.extension import ConfigT, Extension, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    key: str
    severity: Severity
    title: str
    body: str
    link: str | None = None
    sent_at: datetime


class Notifier(Extension[ConfigT], ABC):
    max_body: ClassVar[int | None] = None

    @abstractmethod
    async def send(self, notification: Notification, /) -> None: ...
