import functools
from json import dumps, loads
from uuid import uuid4

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("core", "0002_accounts")]

    initial = False

    operations = [
        ops.CreateModel(
            name="FFmpegProfile",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
                ("name", fields.CharField(unique=True, max_length=100)),
                ("settings", fields.JSONField(encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads)),
                (
                    "expert_args",
                    fields.JSONField(encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
                ),
                ("revision", fields.IntField(default=1)),
            ],
            options={"table": "ffmpeg_profile", "app": "core", "pk_attr": "id"},
            bases=["Record"],
        ),
        ops.CreateModel(
            name="StreamDestination",
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
                ("revision", fields.IntField(default=1)),
            ],
            options={
                "table": "stream_destination",
                "app": "core",
                "indexes": [Index(fields=["type"])],
                "pk_attr": "id",
            },
            bases=["Record"],
        ),
        ops.CreateModel(
            name="StreamJob",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
                ("name", fields.CharField(unique=True, max_length=100)),
                ("source", fields.JSONField(encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads)),
                ("source_kind", fields.CharField(max_length=16)),
                ("source_secret", fields.TextField(null=True, unique=False)),
                (
                    "profile",
                    fields.ForeignKeyField(
                        "core.FFmpegProfile",
                        source_field="profile_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="jobs",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("fallback", fields.JSONField(encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads)),
                ("restart", fields.JSONField(encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads)),
                ("recording", fields.JSONField(encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads)),
                ("autostart", fields.BooleanField(default=False)),
                ("tags", fields.JSONField(encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads)),
                ("tag_index", fields.TextField(default="", unique=False)),
                ("revision", fields.IntField(default=1)),
                ("desired", fields.CharField(default="stopped", max_length=16)),
                ("desired_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("generation", fields.IntField(default=0)),
                ("restarts", fields.IntField(default=0)),
            ],
            options={
                "table": "stream_job",
                "app": "core",
                "indexes": [Index(fields=["desired"]), Index(fields=["source_kind"])],
                "pk_attr": "id",
            },
            bases=["Record"],
        ),
        ops.CreateModel(
            name="JobOutput",
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
                        related_name="outputs",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "destination",
                    fields.ForeignKeyField(
                        "core.StreamDestination",
                        source_field="destination_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="outputs",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "profile",
                    fields.ForeignKeyField(
                        "core.FFmpegProfile",
                        source_field="profile_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="outputs",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("enabled", fields.BooleanField(default=True)),
                ("position", fields.IntField(default=0)),
                ("revision", fields.IntField(default=1)),
                ("broadcast", fields.TextField(null=True, unique=False)),
            ],
            options={
                "table": "stream_job_output",
                "app": "core",
                "unique_together": (("job", "destination"),),
                "indexes": [Index(fields=["job_id", "position"])],
                "pk_attr": "id",
            },
            bases=["Record"],
        ),
        ops.CreateModel(
            name="PreflightReport",
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
                        related_name="preflights",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("state", fields.CharField(max_length=16)),
                ("server", fields.CharField(max_length=36)),
                ("level", fields.CharField(null=True, max_length=8)),
                ("can_start", fields.BooleanField(null=True)),
                ("checks", fields.JSONField(encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads)),
                ("revisions", fields.JSONField(encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads)),
                ("finished_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "preflight_report",
                "app": "core",
                "indexes": [Index(fields=["job_id", "created_at"])],
                "pk_attr": "id",
            },
            bases=["Record"],
        ),
    ]
