"""Accounts: kept with their secrets locked, connected and disconnected, never shown more than they should."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from castcore_core.audit.models import AuditEntry
from castcore_core.destinations.service import Destinations
from castcore_core.platforms.models import PlatformAccount
from castcore_sdk import AuthenticationError
from platforms.scene import connected, kept, row_of, until
from servers.oidc import SECRET
from servers.platform import TYPE
from servers.staff import Staff, Visitor


async def test_the_types_tell_what_they_can(viewer: Visitor) -> None:
    reply = await viewer("GET", "/platforms")
    assert reply.status == 200, reply.body
    [stage] = [each for each in reply.body["items"] if each["id"] == TYPE]
    assert stage["capabilities"] == ["oauth", "metadata", "status", "thumbnail", "device"]
    assert (stage["limits"]["max_video_bitrate"], stage["limits"]["constant_bitrate"]) == (6_000_000, True)
    assert stage["redirect_uri"] == f"http://localhost/api/v1/platforms/{TYPE}/oauth/callback"
    assert stage["scopes"] == ["openid", "profile"]
    assert "rtmp" not in [each["id"] for each in reply.body["items"]], "it needs and tells nothing"


async def test_an_account_is_kept_changed_and_removed(admin: Visitor, viewer: Visitor) -> None:
    account = await kept(admin)
    assert account["state"] == "disconnected"
    assert account["client_secret"] == f"••••{SECRET[-4:]}"
    shown = await viewer("GET", f"/platform-accounts/{account['id']}")
    assert shown.body["name"] == "Main channel"
    path = f"/platform-accounts/{account['id']}"
    changed = await admin("PATCH", path, {"name": "Side", "client_secret": None}, If_Match=shown.headers["ETag"])
    assert (changed.body["name"], changed.body["client_secret"]) == ("Side", None)
    late = await admin("PATCH", path, {"name": "Late"}, If_Match=shown.headers["ETag"])
    assert late.code == "conflict.changed"
    assert (await admin("DELETE", path)).status == 204
    assert (await admin("GET", path)).code == "platforms.not_found"
    actions = await AuditEntry.filter(action__startswith="platforms.").order_by("id").values_list("action", flat=True)
    assert actions == ["platforms.created", "platforms.changed", "platforms.deleted"]


async def test_both_paths_make_an_account(admin: Visitor) -> None:
    body = {"name": "A", "type": TYPE, "client_id": "x"}
    assert (await admin("POST", "/platforms", body)).status == 201
    assert (await admin("POST", "/platform-accounts", body)).code == "conflict.duplicate"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": "rtmp"}, "platforms.no_accounts"),
        ({"type": "nowhere"}, "extensions.type_unknown"),
        ({"client_id": ""}, "validation.failed"),
        ({"client_id": "a\nb"}, "validation.failed"),
        ({"name": "x" * 101}, "validation.failed"),
        ({"tokens": "x"}, "validation.failed"),
    ],
)
async def test_what_cannot_be_is_refused(admin: Visitor, change: dict[str, str], code: str) -> None:
    body = {"name": "A", "type": TYPE, "client_id": "x", **change}
    assert (await admin("POST", "/platform-accounts", body)).code == code


async def test_the_list_filters_and_counts(admin: Visitor, viewer: Visitor) -> None:
    for name in ("North", "South", "Southern"):
        await kept(admin, name)
    reply = await viewer("GET", "/platform-accounts?q=south&limit=1&sort=-name")
    assert ([each["name"] for each in reply.body["items"]], reply.body["total"]) == (["Southern"], 2)
    assert (await viewer("GET", "/platform-accounts?type=other")).body["total"] == 0


async def test_another_client_disconnects(page: Visitor) -> None:
    account = await connected(page)
    path = f"/platform-accounts/{account['id']}"
    assert (await page("PATCH", path, {"client_secret": "a-new-client-secret"})).body["state"] == "connected"
    changed = (await page("PATCH", path, {"client_id": "other"})).body
    assert (changed["state"], changed["label"], changed["scopes"]) == ("disconnected", "", [])
    assert (await row_of(account)).tokens is None


async def test_a_test_asks_the_platform(page: Visitor, operator: Visitor) -> None:
    account = await connected(page)
    await PlatformAccount.filter(id=account["id"]).update(label="old", scopes="openid")
    reply = await operator("POST", f"/platform-accounts/{account['id']}/test")
    assert reply.body["ok"] is True
    assert [each["code"] for each in reply.body["checks"]] == ["platforms.working", "platforms.scope_missing"]
    assert reply.body["checks"][1]["params"]["scopes"] == "profile"
    assert (await row_of(account)).label == "Name anna"
    bare = await kept(page, "Bare")
    reply = await operator("POST", f"/platform-accounts/{bare['id']}/test")
    assert (reply.body["ok"], reply.body["checks"][0]["code"]) == (False, "platforms.not_connected")


async def test_destinations_name_an_account(page: Visitor, operator: Visitor) -> None:
    account, other = await connected(page), await kept(page, "Side")
    body = {"name": "Live", "type": TYPE, "account": account["id"]}
    made = await operator("POST", "/destinations", body)
    assert made.status == 201, made.body
    assert (made.body["account"], made.body["account_name"], made.body["account_state"]) == (
        account["id"],
        "Main channel",
        "connected",
    )
    [listed] = (await operator("GET", "/destinations")).body["items"]
    assert listed == made.body
    in_use = await page("DELETE", f"/platform-accounts/{account['id']}")
    assert (in_use.status, in_use.code) == (409, "conflict.in_use")
    path = f"/destinations/{made.body['id']}"
    changed = await operator("PATCH", path, {"account": other["id"]})
    assert (changed.body["account_name"], changed.body["revision"]) == ("Side", made.body["revision"] + 1)
    assert (await operator("PATCH", path, {"name": "Renamed"})).body["account_name"] == "Side"
    cleared = await operator("PATCH", path, {"account": None})
    assert (cleared.body["account"], cleared.body["account_state"]) == (None, None)
    assert (await page("DELETE", f"/platform-accounts/{account['id']}")).status == 204


async def test_only_an_account_of_the_same_type_fits(page: Visitor, operator: Visitor) -> None:
    account = await kept(page)
    config = {"url": "rtmp://127.0.0.1/live", "stream_key": "k"}
    body = {"name": "Studio", "type": "rtmp", "config": config, "account": account["id"]}
    assert (await operator("POST", "/destinations", body)).code == "platforms.account_type"
    body |= {"type": TYPE, "config": {}, "account": str(uuid4())}
    assert (await operator("POST", "/destinations", body)).code == "platforms.account_unknown"


async def test_removing_revokes(page: Visitor, house: Staff) -> None:
    account = await connected(page)
    core = house.core
    from castcore_core.platforms.endpoint import Tokens
    from castcore_core.platforms.token import AccountTokens
    from castcore_core.platforms.vault import tokens_of

    row = await row_of(account)
    known = tokens_of(core.ring, row)
    assert known is not None
    assert known[1] is not None
    endpoint = core.get(AccountTokens).endpoint(row)
    assert isinstance(await endpoint.renew(known[1]), Tokens)
    async with core.bus.subscribe("platforms.account") as events:
        assert (await page("DELETE", f"/platform-accounts/{account['id']}")).status == 204
        assert (await anext(events)).data["state"] == "deleted"
    with pytest.raises(Exception, match=r"oauth\.refused"):
        await endpoint.renew(known[1])


async def test_nothing_shows_the_secrets(page: Visitor, house: Staff, tmp_path: Path) -> None:
    from castcore_core.platforms.vault import tokens_of

    account = await connected(page)
    known = tokens_of(house.core.ring, await row_of(account))
    assert known is not None
    canaries = [SECRET, *(each for each in known if each)]
    assert len(canaries) == 3
    seen = [
        (await page("GET", path)).body
        for path in (f"/platform-accounts/{account['id']}", "/platform-accounts", "/platforms", "/audit")
    ]
    seen += [(await page("POST", f"/platform-accounts/{account['id']}/test")).body]
    files = [each.read_bytes() for each in (tmp_path / "data").rglob("*") if each.is_file() and each.suffix != ".json"]
    for canary in canaries:
        assert canary not in str(seen)
        assert not any(canary.encode() in content for content in files), "also the database holds it locked only"


async def test_a_secret_moved_to_another_row_does_not_open(page: Visitor) -> None:
    account, other = await connected(page), await kept(page, "Side")
    row = await row_of(account)
    await PlatformAccount.filter(id=other["id"]).update(tokens=row.tokens, state="connected")
    reply = await page("POST", f"/platform-accounts/{other['id']}/test")
    assert reply.body["checks"][0]["code"] == "secrets.unreadable"


async def test_connecting_is_told(page: Visitor, house: Staff) -> None:
    async def events() -> AsyncIterator[str]:
        async with house.core.bus.subscribe("platforms.account") as channel:
            yield "ready"
            async for event in channel:
                yield event.data["state"]

    told = events()
    await anext(told)
    await connected(page)
    assert await anext(told) == "connected"
    await told.aclose()
    assert await until(PlatformAccount.filter(state="connected").count) == 1


async def test_a_plugin_gets_one_session_and_it_ends_with_the_instance(page: Visitor, house: Staff) -> None:
    account = await connected(page)
    made = await page("POST", "/destinations", {"name": "Live", "type": TYPE, "account": account["id"]})
    destinations = house.core.get(Destinations)
    instance = destinations.configurations.instance(await destinations.get(UUID(made.body["id"])), name="x")
    context = instance.extension.context
    session, again = await asyncio.gather(context.oauth(), context.oauth())
    assert session is again
    assert (session.account, session.client_id) == ("Name anna", "castcore")
    await instance.close()
    assert session.http.is_closed


async def test_without_a_connected_account_there_is_no_session(page: Visitor, house: Staff) -> None:
    destinations = house.core.get(Destinations)
    for account in (None, (await kept(page))["id"]):
        made = await page("POST", "/destinations", {"name": f"Live {account}", "type": TYPE, "account": account})
        instance = destinations.configurations.instance(await destinations.get(UUID(made.body["id"])), name="x")
        with pytest.raises(AuthenticationError) as caught:
            await instance.extension.context.oauth()
        assert caught.value.code == "platforms.not_connected"
        await instance.close()
