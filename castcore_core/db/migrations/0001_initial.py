from uuid import uuid4

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="KeptAnswer",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
                ("place", fields.CharField(unique=True, description="hash of actor, route and key", max_length=64)),
                ("request", fields.CharField(description="hash of the body", max_length=64)),
                ("server", fields.CharField(description="the server's life in which it was begun", max_length=36)),
                ("status", fields.IntField(null=True)),
                ("answer", fields.TextField(null=True, description="headers and body, locked", unique=False)),
            ],
            options={
                "table": "kept_answer",
                "app": "core",
                "indexes": [Index(fields=["created_at"])],
                "pk_attr": "id",
                "table_description": "One request with a key: its fingerprint, and its answer once there is one.",
            },
            bases=["Record"],
        ),
    ]
