"""The guard around migrating: nothing is lost, whoever starts at once, fails or is killed."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from castcore_core.db import Target, open_database
from castcore_core.db.guard import Migrated, migrate
from castcore_core.db.lock import migration_lock
from castcore_sdk.errors import ConfigurationError, PermanentError
from servers import scratch
from servers.rows import execute, read_rows, read_schema
from servers.scratch import Scratch

ROWS = (
    "INSERT INTO parent (id, name, note) VALUES (1, 'it''s ü; DROP', NULL), (2, 'b', 'n')",
    "INSERT INTO child (id, label, parent_id) VALUES (1, 'x', 1), (2, 'y', 1), (3, 'z', 2)",
)


async def to(version: Scratch, target: Target, folder: Path) -> Migrated:
    return await migrate(target, folder / "backups", models=version.models, migrations=version.migrations)


async def test_rebuilt_tables_keep_children_and_indexes(target: Target, tmp_path: Path) -> None:
    assert (await to(scratch.write(tmp_path, 1), target, tmp_path)).applied == ("0001_first",)
    await execute(target, *ROWS)
    before = await read_rows(target)
    done = await to(scratch.write(tmp_path, 2), target, tmp_path)
    after = await read_rows(target)
    assert done.applied == ("0002_second",)
    assert after["child"] == before["child"]
    assert len(after["child"]) == 3
    assert after["parent"] == [{"id": row["id"], "name": row["name"]} for row in before["parent"]]
    schema = await read_schema(target)
    assert (False, ("label",)) in schema["child"]["indexes"]
    assert (False, ("label", "parent_id")) in schema["child"]["indexes"]
    assert len(schema["child"]["keys"]) == 1


async def test_a_second_time_changes_nothing(target: Target, tmp_path: Path) -> None:
    version = scratch.write(tmp_path, 2)
    await to(version, target, tmp_path)
    schema = await read_schema(target)
    assert await to(version, target, tmp_path) == Migrated((), None)
    assert await read_schema(target) == schema


async def test_a_backup_is_made_before_and_has_the_rows(target: Target, tmp_path: Path) -> None:
    assert (await to(scratch.write(tmp_path, 1), target, tmp_path)).backup is None
    await execute(target, *ROWS)
    backup = (await to(scratch.write(tmp_path, 2), target, tmp_path)).backup
    assert backup is not None
    assert backup.stat().st_mode & 0o077 == 0
    if target.dialect == "sqlite":
        with closing(sqlite3.connect(backup)) as copy:
            assert copy.execute("SELECT id, name, note FROM parent ORDER BY id").fetchall() == [
                (1, "it's ü; DROP", None),
                (2, "b", "n"),
            ]
    else:
        with zipfile.ZipFile(backup) as archive:
            assert archive.read("parent.csv").decode() == "id,name,note\n1,it's ü; DROP,\n2,b,n\n"
            assert archive.read("child.csv").decode().count("\n") == 4


async def test_only_the_newest_backups_are_kept(tmp_path: Path) -> None:
    target = Target.parse(f"sqlite:///{tmp_path}/castcore.db")
    await to(scratch.write(tmp_path, 1), target, tmp_path)
    for _ in range(7):
        shutil.copy(target.path, tmp_path / "again.db")
        again = Target.parse(f"sqlite:///{tmp_path}/again.db")
        await to(scratch.write(tmp_path, 2), again, tmp_path)
    assert len(list((tmp_path / "backups").iterdir())) == 5


async def test_a_migration_that_fails_leaves_everything_as_it_was(target: Target, tmp_path: Path) -> None:
    await to(scratch.write(tmp_path, 1), target, tmp_path)
    await execute(target, *ROWS)
    rows, schema = await read_rows(target), await read_schema(target)
    broken = scratch.write(tmp_path, 2, third="raise RuntimeError('broken')")
    with pytest.raises(RuntimeError, match="broken"):
        await to(broken, target, tmp_path)
    assert (await read_rows(target), await read_schema(target)) == (rows, schema)
    assert (await to(scratch.write(tmp_path, 2), target, tmp_path)).applied == ("0002_second",)


async def test_rows_that_would_lose_their_parent_undo_the_migration(tmp_path: Path) -> None:
    target = Target.parse(f"sqlite:///{tmp_path}/castcore.db")
    await to(scratch.write(tmp_path, 1), target, tmp_path)
    await execute(target, *ROWS)
    rows = await read_rows(target)
    orphaning = scratch.write(
        tmp_path, 2, third="await schema_editor.client.execute_query('DELETE FROM parent WHERE id = 1')"
    )
    with pytest.raises(PermanentError) as caught:
        await to(orphaning, target, tmp_path)
    assert (caught.value.code, caught.value.params) == ("database.rows_orphaned", {"table": "child", "count": 2})
    assert await read_rows(target) == rows


async def test_a_database_of_a_newer_version_is_refused(target: Target, tmp_path: Path) -> None:
    await to(scratch.write(tmp_path, 2), target, tmp_path)
    with pytest.raises(ConfigurationError) as caught:
        await to(scratch.write(tmp_path, 1), target, tmp_path)
    assert (caught.value.code, caught.value.params["migration"]) == ("database.newer", "0002_second")


PROGRAM = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from castcore_core.db import Target
from castcore_core.db.guard import migrate
done = asyncio.run(migrate(Target.parse(sys.argv[2]), Path(sys.argv[1]) / "backups",
                           models=[sys.argv[3] + ".models"], migrations=sys.argv[3] + ".migrations"))
print(*done.applied)
"""


