"""Encoding profiles that users have made."""

from __future__ import annotations

from typing import Any

from tortoise import fields

from castcore_core.db.record import Record


class FFmpegProfile(Record):
    """One way to encode, with the settings of castcore_core.ffmpeg.profile.Profile without the name."""

    name = fields.CharField(max_length=100, unique=True)
    settings: fields.Field[dict[str, Any]] = fields.JSONField()
    expert_args: fields.Field[list[str]] = fields.JSONField()
    revision = fields.IntField(default=1, description="raised when what is encoded changes")

    class Meta:
        table = "ffmpeg_profile"
