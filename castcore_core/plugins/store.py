"""Small JSON documents of one plugin, each a file of its own, until the database takes them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from castcore_core.plugins import jsonfile
from castcore_sdk import PermanentError

LARGEST = 1 << 20
"""Bytes of one document as JSON."""

_LONGEST_NAME = 200


class FileStore:
    """A `castcore_sdk.DocumentStore` in a folder. Names are quoted, so none can lead out of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def get(self, collection: str, key: str, /) -> Mapping[str, Any] | None:
        """Return the document, None where there is none. Raises PermanentError ``plugins.document_unreadable``."""
        return await asyncio.to_thread(_read, self._file(collection, key), key)

    async def put(self, collection: str, key: str, value: Mapping[str, Any], /) -> None:
        """Write the document in one step.

        Raises PermanentError ``plugins.document_invalid`` for what is no JSON or larger than `LARGEST`, and
        ``plugins.document_name``.
        """
        file = self._file(collection, key)
        try:
            text = json.dumps(dict(value), allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise PermanentError("plugins.document_invalid", params={"key": key}, detail=str(error)) from None
        if len(text) > LARGEST:
            raise PermanentError("plugins.document_invalid", params={"key": key}, detail=f"{len(text)} bytes")
        await asyncio.to_thread(jsonfile.write, file, json.loads(text))

    async def delete(self, collection: str, key: str, /) -> None:
        """Remove the document; it may be gone already."""
        file = self._file(collection, key)
        await asyncio.to_thread(file.unlink, missing_ok=True)

    async def scan(self, collection: str, /, *, prefix: str = "") -> AsyncIterator[tuple[str, Mapping[str, Any]]]:
        """Yield keys that begin with ``prefix`` and their documents, in order of the keys."""
        folder = self._folder / _quoted(collection)
        files = await asyncio.to_thread(lambda: list(folder.glob("*.json")))
        keys = sorted(unquote(file.name.removesuffix(".json")) for file in files)
        for key in keys:
            if key.startswith(prefix) and (value := await self.get(collection, key)) is not None:
                yield key, value

    def _file(self, collection: str, key: str) -> Path:
        return self._folder / _quoted(collection) / f"{_quoted(key)}.json"


def _read(file: Path, key: str) -> Mapping[str, Any] | None:
    value = jsonfile.read(file, limit=16 * LARGEST)
    if value is None and file.exists():
        raise PermanentError("plugins.document_unreadable", params={"key": key})
    return value


def _quoted(name: str) -> str:
    quoted = quote(name, safe="").replace(".", "%2E")
    if not 0 < len(quoted) <= _LONGEST_NAME:
        raise PermanentError("plugins.document_name", params={"key": name[:80]})
    return quoted
