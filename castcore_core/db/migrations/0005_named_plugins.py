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
            name="Asset",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
                ("name", fields.CharField(max_length=100)),
                ("kind", fields.CharField(max_length=8)),
                ("media_type", fields.CharField(max_length=32)),
                ("file", fields.CharField(max_length=64)),
                ("size", fields.BigIntField()),
                ("width", fields.IntField()),
                ("height", fields.IntField()),
                ("duration", fields.FloatField(null=True)),
                ("digest", fields.CharField(unique=True, max_length=64)),
            ],
            options={
                "table": "asset",
                "app": "core",
                "indexes": [Index(fields=["kind"]), Index(fields=["name"])],
                "pk_attr": "id",
            },
            bases=["Record"],
        ),
        ops.CreateModel(
            name="NotificationIncident",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("topic", fields.CharField(max_length=32)),
                ("subject", fields.CharField(max_length=200)),
                ("kept", fields.JSONField(encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads)),
            ],
            options={
                "table": "notification_incident",
                "app": "core",
                "unique_together": (("topic", "subject"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="NotificationTarget",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
                ("name", fields.CharField(unique=True, max_length=100)),
                ("type", fields.CharField(max_length=48)),
                ("enabled", fields.BooleanField(default=True)),
                ("config", fields.JSONField(encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads)),
                ("secrets", fields.TextField(null=True, unique=False)),
                ("config_version", fields.IntField(default=1)),
                ("events", fields.JSONField(encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads)),
                ("min_level", fields.CharField(default="warning", max_length=8)),
                ("language", fields.CharField(null=True, max_length=2)),
                (
                    "quiet_hours",
                    fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
                ),
                ("last_state", fields.CharField(default="", max_length=8)),
                ("last_code", fields.CharField(default="", max_length=100)),
                ("last_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={"table": "notification_target", "app": "core", "pk_attr": "id"},
            bases=["Record"],
        ),
        ops.CreateModel(
            name="NotificationDelivery",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                (
                    "target",
                    fields.ForeignKeyField(
                        "core.NotificationTarget",
                        source_field="target_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="deliveries",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("key", fields.UUIDField(db_index=True)),
                ("event", fields.CharField(max_length=64)),
                ("level", fields.CharField(max_length=8)),
                ("title", fields.TextField(unique=False)),
                ("body", fields.TextField(unique=False)),
                ("link", fields.TextField(null=True, unique=False)),
                ("params", fields.JSONField(encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads)),
                ("happened_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("state", fields.CharField(max_length=8)),
                ("attempts", fields.IntField(default=0)),
                ("next_attempt", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("done_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("answer", fields.TextField(default="", unique=False)),
                ("code", fields.CharField(default="", max_length=100)),
                (
                    "code_params",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
            ],
            options={
                "table": "notification_delivery",
                "app": "core",
                "indexes": [
                    Index(fields=["target_id", "state", "created_at"]),
                    Index(fields=["target_id", "created_at"]),
                ],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
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
                ("renewing_by", fields.CharField(default="", max_length=120)),
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
            name="StorageSource",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
                ("name", fields.CharField(unique=True, max_length=100)),
                ("type", fields.CharField(max_length=48)),
                ("config", fields.JSONField(encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads)),
                ("secrets", fields.TextField(null=True, unique=False)),
                ("config_version", fields.IntField(default=1)),
                ("read_only", fields.BooleanField(default=True)),
                ("automount", fields.BooleanField(default=False)),
                ("mounted", fields.BooleanField(default=True)),
                ("rescan_interval", fields.IntField(null=True)),
                ("revision", fields.IntField(default=1)),
            ],
            options={"table": "storage_source", "app": "core", "indexes": [Index(fields=["type"])], "pk_attr": "id"},
            bases=["Record"],
        ),
        ops.CreateModel(
            name="MediaItem",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
                (
                    "source",
                    fields.ForeignKeyField(
                        "core.StorageSource",
                        source_field="source_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="media",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("path", fields.TextField(unique=False)),
                ("place", fields.CharField(max_length=32)),
                ("name", fields.CharField(max_length=255)),
                ("kind", fields.CharField(max_length=8)),
                ("size", fields.BigIntField(null=True)),
                ("modified", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("etag", fields.TextField(null=True, unique=False)),
                ("version", fields.CharField(max_length=32)),
                ("state", fields.CharField(default="unread", max_length=12)),
                ("code", fields.CharField(null=True, max_length=64)),
                (
                    "params",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("again", fields.BooleanField(default=False)),
                ("duration", fields.FloatField(null=True)),
                ("width", fields.IntField(null=True)),
                ("height", fields.IntField(null=True)),
                ("video_codec", fields.CharField(null=True, max_length=32)),
                ("audio_codec", fields.CharField(null=True, max_length=32)),
                ("streamable", fields.BooleanField(default=False)),
                (
                    "flags",
                    fields.JSONField(
                        default=list, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                (
                    "info",
                    fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
                ),
                ("thumbnail", fields.CharField(default="unknown", max_length=8)),
                ("probed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "media_item",
                "app": "core",
                "unique_together": (("source", "place"),),
                "indexes": [Index(fields=["source_id", "state"]), Index(fields=["name"])],
                "pk_attr": "id",
            },
            bases=["Record"],
        ),
        ops.CreateModel(
            name="Scan",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
                (
                    "source",
                    fields.ForeignKeyField(
                        "core.StorageSource",
                        source_field="source_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="scans",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("active", fields.UUIDField(null=True, unique=True)),
                ("state", fields.CharField(default="queued", max_length=12)),
                ("origin", fields.CharField(default="user", max_length=8)),
                (
                    "counts",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("code", fields.CharField(null=True, max_length=64)),
                (
                    "params",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("started_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "media_scan",
                "app": "core",
                "indexes": [Index(fields=["source_id", "created_at"])],
                "pk_attr": "id",
            },
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
                (
                    "thumbnail",
                    fields.ForeignKeyField(
                        "core.Asset",
                        source_field="thumbnail_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="metadata",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
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
            model_name="EngineRun",
            name="encoders",
            field=fields.JSONField(
                default=list, db_default="[]", encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
            ),
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
        ops.AddField(
            model_name="StreamJob",
            name="fallback_asset",
            field=fields.ForeignKeyField(
                "core.Asset",
                source_field="fallback_asset_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name="jobs",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.AddField(
            model_name="StreamJob",
            name="media",
            field=fields.ForeignKeyField(
                "core.MediaItem",
                source_field="media_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name="jobs",
                on_delete=OnDelete.SET_NULL,
            ),
        ),
    ]
