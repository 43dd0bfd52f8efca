"""A server with a library."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from servers.staff import Reply, Staff, Visitor


@dataclass
class Shop:
    """The server, an admin, and a local source."""

    staff: Staff
    admin: Visitor
    folder: Path
    source: str

    async def scan(self) -> dict[str, Any]:
        """Scan the source and return how it went."""
        async with self.staff.core.bus.subscribe("media.scan.*") as events:
            reply = await self.admin("POST", f"/storage-sources/{self.source}/scan")
            assert reply.status == 202, reply.body
            async with asyncio.timeout(20):
                async for event in events:
                    if event.data.get("id") == reply.body["id"] and event.data.get("ended_at"):
                        return dict(event.data)
        raise AssertionError("the bus ended")

    async def items(self, query: str = "") -> list[dict[str, Any]]:
        """Return a list of the library."""
        reply = await self.admin("GET", f"/media{query}")
        assert reply.status == 200, reply.body
        return list(reply.body["items"])

    async def item(self, name: str) -> dict[str, Any]:
        """Return one item by its name."""
        (found,) = [each for each in await self.items() if each["name"] == name]
        return found

    async def thumbnail(self, item_id: str, **headers: str) -> tuple[Reply, bytes]:
        """Ask for a thumbnail and return its bytes too."""
        response = await self.admin.client.get(
            f"/api/v1/media/{item_id}/thumbnail", headers=self.admin.headers | headers
        )
        data = await response.get_data(as_text=False)
        body = await response.get_json() if response.is_json else None
        return Reply(response.status_code, body, response.headers), data
