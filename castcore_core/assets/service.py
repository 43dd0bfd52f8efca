"""Keep uploaded pictures and films."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from castcore_core.assets.content import SUFFIXES, Content, examine
from castcore_core.assets.models import Asset
from castcore_core.assets.upload import Upload
from castcore_core.audit import Audit
from castcore_core.audit.service import Target
from castcore_core.core import Core
from castcore_core.error import ConflictError
from castcore_core.media.pool import Workers
from castcore_core.profiles.service import in_use
from castcore_core.streams.models import StreamJob
from castcore_sdk import NotFoundError, TemporaryError

MOST = 1000
_LONGEST_NAME = 100
_LEFT_S = 3600.0
"""Age at which a file that no row names is what a killed server has left."""


class Assets:
    """All assets; their files lie in ``assets`` in the data folder."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._audit = core.get(Audit)
        self.folder = core.folder.root / "assets"
        self._examining = asyncio.Lock()
        """One at a time: jobs that start need the same workers."""

    async def open(self) -> None:
        """Make the folder, and remove what an upload has left that was broken off with the server."""
        names = {row["file"] for row in await Asset.all().values("file")}
        await asyncio.to_thread(self._tidy, names)

    async def find(
        self, wanted: Mapping[str, Any], *, order: Sequence[str], limit: int, offset: int
    ) -> tuple[list[Asset], int]:
        """Return rows and how many there are; ``wanted`` are Tortoise filters."""
        query = Asset.filter(**wanted)
        return await query.order_by(*order).limit(limit).offset(offset), await query.count()

    async def get(self, asset_id: UUID) -> Asset:
        """Return one. Raises NotFoundError ``assets.not_found``."""
        found = await Asset.get_or_none(id=asset_id)
        if found is None:
            raise NotFoundError("assets.not_found")
        return found

    def path(self, row: Asset) -> Path:
        """Return where the file of an asset lies."""
        return self.folder / row.file

    async def existing(self, row: Asset) -> Path:
        """Return where the file of an asset lies. Raises NotFoundError ``assets.file_missing``."""
        if not await asyncio.to_thread(self.path(row).is_file):
            raise NotFoundError("assets.file_missing")
        return self.path(row).absolute()

    async def keep(self, upload: Upload) -> tuple[Asset, bool]:
        """Keep what was uploaded and say whether it is new; the same bytes again are the asset that there is.

        Raises what :func:`~castcore_core.assets.content.examine` raises; ConflictError ``assets.too_many``.
        """
        try:
            if (known := await Asset.get_or_none(digest=upload.digest)) is not None:
                return known, False
            if await Asset.all().count() >= MOST:
                raise ConflictError("assets.too_many", params={"most": MOST})
            async with self._examining:
                content = await examine(upload.path, self._core.get(Workers).front)
            return await self._store(upload, content)
        finally:
            upload.path.unlink(missing_ok=True)

    async def delete(self, asset_id: UUID) -> None:
        """Remove one. Raises NotFoundError; ConflictError ``conflict.in_use`` where a job's fallback shows it."""
        row = await self.get(asset_id)
        users = [each["name"] for each in await StreamJob.filter(fallback_asset_id=asset_id).values("name")]
        if users:
            raise in_use(users)
        try:
            async with in_transaction():
                await row.delete()
                await self._audit.record("assets.deleted", target=_target(row))
        except IntegrityError:  # a job has taken it between the two
            raise in_use(["?"]) from None
        self.path(row).unlink(missing_ok=True)

    async def _store(self, upload: Upload, content: Content) -> tuple[Asset, bool]:
        asset_id = uuid4()
        file = f"{asset_id.hex}.{SUFFIXES[content.media_type]}"
        path = self.folder / file
        try:
            size = await asyncio.to_thread(_put, upload.path, content.body, path)
        except OSError as error:
            raise TemporaryError("assets.upload_failed", params={"reason": error.strerror or "disk"}) from None
        try:
            async with in_transaction():
                row = await Asset.create(
                    id=asset_id,
                    name=_name(upload.name) or file,
                    kind=content.kind,
                    media_type=content.media_type,
                    file=file,
                    size=size,
                    width=content.width,
                    height=content.height,
                    duration=content.duration,
                    digest=upload.digest,
                )
                await self._audit.record("assets.created", target=_target(row))
        except BaseException as error:
            path.unlink(missing_ok=True)
            known = await Asset.get_or_none(digest=upload.digest) if isinstance(error, IntegrityError) else None
            if known is None:
                raise
            return known, False
        return row, True

    def _tidy(self, names: set[str]) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        for path in self.folder.iterdir():
            with contextlib.suppress(OSError):
                if path.name not in names and time.time() - path.stat().st_mtime > _LEFT_S:
                    path.unlink()


def _put(upload: Path, body: bytes | None, path: Path) -> int:
    """Write a new file, or keep the one that came, and return its size."""
    if body is not None:
        upload.write_bytes(body)
    descriptor = os.open(upload, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
        size = os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)
    upload.rename(path)
    return size


def _name(text: str) -> str:
    """Return a file's name fit to be shown: no path, one line."""
    last = text.replace("\\", "/").rpartition("/")[2]
    return "".join(each if each.isprintable() else " " for each in last)[:_LONGEST_NAME].strip()


def _target(row: Asset) -> Target:
    return Target("asset", row.id, row.name)


@asynccontextmanager
async def run(core: Core) -> AsyncIterator[None]:
    """Provide :class:`Assets`."""
    assets = Assets(core)
    await assets.open()
    core.provide(assets)
    yield
