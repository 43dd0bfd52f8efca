"""Bring the schema up to date without losing a row: lock, backup, migrate, check, repair.

Tortoise's migrator takes no lock, records a migration after its commit, rebuilds SQLite tables with foreign keys on
(children are deleted by cascade) and drops their non-unique indexes. Here everything happens under one lock and inside
one transaction, so that a kill at any moment leaves the old schema or the new one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import TortoiseContext
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.transactions import in_transaction

from castcore_core.db.backup import back_up
from castcore_core.db.lock import migration_lock
from castcore_core.db.probe import probe
from castcore_core.db.target import APP, MIGRATIONS, Target
from castcore_core.feature import model_modules
from castcore_sdk.errors import ConfigurationError, PermanentError


@dataclass(frozen=True, slots=True)
class Migrated:
    """What :func:`migrate` did: the migrations it applied, and the backup that it made before."""

    applied: tuple[str, ...]
    backup: Path | None


class _Recorder(MigrationRecorder):
    """The recorder inside the transaction; its table exists, and a script would commit too early on SQLite."""

    async def ensure_schema(self, schema_editor: Any) -> None:
        return None


async def migrate(
    target: Target,
    backups: Path,
    *,
    models: Sequence[str] | None = None,
    migrations: str = MIGRATIONS,
    upto: str | None = None,
) -> Migrated:
    """Migrate ``target`` to the newest schema, or to ``upto``; may be called at once by many servers, and again.

    Raises ConfigurationError ``database.newer`` where the database knows migrations that this version does not,
    PermanentError ``database.rows_orphaned`` where foreign keys would break (nothing is changed then),
    and what :func:`~castcore_core.db.probe.probe` and the lock raise.
    """
    await probe(target)
    modules = model_modules() if models is None else list(models)
    config = target.config(modules, migrations=migrations, foreign_keys=False)
    async with migration_lock(target), TortoiseContext() as context:
        await context.init(config=config)
        client = context.db()
        executor = MigrationExecutor(client, config["apps"])
        await executor.recorder.ensure_schema(executor._schema_editor(atomic=False))
        targets = [MigrationTarget(APP, upto or "__latest__")]
        pending = [step.migration.name for step in await executor.plan(targets) if not step.backward]
        _refuse_newer(executor)
        backup = None
        if pending:
            backup = await back_up(target, backups, before=pending[0]) if executor.loader.applied_migrations else None
            await _apply(config, targets)
        if upto is None:
            await context.generate_schemas(safe=True)
    return Migrated(tuple(pending), backup)


def _refuse_newer(executor: MigrationExecutor) -> None:
    unknown = sorted(key.name for key in executor.loader.applied_migrations - executor.loader.disk_migrations.keys())
    if unknown:
        raise ConfigurationError("database.newer", params={"migration": unknown[-1]})


async def _apply(config: dict[str, Any], targets: list[MigrationTarget]) -> None:
    async with in_transaction("default") as client:
        executor = MigrationExecutor(client, config["apps"])
        executor.recorder = executor.loader.recorder = _Recorder(client)
        await executor.migrate(targets)
        await _check_foreign_keys(client)


async def _check_foreign_keys(client: BaseDBAsyncClient) -> None:
    if client.capabilities.dialect != "sqlite":
        return
    _, orphans = await client.execute_query("PRAGMA foreign_key_check")
    if orphans:
        raise PermanentError(
            "database.rows_orphaned", params={"table": str(orphans[0]["table"]), "count": len(orphans)}
        )
