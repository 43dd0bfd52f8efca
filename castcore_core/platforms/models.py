"""Connected accounts and what is under way with them, and what is written about a job's broadcasts."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from tortoise import fields

from castcore_core.assets.models import Asset
from castcore_core.db.record import Record
from castcore_core.streams.models import JobOutput, StreamJob


class PlatformAccount(Record):
    """One account at a platform. What happens to its tokens leaves updated_at as it is."""

    name = fields.CharField(max_length=100, unique=True)
    type = fields.CharField(max_length=48, description="id of the destination extension")
    client_id = fields.CharField(max_length=255)
    client_secret = fields.TextField(null=True, description="locked")
    label = fields.CharField(max_length=200, default="", description="what the platform calls the account")
    scopes = fields.TextField(default="", description="what the platform has granted, with blanks between")
    state = fields.CharField(max_length=16, default="disconnected", description="or connected, reauthentication")
    code = fields.CharField(max_length=100, default="", description="the last error")
    params: fields.Field[dict[str, Any]] = fields.JSONField()
    tokens = fields.TextField(null=True, description="locked JSON with access and refresh")
    expires_at: fields.Field[datetime | None] = fields.DatetimeField(null=True, description="of the access token")
    revision = fields.IntField(default=0, description="raised with every change of the tokens")
    renewing_until: fields.Field[datetime | None] = fields.DatetimeField(
        null=True, description="a process renews the tokens, at the longest until then"
    )
    renewing_by = fields.CharField(max_length=120, default="", description="that process")

    class Meta:
        table = "platform_account"
        indexes: ClassVar = (("type",), ("state", "expires_at"))


class OAuthVisit(Record):
    """Somebody is at the platform to agree, and is expected back."""

    account: fields.ForeignKeyRelation[PlatformAccount] = fields.ForeignKeyField(
        "core.PlatformAccount", related_name="visits", on_delete=fields.CASCADE
    )
    state = fields.CharField(max_length=64, unique=True, description="digest")
    session_id = fields.UUIDField(description="the session that began it, and that alone may end it")
    verifier = fields.TextField(description="locked")
    redirect_uri = fields.TextField()
    return_to = fields.TextField(null=True, description="path of our own to lead the browser to")
    expires_at = fields.DatetimeField()

    class Meta:
        table = "oauth_visit"
        indexes: ClassVar = (("expires_at",),)


class DeviceGrant(Record):
    """Somebody is to type a code at the platform."""

    account: fields.OneToOneRelation[PlatformAccount] = fields.OneToOneField(
        "core.PlatformAccount", related_name="device_grant", on_delete=fields.CASCADE
    )
    device_code = fields.TextField(description="locked")
    user_code = fields.CharField(max_length=64)
    verification_url = fields.TextField()
    verification_url_complete = fields.TextField(null=True, description="holds the code, to be shown as a QR code")
    interval = fields.IntField(description="seconds between two questions")
    ask_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    code = fields.CharField(max_length=100, default="", description="why it is over, empty while it is not")

    class Meta:
        table = "device_grant"
        indexes: ClassVar = (("code", "ask_at"),)


class StreamMetadata(Record):
    """What viewers read about a job's broadcasts at one platform, or at one of its outputs."""

    job: fields.ForeignKeyRelation[StreamJob] = fields.ForeignKeyField(
        "core.StreamJob", related_name="metadata", on_delete=fields.CASCADE
    )
    output: fields.ForeignKeyNullableRelation[JobOutput] = fields.ForeignKeyField(
        "core.JobOutput", related_name="metadata", null=True, on_delete=fields.CASCADE
    )
    platform = fields.CharField(max_length=48, description="id of a type of destination, or of the output")
    title = fields.CharField(max_length=500)
    description = fields.TextField(default="")
    category = fields.CharField(max_length=200, null=True)
    tags: fields.Field[list[str]] = fields.JSONField()
    language = fields.CharField(max_length=35, null=True)
    thumbnail: fields.ForeignKeyNullableRelation[Asset] = fields.ForeignKeyField(
        "core.Asset", related_name="metadata", null=True, on_delete=fields.SET_NULL
    )
    push_on_start = fields.BooleanField(default=True)

    class Meta:
        table = "stream_metadata"
        unique_together = (("job", "platform"),)
