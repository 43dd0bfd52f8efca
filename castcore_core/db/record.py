"""What every stored object has, and time as the database compares it."""

from __future__ import annotations

from datetime import UTC, datetime

from tortoise import fields
from tortoise.models import Model


class Record(Model):
    """An object with a UUID and the times of its creation and last change (UTC)."""

    id = fields.UUIDField(primary_key=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        abstract = True


def utc_now() -> datetime:
    """Return the present time with its zone."""
    return datetime.now(UTC)


def utc(moment: datetime) -> datetime:
    """Return ``moment`` in UTC, as it must be in every filter: SQLite compares datetimes as text.

    Raises ValueError for a moment without a zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return moment.astimezone(UTC)
