"""Stream jobs: what users want. What is really on air is the engine's to know."""

from __future__ import annotations

from typing import Any, ClassVar

from tortoise import fields

from castcore_core.assets.models import Asset
from castcore_core.db.record import Record
from castcore_core.destinations.models import StreamDestination
from castcore_core.media.models import MediaItem
from castcore_core.profiles.models import FFmpegProfile


class StreamJob(Record):
    """One job. Commands change the desired state alone and leave updated_at as it is."""

    name = fields.CharField(max_length=100, unique=True)
    source: fields.Field[dict[str, Any]] = fields.JSONField(description="what is no secret")
    source_kind = fields.CharField(max_length=16)
    source_secret = fields.TextField(null=True, description="locked: the whole address, or the key of an ingest")
    profile: fields.ForeignKeyNullableRelation[FFmpegProfile] = fields.ForeignKeyField(
        "core.FFmpegProfile", related_name="jobs", null=True, on_delete=fields.RESTRICT
    )
    media: fields.ForeignKeyNullableRelation[MediaItem] = fields.ForeignKeyField(
        "core.MediaItem", related_name="jobs", null=True, on_delete=fields.SET_NULL
    )
    fallback: fields.Field[dict[str, Any]] = fields.JSONField()
    fallback_asset: fields.ForeignKeyNullableRelation[Asset] = fields.ForeignKeyField(
        "core.Asset", related_name="jobs", null=True, on_delete=fields.RESTRICT
    )
    restart: fields.Field[dict[str, Any]] = fields.JSONField()
    recording: fields.Field[dict[str, Any]] = fields.JSONField()
    autostart = fields.BooleanField(default=False)
    tags: fields.Field[list[str]] = fields.JSONField()
    tag_index = fields.TextField(default="", description="|tag|tag|, to filter by")
    revision = fields.IntField(default=1, description="raised when what is on air would be another thing")
    desired = fields.CharField(max_length=16, default="stopped")
    desired_at = fields.DatetimeField(null=True)
    generation = fields.IntField(default=0, description="raised by a start from stopped: broadcasts of their own")
    restarts = fields.IntField(default=0, description="raised by every restart that is asked for")

    class Meta:
        table = "stream_job"
        indexes: ClassVar = (("desired",), ("source_kind",))


class JobOutput(Record):
    """One destination of a job."""

    job: fields.ForeignKeyRelation[StreamJob] = fields.ForeignKeyField(
        "core.StreamJob", related_name="outputs", on_delete=fields.CASCADE
    )
    destination: fields.ForeignKeyRelation[StreamDestination] = fields.ForeignKeyField(
        "core.StreamDestination", related_name="outputs", on_delete=fields.RESTRICT
    )
    profile: fields.ForeignKeyNullableRelation[FFmpegProfile] = fields.ForeignKeyField(
        "core.FFmpegProfile", related_name="outputs", null=True, on_delete=fields.RESTRICT
    )
    enabled = fields.BooleanField(default=True)
    position = fields.IntField(default=0)
    revision = fields.IntField(default=1)
    broadcast = fields.TextField(null=True, description="the destination's own name of the broadcast that is open")
    broadcast_at = fields.DatetimeField(null=True, description="when that broadcast was opened")
    rollovers = fields.IntField(
        default=0, db_default=0, description="raised by every broadcast that takes over from one on air"
    )
    retired = fields.TextField(null=True, description="the broadcast before, until it is closed")

    class Meta:
        table = "stream_job_output"
        unique_together = (("job", "destination"),)
        indexes: ClassVar = (("job_id", "position"),)
