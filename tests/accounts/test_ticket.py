"""Tickets for live channels: once, for a minute, and only there."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from quart.testing.connections import WebsocketResponseError

from castcore_core.accounts.models import Ticket
from castcore_core.accounts.role import Role
from castcore_core.db import utc_now
from servers.staff import PASSWORD, Staff, Visitor, staffed

SYSTEM = "/api/v1/ws/system"


async def _opens(staff: Staff, path: str, **headers: str) -> bool:
    try:
        async with staff.app.test_client().websocket(path, headers=headers) as socket:
            await asyncio.wait_for(socket.receive(), 5)
            return True
    except WebsocketResponseError as refused:
        return refused.response.status_code not in (401, 403)


async def _ticket(visitor: Visitor) -> str:
    reply = await visitor("POST", "/auth/ws-ticket")
    assert (reply.status, reply.body["expires_in"]) == (200, 60)
    return str(reply.body["ticket"])


async def test_a_ticket_opens_one_channel_once(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        ticket = await _ticket(await staff.signed_in(Role.VIEWER))
        assert await _opens(staff, f"{SYSTEM}?ticket={ticket}")
        assert not await _opens(staff, f"{SYSTEM}?ticket={ticket}")
        assert not await _opens(staff, SYSTEM)
        assert not await _opens(staff, f"{SYSTEM}?ticket=")
        assert not await _opens(staff, f"{SYSTEM}?ticket={'x' * 5000}")


async def test_of_many_who_come_with_one_ticket_one_gets_in(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        ticket = await _ticket(await staff.signed_in(Role.VIEWER))
        opened = await asyncio.gather(*(_opens(staff, f"{SYSTEM}?ticket={ticket}") for _ in range(4)))
        assert sum(opened) == 1


async def test_a_ticket_is_good_for_a_minute_and_while_the_session_lives(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        viewer = await staff.signed_in(Role.VIEWER)
        old = await _ticket(viewer)
        await Ticket.all().update(expires_at=utc_now() - timedelta(seconds=1))
        assert not await _opens(staff, f"{SYSTEM}?ticket={old}")
        orphan = await _ticket(viewer)
        await viewer("POST", "/auth/logout")
        assert not await _opens(staff, f"{SYSTEM}?ticket={orphan}")


async def test_channels_also_take_bearers_tokens_and_our_own_pages(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        granted = await staff.session(staff.users[Role.VIEWER])
        assert await _opens(staff, SYSTEM, Authorization=f"Bearer {granted.access_token}")
        assert await _opens(staff, f"{SYSTEM}?token={granted.access_token}")
        person = await staff.signed_in(Role.VIEWER)
        body = {"name": "robot", "scopes": ["system:read"], "password": PASSWORD}
        token = (await person("POST", "/auth/tokens", body)).body["token"]
        assert await _opens(staff, f"{SYSTEM}?token={token}")
        narrow = {"name": "narrow", "scopes": ["users:read"], "password": PASSWORD}
        other = (await person("POST", "/auth/tokens", narrow)).body["token"]
        assert not await _opens(staff, f"{SYSTEM}?token={other}")
        page = await staff.page(Role.VIEWER)
        cookie = f"castcore_session={next(iter(page.client.cookie_jar)).value}"
        assert await _opens(staff, SYSTEM, Cookie=cookie, Origin="http://localhost")
        assert not await _opens(staff, SYSTEM, Cookie=cookie, Origin="http://evil.example")
        assert not await _opens(staff, SYSTEM, Cookie=cookie)


async def test_secrets_in_addresses_open_nothing_else(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        viewer = await staff.signed_in(Role.VIEWER)
        ticket = await _ticket(viewer)
        token = viewer.headers["Authorization"].removeprefix("Bearer ")
        for query in (f"ticket={ticket}", f"token={token}"):
            assert (await staff.anonymous()("GET", f"/auth/me?{query}")).status == 401


async def test_tickets_are_limited(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        viewer = await staff.signed_in(Role.VIEWER)
        # While the requests are made, two a second become free again.
        statuses = [(await viewer("POST", "/auth/ws-ticket")).status for _ in range(120)]
        while statuses[-1] == 200 and len(statuses) < 600:
            statuses.append((await viewer("POST", "/auth/ws-ticket")).status)
        assert statuses[:120] == [200] * 120
        assert statuses[-1] == 429
