"""The settings that somebody has set."""

from __future__ import annotations

from tortoise import fields

from castcore_core.db.record import Record


class Setting(Record):
    """One key that differs from its default."""

    key = fields.CharField(max_length=64, unique=True)
    value = fields.TextField(description="JSON as in ServerSettings, secrets locked")

    class Meta:
        table = "setting"
