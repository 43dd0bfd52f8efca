"""Scans on the WebSocket of states."""

from __future__ import annotations

from castcore_core.api.live import Message, Outbox
from castcore_core.core import Core
from castcore_core.media.scans import PROGRESS, Scans
from castcore_core.media.schemas import ScanAnswer


async def tell_scans(core: Core, outbox: Outbox) -> None:
    """Put every scan that runs, and each change of one, into ``outbox`` as ``scan`` until cancelled."""
    async with core.bus.subscribe(f"{PROGRESS}.*") as events:
        for row in await core.get(Scans).running():
            outbox.put(_message(ScanAnswer.model_validate(row).model_dump(mode="json")), ("scan", str(row["id"])))
        async for event in events:
            if event.data.get("id"):
                outbox.put(_message(dict(event.data)), ("scan", str(event.data["id"])))


def _message(scan: dict[str, object]) -> Message:
    return Message("scan", scan)
