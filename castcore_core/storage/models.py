"""Configured storage sources."""

from __future__ import annotations

from typing import Any, ClassVar

from tortoise import fields

from castcore_core.db.record import Record


class StorageSource(Record):
    """One place that holds media."""

    name = fields.CharField(max_length=100, unique=True)
    type = fields.CharField(max_length=48, description="id of the storage extension")
    config: fields.Field[dict[str, Any]] = fields.JSONField(description="what is no secret")
    secrets = fields.TextField(null=True, description="locked JSON: path in the configuration → value")
    config_version = fields.IntField(default=1)
    read_only = fields.BooleanField(default=True, description="nothing is written there")
    automount = fields.BooleanField(default=False, description="its worker is started with the server and kept")
    mounted = fields.BooleanField(default=True, description="false: somebody has taken it out of service")
    rescan_interval = fields.IntField(null=True, description="seconds between two scans, null: none by itself")
    revision = fields.IntField(default=1, description="raised when the configuration changes")

    class Meta:
        table = "storage_source"
        indexes: ClassVar = (("type",),)
