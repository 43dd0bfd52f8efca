"""Device codes: typed elsewhere, asked for in the background, ended by every answer that RFC 8628 has."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from castcore_core.accounts.role import Role
from castcore_core.db import utc_now
from castcore_core.platforms.device import DeviceGrants
from castcore_core.platforms.models import DeviceGrant
from platforms.scene import Stage, kept, row_of, until, with_provider
from servers.oidc import OpenIDProvider, type_code
from servers.platform import register
from servers.relay import Answer, Asked, Relay, relay
from servers.staff import Staff, Visitor, staffed


@pytest.fixture
async def relayed(tmp_path: Path, provider: OpenIDProvider) -> AsyncIterator[tuple[Staff, Relay]]:
    async with staffed(tmp_path / "relayed", CASTCORE_ROLE="web") as staff, relay(provider.issuer) as before:
        register(staff.core, with_provider(Stage, provider.issuer, before))
        yield staff, before


async def _hurried(account: dict[str, Any]) -> None:
    """Let the next question come at once: the provider says five seconds."""
    await DeviceGrant.filter(account_id=account["id"]).update(interval=1, ask_at=utc_now())


async def _begun(visitor: Visitor, account: dict[str, Any]) -> dict[str, Any]:
    reply = await visitor("POST", f"/platform-accounts/{account['id']}/device")
    assert reply.status == 201, reply.body
    return dict(reply.body)


async def _state(visitor: Visitor, account: dict[str, Any]) -> str:
    return str((await visitor("GET", f"/platform-accounts/{account['id']}")).body["state"])


async def test_a_code_is_typed_and_the_account_is_connected(admin: Visitor, house: Staff) -> None:
    account = await kept(admin)
    async with house.core.bus.subscribe("platforms.account") as events:
        code = await _begun(admin, account)
        assert (await anext(events)).data["state"] == "connecting"
        assert code["state"] == "pending"
        assert code["user_code"] in code["verification_url_complete"]
        assert "device_code" not in code
        assert await _state(admin, account) == "connecting"
        await type_code(code["verification_url"], code["user_code"], "tvset")
        await _hurried(account)
        house.core.get(DeviceGrants).look()
        assert (await anext(events)).data["state"] == "connected"

    async def named() -> bool:
        return (await row_of(account)).label == "Name tvset"

    await until(named)
    assert (await admin("GET", f"/platform-accounts/{account['id']}/device")).code == "oauth.no_device_code"


async def test_who_says_no_is_told(admin: Visitor, house: Staff) -> None:
    account = await kept(admin)
    code = await _begun(admin, account)
    await type_code(code["verification_url"], code["user_code"], "tvset", agree=False)
    await _hurried(account)
    house.core.get(DeviceGrants).look()
    path = f"/platform-accounts/{account['id']}/device"

    async def failed() -> bool:
        return bool((await admin("GET", path)).body["state"] == "failed")

    await until(failed)
    assert (await admin("GET", path)).body["code"] == "oauth.access_denied"
    assert await _state(admin, account) == "disconnected"


async def test_a_code_that_nobody_types_expires(admin: Visitor, house: Staff) -> None:
    account = await kept(admin)
    await _begun(admin, account)
    await DeviceGrant.all().update(expires_at=utc_now() - timedelta(seconds=1))
    await _hurried(account)
    house.core.get(DeviceGrants).look()

    async def failed() -> bool:
        return await DeviceGrant.filter(code="oauth.device_expired").exists()

    await until(failed)


@pytest.mark.parametrize(
    ("body", "slower"),
    [
        ({"error": "slow_down"}, 6),
        ({"error": "authorization_pending"}, 1),
        ({"status": 400, "message": "authorization_pending"}, 1),
    ],
)
async def test_the_platform_sets_the_pace(relayed: tuple[Staff, Relay], body: dict[str, Any], slower: int) -> None:
    staff, before = relayed
    admin = await staff.signed_in(Role.ADMIN)
    account = await kept(admin)
    await _begun(admin, account)

    async def meddle(asked: Asked, answer: Answer | None) -> Answer | None:
        if asked.path != "/token":
            return None
        return 400, {"Content-Type": "application/json"}, json.dumps(body).encode()

    before.meddle = meddle
    await _hurried(account)
    staff.core.get(DeviceGrants).look()

    async def asked() -> bool:
        grant = await DeviceGrant.get(account_id=account["id"])
        return len(before.to("/token")) > 0 and grant.ask_at > utc_now()

    await until(asked)

    async def paced() -> bool:
        grant = await DeviceGrant.get(account_id=account["id"])
        return (grant.interval, grant.code) == (slower, "")

    await until(paced)


async def test_a_platform_that_is_away_is_asked_later(relayed: tuple[Staff, Relay]) -> None:
    staff, before = relayed
    admin = await staff.signed_in(Role.ADMIN)
    account = await kept(admin)
    code = await _begun(admin, account)

    async def meddle(asked: Asked, answer: Answer | None) -> Answer | None:
        return (503, {"Retry-After": "60"}, b"") if asked.path == "/token" else None

    before.meddle = meddle
    await _hurried(account)
    staff.core.get(DeviceGrants).look()

    async def later() -> bool:
        return (await DeviceGrant.get(account_id=account["id"])).ask_at > utc_now() + timedelta(seconds=50)

    await until(later)
    before.meddle = None
    await type_code(code["verification_url"], code["user_code"], "late")
    await _hurried(account)
    staff.core.get(DeviceGrants).look()

    async def connected() -> bool:
        return await _state(admin, account) == "connected"

    await until(connected)


async def test_another_code_takes_the_place_and_one_can_be_forgotten(admin: Visitor) -> None:
    account = await kept(admin)
    first, second = await _begun(admin, account), await _begun(admin, account)
    assert first["user_code"] != second["user_code"]
    path = f"/platform-accounts/{account['id']}/device"
    assert (await admin("GET", path)).body["user_code"] == second["user_code"]
    assert (await admin("DELETE", path)).status == 204
    assert (await admin("GET", path)).code == "oauth.no_device_code"
    assert await _state(admin, account) == "disconnected"


async def test_after_a_restart_the_questions_go_on(tmp_path: Path, provider: OpenIDProvider) -> None:
    async with staffed(tmp_path / "d", CASTCORE_ROLE="web") as staff:
        register(staff.core, with_provider(Stage, provider.issuer))
        admin = await staff.signed_in(Role.ADMIN)
        account = await kept(admin)
        code = await _begun(admin, account)
    await type_code(code["verification_url"], code["user_code"], "patient")
    from servers.castcore import running_core

    async with running_core(tmp_path / "d", CASTCORE_ROLE="web") as core:
        register(core, with_provider(Stage, provider.issuer))
        await DeviceGrant.all().update(ask_at=utc_now(), code="")
        core.get(DeviceGrants).look()

        async def connected() -> bool:
            return (await row_of(account)).state == "connected"

        await until(connected)


async def test_not_every_platform_has_codes(admin: Visitor, house: Staff, provider: OpenIDProvider) -> None:
    from dataclasses import replace

    from servers.platform import provider_at

    without = replace(provider_at(provider.issuer), device_url=None)
    kind = type("Browsers", (Stage,), {"id": "browsers", "oauth_provider": without})
    from castcore_core.plugins.contract import Contribution
    from castcore_core.plugins.host import PluginHost
    from castcore_core.plugins.offer import Kind, Offer

    house.core.get(PluginHost).registry.add("browsers", [Contribution(Offer(Kind.DESTINATION, "browsers"), kind)])
    account = await kept(admin, type="browsers")
    reply = await admin("POST", f"/platform-accounts/{account['id']}/device")
    assert (reply.status, reply.code) == (422, "platforms.no_device")
