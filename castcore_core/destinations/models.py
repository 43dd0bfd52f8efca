"""Configured destinations."""

from __future__ import annotations

from typing import Any, ClassVar

from tortoise import fields

from castcore_core.db.record import Record


class StreamDestination(Record):
    """One place that takes streams."""

    name = fields.CharField(max_length=100, unique=True)
    type = fields.CharField(max_length=48, description="id of the destination extension")
    enabled = fields.BooleanField(default=True)
    config: fields.Field[dict[str, Any]] = fields.JSONField(description="what is no secret")
    secrets = fields.TextField(null=True, description="locked JSON: path in the configuration → value")
    config_version = fields.IntField(default=1)
    account: fields.ForeignKeyNullableRelation[Any] = fields.ForeignKeyField(
        "core.PlatformAccount", related_name="destinations", null=True, on_delete=fields.RESTRICT
    )
    revision = fields.IntField(default=1, description="raised when type or configuration changes")

    class Meta:
        table = "stream_destination"
        indexes: ClassVar = (("type",),)
