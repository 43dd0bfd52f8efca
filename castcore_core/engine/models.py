"""What the engine remembers: how each job's last run went, and when its states changed. Figures are never stored."""

from __future__ import annotations

from typing import Any, ClassVar

from tortoise import fields
from tortoise.models import Model

from castcore_core.db.record import Record


class EngineRun(Model):
    """The last run of one job."""

    job_id = fields.UUIDField(primary_key=True)
    process = fields.CharField(max_length=80, default="", description="boot, pid and start time of the runner")
    seq = fields.BigIntField(default=0, description="number of its last event that is stored")
    generation = fields.IntField(default=0)
    restarts = fields.IntField(default=0)
    outcome = fields.CharField(max_length=8, default="", description="ended or failed; empty: it goes on")
    state = fields.CharField(max_length=16, default="stopped")
    code = fields.CharField(max_length=100, default="")
    params: fields.Field[dict[str, Any]] = fields.JSONField()
    attempts = fields.IntField(default=0)
    encoders: fields.Field[list[dict[str, Any]]] = fields.JSONField(db_default="[]", default=list)
    since = fields.DatetimeField()
    started_at = fields.DatetimeField(null=True)

    class Meta:
        table = "engine_run"


class StateChange(Record):
    """One change of state of a job, its source or an output."""

    job_id = fields.UUIDField()
    subject = fields.CharField(max_length=64, default="", description="empty: the job; source; an output's id")
    state = fields.CharField(max_length=16)
    code = fields.CharField(max_length=100, default="")
    params: fields.Field[dict[str, Any]] = fields.JSONField()
    at = fields.DatetimeField()

    class Meta:
        table = "engine_state_change"
        indexes: ClassVar = (("job_id", "at"), ("at",))
