"""What the commands around the server do, without a command line."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from castcore_core.config import DataFolder, load_configuration
from castcore_core.db import Target
from castcore_core.db.guard import Migrated, migrate
from castcore_core.server.process import Ready, run_server


def serve(overrides: Mapping[str, object], ready: Ready) -> None:
    """Serve with the configuration; ``overrides`` come from the command line."""
    run_server(load_configuration(overrides), ready)


def migrate_database(overrides: Mapping[str, object]) -> Migrated:
    """Bring the configured database to the newest schema, without serving."""
    configuration = load_configuration(overrides)
    folder = DataFolder(configuration.data_dir)
    folder.prepare()
    target = Target.parse(configuration.effective_database_url.get_secret_value())
    return asyncio.run(migrate(target, folder.backups))
