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
                ("place", fields.CharField(unique=True, max_length=64)),
                ("request", fields.CharField(max_length=64)),
                ("server", fields.CharField(max_length=36)),
                ("status", fields.IntField(null=True)),
                ("answer", fields.TextField(null=True, unique=False)),
            ],
            options={
                "table": "kept_answer",
                "app": "core",
                "indexes": [Index(fields=["created_at"])],
                "pk_attr": "id",
            },
            bases=["Record"],
        ),
    ]
