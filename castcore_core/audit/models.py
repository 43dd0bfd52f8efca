"""The log's lines."""

from __future__ import annotations

from typing import Any, ClassVar

from tortoise import fields
from tortoise.models import Model


class AuditEntry(Model):
    """One change or one security-relevant attempt, written once and never altered."""

    id = fields.BigIntField(primary_key=True)
    at = fields.DatetimeField()
    actor_kind = fields.CharField(max_length=16)
    actor_id = fields.CharField(max_length=36, null=True)
    actor_name = fields.CharField(max_length=64)
    address = fields.CharField(max_length=64)
    action = fields.CharField(max_length=64)
    outcome = fields.CharField(max_length=16)
    target_kind = fields.CharField(max_length=32, null=True)
    target_id = fields.CharField(max_length=64, null=True)
    target_name = fields.CharField(max_length=128, null=True)
    fields_changed: fields.Field[list[str]] = fields.JSONField()
    params: fields.Field[dict[str, Any]] = fields.JSONField()

    class Meta:
        table = "audit_entry"
        indexes: ClassVar = (("at",), ("actor_id", "at"), ("action", "at"), ("target_id", "at"))
