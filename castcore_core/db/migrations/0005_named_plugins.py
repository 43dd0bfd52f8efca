import functools
from json import dumps, loads
from uuid import uuid4

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("core", "0004_engine")]

    initial = False

    operations = [
        ops.CreateModel(
            name="PlatformAccount",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
                ("name", fields.CharField(unique=True, max_length=100)),
                ("type", fields.CharField(max_length=48)),
                ("client_id", fields.CharField(max_length=255)),
                ("client_secret", fields.TextField(null=True, unique=False)),
                ("label", fields.CharField(default="", max_length=200)),
                ("scopes", fields.TextField(default="", unique=False)),
                ("state", fields.CharField(default="disconnected", max_length=16)),
                ("code", fields.CharField(default="", max_length=100)),
                ("params", fields.JSONField(encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads)),
                ("tokens", fields.TextField(null=True, unique=False)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("revision", fields.IntField(default=0)),
                ("renewing_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "platform_account",
                "app": "core",
                "indexes": [Index(fields=["type"]), Index(fields=["state", "expires_at"])],
                "pk_attr": "id",
            },
            bases=["Record"],
        ),
        ops.CreateModel(
            name="DeviceGrant",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
                (
                    "account",
                    fields.OneToOneField(
                        "core.PlatformAccount",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="device_grant",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("device_code", fields.TextField(unique=False)),
                ("user_code", fields.CharField(max_length=64)),
                ("verification_url", fields.TextField(unique=False)),
                ("verification_url_complete", fields.TextField(null=True, unique=False)),
                ("interval", fields.IntField()),
                ("ask_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("code", fields.CharField(default="", max_length=100)),
            ],
            options={
                "table": "device_grant",
                "app": "core",
                "indexes": [Index(fields=["code", "ask_at"])],
                "pk_attr": "id",
            },
            bases=["Record"],
        ),
        ops.CreateModel(
            name="OAuthVisit",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "core.PlatformAccount",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="visits",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("state", fields.CharField(unique=True, max_length=64)),
                ("session_id", fields.UUIDField()),
                ("verifier", fields.TextField(unique=False)),
                ("redirect_uri", fields.TextField(unique=False)),
                ("return_to", fields.TextField(null=True, unique=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={"table": "oauth_visit", "app": "core", "indexes": [Index(fields=["expires_at"])], "pk_attr": "id"},
            bases=["Record"],
        ),
        ops.CreateModel(
            name="StreamMetadata",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
                (
                    "job",
                    fields.ForeignKeyField(
                        "core.StreamJob",
                        source_field="job_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="metadata",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "output",
                    fields.ForeignKeyField(
                        "core.JobOutput",
                        source_field="output_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="metadata",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("platform", fields.CharField(max_length=48)),
                ("title", fields.CharField(max_length=500)),
                ("description", fields.TextField(default="", unique=False)),
                ("category", fields.CharField(null=True, max_length=200)),
                ("tags", fields.JSONField(encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads)),
                ("language", fields.CharField(null=True, max_length=35)),
                ("thumbnail_id", fields.UUIDField(null=True)),
                ("push_on_start", fields.BooleanField(default=True)),
            ],
            options={
                "table": "stream_metadata",
                "app": "core",
                "unique_together": (("job", "platform"),),
                "pk_attr": "id",
            },
            bases=["Record"],
        ),
        ops.AddField(
            model_name="JobOutput",
            name="broadcast_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="JobOutput",
            name="retired",
            field=fields.TextField(null=True, unique=False),
        ),
        ops.AddField(
            model_name="JobOutput",
            name="rollovers",
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name="StreamDestination",
            name="account",
            field=fields.ForeignKeyField(
                "core.PlatformAccount",
                source_field="account_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name="destinations",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
    ]
