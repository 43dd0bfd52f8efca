"""The picture that a platform shows before and beside a broadcast: an asset of this server."""

from __future__ import annotations

import asyncio
from uuid import UUID

from castcore_core.assets.models import Asset
from castcore_core.core import Core
from castcore_sdk.errors import NotFoundError

_TYPES = ("image/jpeg", "image/png")


async def picture_of(core: Core, asset_id: UUID) -> tuple[bytes, str]:
    """Return an asset's bytes and media type. Raises NotFoundError ``metadata.no_thumbnail``."""
    row = await Asset.get_or_none(id=asset_id)
    if row is None or row.media_type not in _TYPES:
        raise NotFoundError("metadata.no_thumbnail")
    try:
        content = await asyncio.to_thread((core.folder.root / "assets" / row.file).read_bytes)
    except OSError:
        raise NotFoundError("metadata.no_thumbnail") from None
    return content, row.media_type
