"""The picture that a platform shows before and beside a broadcast: an asset of this server."""

from __future__ import annotations

import asyncio
from uuid import UUID

from castcore_core.assets.service import Assets
from castcore_core.core import Core
from castcore_sdk.errors import NotFoundError

_TYPES = ("image/jpeg", "image/png")


async def picture_of(core: Core, asset_id: UUID) -> tuple[bytes, str]:
    """Return an asset's bytes and media type. Raises NotFoundError ``metadata.no_thumbnail``."""
    assets = core.get(Assets)
    try:
        row = await assets.get(asset_id)
        if row.media_type not in _TYPES:
            raise NotFoundError("metadata.no_thumbnail")
        return await asyncio.to_thread(assets.path(row).read_bytes), row.media_type
    except (NotFoundError, OSError):
        raise NotFoundError("metadata.no_thumbnail") from None
