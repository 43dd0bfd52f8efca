import functools
from json import dumps, loads
from uuid import uuid4

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("core", "0003_streams")]

    initial = False

    operations = [
        ops.CreateModel(
            name="EngineRun",
            fields=[
                ("job_id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("process", fields.CharField(default="", max_length=80)),
                ("seq", fields.BigIntField(default=0)),
                ("generation", fields.IntField(default=0)),
                ("restarts", fields.IntField(default=0)),
                ("outcome", fields.CharField(default="", max_length=8)),
                ("state", fields.CharField(default="stopped", max_length=16)),
                ("code", fields.CharField(default="", max_length=100)),
                ("params", fields.JSONField(encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads)),
                ("attempts", fields.IntField(default=0)),
                ("since", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("started_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={"table": "engine_run", "app": "core", "pk_attr": "job_id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="StateChange",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
                ("job_id", fields.UUIDField()),
                ("subject", fields.CharField(default="", max_length=64)),
                ("state", fields.CharField(max_length=16)),
                ("code", fields.CharField(default="", max_length=100)),
                ("params", fields.JSONField(encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "engine_state_change",
                "app": "core",
                "indexes": [Index(fields=["job_id", "at"]), Index(fields=["at"])],
                "pk_attr": "id",
            },
            bases=["Record"],
        ),
    ]