def url_of(target: Target) -> str:
    if target.dialect == "sqlite":
        return f"sqlite:///{target.path}"
    parts = target.credentials
    return f"postgresql://{parts['user']}:{parts['password']}@{parts['host']}:{parts['port']}/{parts['database']}"


def process(version: Scratch, target: Target, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder), url_of(target), version.package],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


async def test_of_three_that_start_at_once_one_migrates(target: Target, tmp_path: Path) -> None:
    await to(scratch.write(tmp_path, 1), target, tmp_path)
    await execute(target, *ROWS)
    version = scratch.write(tmp_path, 2, third="import asyncio; await asyncio.sleep(0.3)")
    running = [process(version, target, tmp_path) for _ in range(3)]
    outputs = [await asyncio.to_thread(each.communicate) for each in running]
    assert [each.returncode for each in running] == [0, 0, 0], outputs
    assert sorted(output.strip() for output, _ in outputs) == ["", "", "0002_second 0003_third"]
    assert len((await read_rows(target))["child"]) == 3


@pytest.mark.parametrize("place", ["inside", "before the commit"])
async def test_a_killed_migration_is_done_again(target: Target, tmp_path: Path, place: str) -> None:
    await to(scratch.write(tmp_path, 1), target, tmp_path)
    await execute(target, *ROWS)
    # The third migration comes after the rebuild of both tables, and is recorded in the same transaction.
    kill = "import os, pathlib; os.kill(os.getpid(), 9) if not pathlib.Path('{}').exists() else None"
    if place == "before the commit":
        kill = (
            "import os, pathlib, castcore_core.db.guard as guard\n"
            "    if not pathlib.Path('{}').exists():\n"
            "        async def dead(client): os.kill(os.getpid(), 9)\n"
            "        guard._check_foreign_keys = dead"
        )
    version = scratch.write(tmp_path, 2, third=kill.format(tmp_path / "harmless"))
    first = process(version, target, tmp_path)
    assert await asyncio.to_thread(first.communicate) == ("", "")
    assert first.returncode == -signal.SIGKILL
    assert [row["note"] for row in (await read_rows(target))["parent"]] == [None, "n"]
    (tmp_path / "harmless").touch()
    second = process(version, target, tmp_path)
    output, errors = await asyncio.to_thread(second.communicate)
    assert (second.returncode, output.strip()) == (0, "0002_second 0003_third"), errors
    assert len((await read_rows(target))["child"]) == 3


async def test_the_lock_is_exclusive_and_falls_with_its_holder(target: Target) -> None:
    async with open_database(target), migration_lock(target):
        waiting = asyncio.create_task(_hold(target))
        done, _ = await asyncio.wait([waiting], timeout=0.3)
        assert not done
    async with asyncio.timeout(5):
        await waiting


async def _hold(target: Target) -> None:
    async with migration_lock(target):
        pass


def test_the_lock_file_is_for_the_owner_alone(tmp_path: Path) -> None:
    target = Target.parse(f"sqlite:///{tmp_path}/castcore.db")
    asyncio.run(_hold(target))
    assert os.stat(f"{target.path}.migrate").st_mode & 0o077 == 0
