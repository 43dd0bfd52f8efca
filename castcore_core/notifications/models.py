"""Targets, what is and was sent to them, and what is not over yet."""

from __future__ import annotations

from typing import Any, ClassVar

from tortoise import fields
from tortoise.models import Model

from castcore_core.db import Record


class NotificationTarget(Record):
    """One place that takes notifications."""

    name = fields.CharField(max_length=100, unique=True)
    type = fields.CharField(max_length=48, description="id of the notifier")
    enabled = fields.BooleanField(default=True)
    config: fields.Field[dict[str, Any]] = fields.JSONField(description="what is no secret")
    secrets = fields.TextField(null=True, description="locked JSON: path in the configuration → value")
    config_version = fields.IntField(default=1)
    events: fields.Field[list[str]] = fields.JSONField(description="patterns such as output.*")
    min_level = fields.CharField(max_length=8, default="warning")
    language = fields.CharField(max_length=2, null=True, description="null: the server's own")
    quiet_hours: fields.Field[dict[str, Any] | None] = fields.JSONField(null=True)
    last_state = fields.CharField(max_length=8, default="", description="sent or failed")
    last_code = fields.CharField(max_length=100, default="")
    last_at = fields.DatetimeField(null=True)

    class Meta:
        table = "notification_target"


class NotificationDelivery(Model):
    """One message to one target: what is still to be sent, and the log of what was."""

    id = fields.UUIDField(primary_key=True)
    target: fields.ForeignKeyRelation[NotificationTarget] = fields.ForeignKeyField(
        "core.NotificationTarget", related_name="deliveries", on_delete=fields.CASCADE
    )
    key = fields.UUIDField(db_index=True, description="the same for all messages of one incident")
    event = fields.CharField(max_length=64)
    level = fields.CharField(max_length=8)
    title = fields.TextField()
    body = fields.TextField()
    link = fields.TextField(null=True)
    params: fields.Field[dict[str, Any]] = fields.JSONField()
    happened_at = fields.DatetimeField()
    created_at = fields.DatetimeField(description="no two are the same: the order of sending")
    state = fields.CharField(max_length=8, description="queued, sent, failed or dropped")
    attempts = fields.IntField(default=0)
    next_attempt = fields.DatetimeField()
    expires_at = fields.DatetimeField(description="from then on it is attempted no more")
    done_at = fields.DatetimeField(null=True)
    answer = fields.TextField(default="", description="of the other side, shortened")
    code = fields.CharField(max_length=100, default="", description="why it was not sent")
    code_params: fields.Field[dict[str, Any]] = fields.JSONField(default=dict)

    class Meta:
        table = "notification_delivery"
        indexes: ClassVar = (("target_id", "state", "created_at"), ("target_id", "created_at"))


class NotificationIncident(Model):
    """Something that is not as it should be, known over a restart."""

    id = fields.UUIDField(primary_key=True, description="the key of its messages")
    topic = fields.CharField(max_length=32)
    subject = fields.CharField(max_length=200)
    kept: fields.Field[dict[str, Any]] = fields.JSONField()

    class Meta:
        table = "notification_incident"
        unique_together: ClassVar = (("topic", "subject"),)
