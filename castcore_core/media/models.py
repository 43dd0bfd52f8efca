"""The media library: what the storage sources hold, and the scans that found it."""

from __future__ import annotations

from typing import Any, ClassVar

from tortoise import fields

from castcore_core.db.record import Record
from castcore_core.storage.models import StorageSource


class MediaItem(Record):
    """One file of a source that may be media; what it holds is known once its state is ready."""

    source: fields.ForeignKeyRelation[StorageSource] = fields.ForeignKeyField(
        "core.StorageSource", related_name="media", on_delete=fields.CASCADE
    )
    path = fields.TextField()
    place = fields.CharField(max_length=32, description="digest of the path, which may be too long for an index")
    name = fields.CharField(max_length=255)
    kind = fields.CharField(max_length=8, description="video, audio or image, by its name until it has been read")
    size = fields.BigIntField(null=True)
    modified = fields.DatetimeField(null=True)
    etag = fields.TextField(null=True)
    version = fields.CharField(max_length=32, description="digest of size, time and etag as last listed")
    state = fields.CharField(max_length=12, default="unread", description="unread, ready, unreadable or missing")
    code = fields.CharField(max_length=64, null=True, description="why it is unreadable")
    params: fields.Field[dict[str, Any]] = fields.JSONField(default=dict)
    again = fields.BooleanField(default=False, description="the next scan reads it again, changed or not")
    duration = fields.FloatField(null=True)
    width = fields.IntField(null=True, description="as shown, in square pixels")
    height = fields.IntField(null=True)
    video_codec = fields.CharField(max_length=32, null=True)
    audio_codec = fields.CharField(max_length=32, null=True)
    streamable = fields.BooleanField(default=False)
    flags: fields.Field[list[str]] = fields.JSONField(default=list)
    info: fields.Field[dict[str, Any] | None] = fields.JSONField(null=True, description="the whole probe")
    thumbnail = fields.CharField(max_length=8, default="unknown", description="unknown, ready or none")
    probed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "media_item"
        unique_together = (("source", "place"),)
        indexes: ClassVar = (("source_id", "state"), ("name",))


class Scan(Record):
    """One walk through a source."""

    source: fields.ForeignKeyRelation[StorageSource] = fields.ForeignKeyField(
        "core.StorageSource", related_name="scans", on_delete=fields.CASCADE
    )
    active = fields.UUIDField(null=True, unique=True, description="the source while it runs or waits, so only once")
    state = fields.CharField(max_length=12, default="queued", description="queued, walking, probing, done or failed")
    origin = fields.CharField(max_length=8, default="user", description="user or interval")
    counts: fields.Field[dict[str, int]] = fields.JSONField(default=dict)
    code = fields.CharField(max_length=64, null=True, description="why it failed")
    params: fields.Field[dict[str, Any]] = fields.JSONField(default=dict)
    started_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "media_scan"
        indexes: ClassVar = (("source_id", "created_at"),)
