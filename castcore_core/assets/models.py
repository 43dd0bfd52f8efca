"""Uploaded pictures and films."""

from __future__ import annotations

from typing import ClassVar

from tortoise import fields

from castcore_core.db.record import Record


class Asset(Record):
    """One upload, kept under a generated name in the data folder."""

    name = fields.CharField(max_length=100)
    kind = fields.CharField(max_length=8, description="image or video")
    media_type = fields.CharField(max_length=32)
    file = fields.CharField(max_length=64, description="name in the folder of assets")
    size = fields.BigIntField()
    width = fields.IntField()
    height = fields.IntField()
    duration = fields.FloatField(null=True)
    digest = fields.CharField(max_length=64, unique=True, description="sha256 of what was uploaded")

    class Meta:
        table = "asset"
        indexes: ClassVar = (("kind",), ("name",))
