"""A small schema with a history of its own, written into a folder: to see what the guard does with migrations.

Version 1 has parents with children that cascade; version 2 rebuilds both tables on SQLite.
"""

from __future__ import annotations

import secrets
import sys
from dataclasses import dataclass
from pathlib import Path

_MODELS = """
from tortoise import fields
from tortoise.models import Model

class Parent(Model):
    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length={length})
    {note}
    class Meta:
        table = "parent"

class Child(Model):
    id = fields.IntField(primary_key=True)
    label = fields.CharField(max_length=50{index})
    parent = fields.ForeignKeyField("core.Parent", related_name="children", on_delete=fields.CASCADE)
    class Meta:
        table = "child"
        indexes = (("label", "parent_id"),)
"""

_FIRST = """
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

class Migration(migrations.Migration):
    initial = True
    operations = [
        ops.CreateModel("Parent", fields=[
            ("id", fields.IntField(primary_key=True)),
            ("name", fields.CharField(max_length=50)),
            ("note", fields.TextField(null=True)),
        ], options={"table": "parent", "app": "core", "pk_attr": "id"}),
        ops.CreateModel("Child", fields=[
            ("id", fields.IntField(primary_key=True)),
            ("label", fields.CharField(max_length=50)),
            ("parent", fields.ForeignKeyField(
                "core.Parent", source_field="parent_id", related_name="children", on_delete=OnDelete.CASCADE)),
        ], options={"table": "child", "app": "core", "pk_attr": "id",
                    "indexes": [Index(fields=["label", "parent_id"])]}),
    ]
"""

_SECOND = """
from tortoise import fields, migrations
from tortoise.migrations import operations as ops

class Migration(migrations.Migration):
    dependencies = [("core", "0001_first")]
    operations = [
        ops.AlterField("Parent", "name", fields.CharField(max_length=200)),
        ops.RemoveField("Parent", "note"),
        ops.AlterField("Child", "label", fields.CharField(max_length=50, db_index=True)),
    ]
"""

_THIRD = """
from tortoise import migrations
from tortoise.migrations import operations as ops

async def change(apps, schema_editor):
    {body}

class Migration(migrations.Migration):
    dependencies = [("core", "0002_second")]
    operations = [ops.RunPython(change)]
"""


@dataclass(frozen=True)
class Scratch:
    """A package of models and migrations; ``version`` is the one whose models it has."""

    package: str
    version: int

    @property
    def models(self) -> list[str]:
        """The module of the models."""
        return [f"{self.package}.models"]

    @property
    def migrations(self) -> str:
        """The package of the migrations."""
        return f"{self.package}.migrations"


def write(folder: Path, version: int, third: str | None = None) -> Scratch:
    """Write the package with the migrations up to ``version`` into ``folder`` and make it importable.

    ``third`` is the body of a Python migration that comes after the second.
    """
    name = f"scratch_{secrets.token_hex(4)}"
    migrations = folder / name / "migrations"
    migrations.mkdir(parents=True)
    (folder / name / "__init__.py").touch()
    (migrations / "__init__.py").touch()
    first = version == 1
    models = _MODELS.format(
        length=50 if first else 200,
        note="note = fields.TextField(null=True)" if first else "",
        index="" if first else ", db_index=True",
    )
    (folder / name / "models.py").write_text(models)
    (migrations / "0001_first.py").write_text(_FIRST)
    if not first:
        (migrations / "0002_second.py").write_text(_SECOND)
    if third:
        (migrations / "0003_third.py").write_text(_THIRD.format(body=third))
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    return Scratch(name, version)
