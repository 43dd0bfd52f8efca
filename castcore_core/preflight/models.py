"""Reports of preflights."""

from __future__ import annotations

from typing import Any, ClassVar

from tortoise import fields

from castcore_core.db.record import Record
from castcore_core.streams.models import StreamJob


class PreflightReport(Record):
    """One finished preflight."""

    job: fields.ForeignKeyRelation[StreamJob] = fields.ForeignKeyField(
        "core.StreamJob", related_name="preflights", on_delete=fields.CASCADE
    )
    state = fields.CharField(max_length=16, description="running, done or failed")
    server = fields.CharField(max_length=36, description="the server's life that runs it")
    level = fields.CharField(max_length=8, null=True)
    can_start = fields.BooleanField(null=True)
    checks: fields.Field[list[dict[str, Any]]] = fields.JSONField()
    revisions: fields.Field[dict[str, str]] = fields.JSONField(description="what was looked at")
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "preflight_report"
        indexes: ClassVar = (("job_id", "created_at"),)
