"""A folder of this machine as a storage of media."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated

from pydantic import Field

from castcore_core.builtin.address import validator
from castcore_core.builtin.filesystem import is_remote
from castcore_core.builtin.place import absolute_path
from castcore_sdk import (
    CastCoreError,
    CheckResult,
    ExtensionConfig,
    Folder,
    FolderStorage,
    Severity,
    StoragePath,
    ui,
)


class LocalFolderConfig(ExtensionConfig):
    """Which folder."""

    root: Annotated[str, validator(absolute_path), Field(json_schema_extra=ui(widget="path"))]
    """Absolute path of the folder. Nothing outside of it can be reached, not through symbolic links either."""


class LocalFolder(FolderStorage[LocalFolderConfig]):
    """A folder of this machine, or anything that is mounted there."""

    id = "local"

    def folder(self) -> Folder:
        """Return the configured folder."""
        return Folder(self.config.root)

    async def check(self) -> Sequence[CheckResult]:
        """See whether the folder can be listed."""
        params = {"path": self.config.root}
        try:
            await self.context.run_blocking(lambda: list(islice(self.entries(StoragePath("")), 1)))
        except CastCoreError as error:
            said = {**error.params, **params}
            return [CheckResult(code=error.code, severity=Severity.ERROR, params=said, config_field="root")]
        return [CheckResult(code="storage.readable", severity=Severity.OK, params=params)]

    async def local_path(self, path: StoragePath, /) -> Path | None:
        """Return the real path: ffmpeg opens it itself. None where a network lies between, which may hang."""

        def find() -> Path | None:
            real = self.folder().locate(path)
            return None if is_remote(real) else real

        return await self.context.run_blocking(find)
