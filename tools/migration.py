"""Write the migration for what changed in the models: ``python tools/migration.py NAME``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tortoise.context import TortoiseContext
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.writer import MigrationWriter, format_migration_name
from tortoise.models import Model

from castcore_core.db.target import Target
from castcore_core.feature import model_modules


async def changes() -> list[MigrationWriter]:
    """Return what the models have and the migrations do not."""
    config = Target.parse("sqlite:////nowhere/never-opened.db").config(model_modules())
    async with TortoiseContext() as context:
        await context.init(config=config, init_connections=False)
        assert context.apps is not None
        for models in context.apps.values():
            for model in models.values():
                _forget_descriptions(model)
        return await MigrationAutodetector(context.apps, config["apps"]).changes()


def _forget_descriptions(model: type[Model]) -> None:
    """Keep docstrings out of the schema.

    A change of wording is no migration, and Tortoise splits SQL at semicolons, also at those in comments.
    """
    model._meta.table_description = ""
    for field in model._meta.fields_map.values():
        field.description = None


def main(name: str) -> None:
    """Write the file and print its path."""
    for writer in asyncio.run(changes()):
        number = 1 if writer.initial else int(writer.name[:4])
        writer.name = format_migration_name(number, name)
        print(Path(str(writer.write())))


if __name__ == "__main__":
    main(sys.argv[1])
