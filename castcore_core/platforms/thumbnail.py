"""The picture that a platform shows before and beside a broadcast: an asset of this server."""

from __future__ import annotations

import asyncio
from uuid import UUID

from castcore_core.assets.models import Asset
from castcore_core.assets.service import Assets
from castcore_core.core import Core
from castcore_sdk.errors import NotFoundError

_TYPES = ("image/jpeg", "image/png")


async def check_picture(asset_id: UUID) -> Asset:
    """Return an asset that platforms take. Raises NotFoundError ``metadata.no_thumbnail``."""
    row = await Asset.get_or_none(id=asset_id)
    if row is None or row.media_type not in _TYPES:
        raise NotFoundError("metadata.no_thumbnail")
    return row


async def picture_of(core: Core, asset_id: UUID) -> tuple[bytes, str]:
    """Return an asset's bytes and media type. Raises NotFoundError ``metadata.no_thumbnail``."""
    row = await check_picture(asset_id)
    try:
        return await asyncio.to_thread(core.get(Assets).path(row).read_bytes), row.media_type
    except OSError:
        raise NotFoundError("metadata.no_thumbnail") from None
