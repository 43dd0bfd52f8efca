"""Answers that are kept for ``Idempotency-Key``."""

from __future__ import annotations

from tortoise import fields

from castcore_core.db.record import Record


class KeptAnswer(Record):
    """One request with a key: its fingerprint, and its answer once there is one."""

    place = fields.CharField(max_length=64, unique=True, description="hash of actor, route and key")
    request = fields.CharField(max_length=64, description="hash of the body")
    server = fields.CharField(max_length=36, description="the server's life in which it was begun")
    status = fields.IntField(null=True)
    answer = fields.TextField(null=True, description="headers and body, locked")

    class Meta:
        table = "kept_answer"
        indexes = (("created_at",),)
