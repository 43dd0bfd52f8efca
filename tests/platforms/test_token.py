"""Tokens: renewed once for everybody, kept before they are used, and given up only where a person has to help."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from castcore_core.accounts.role import Role
from castcore_core.db import utc_now
from castcore_core.platforms.models import PlatformAccount
from castcore_core.platforms.service import PlatformAccounts
from castcore_core.platforms.session import AccountSession
from castcore_core.platforms.token import AccountTokens
from castcore_sdk import AuthenticationError, OAuthProvider, TemporaryError
from platforms.scene import Stage, connected, row_of, tokens, with_provider
from servers.oidc import OpenIDProvider
from servers.platform import register
from servers.relay import Answer, Asked, Relay, relay
from servers.staff import Staff, Visitor, staffed


@dataclass
class Scene:
    """A connected account whose platform is behind a relay."""

    staff: Staff
    page: Visitor
    relay: Relay
    id: UUID

    @property
    def tokens(self) -> AccountTokens:
        return tokens(self.staff.core)

    async def row(self) -> PlatformAccount:
        return await PlatformAccount.get(id=self.id)

    async def expire(self, seconds: float = -1) -> None:
        """Let the access token expire in so many seconds."""
        await PlatformAccount.filter(id=self.id).update(expires_at=utc_now() + timedelta(seconds=seconds))
        self.relay.asked.clear()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AccountSession]:
        session = await self.staff.core.get(PlatformAccounts).connect(self.id)()
        assert isinstance(session, AccountSession)
        yield session
        await session.aclose()


@asynccontextmanager
async def scene(folder: Path, provider: OpenIDProvider) -> AsyncIterator[Scene]:
    async with staffed(folder, CASTCORE_ROLE="web") as staff, relay(provider.issuer) as before:
        register(staff.core, with_provider(Stage, provider.issuer, before))
        page = await staff.page(Role.ADMIN)
        account = await connected(page)
        before.asked.clear()
        yield Scene(staff, page, before, UUID(account["id"]))


@pytest.fixture
async def stage(tmp_path: Path, rotating: OpenIDProvider) -> AsyncIterator[Scene]:
    """With refresh tokens that are good once: using one twice ends the permission."""
    async with scene(tmp_path / "data", rotating) as made:
        yield made


def _answering(status: int, body: dict[str, object] | str, **headers: str):
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()

    async def meddle(asked: Asked, answer: Answer | None) -> Answer | None:
        if asked.path != "/token":
            return None
        sent = {"Content-Type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
        return status, sent, content

    return meddle


async def test_a_fresh_token_is_used_as_it_is(stage: Scene) -> None:
    async with stage.session() as session:
        answer = await session.http.get(f"{stage.relay.address}/me")
        assert answer.json()["name"] == "Name anna"
        assert (session.account, session.client_id) == ("Name anna", "castcore")
    assert [each.path for each in stage.relay.asked] == ["/me"]


async def test_ten_tasks_renew_once(stage: Scene) -> None:
    await stage.expire()
    found = await asyncio.gather(*(stage.tokens.access(stage.id) for _ in range(10)))
    assert len({each.token for each in found}) == 1
    assert len(stage.relay.to("/token")) == 1
    # Again with the token that has rotated: it was kept.
    await stage.expire()
    await stage.tokens.access(stage.id)
    assert (await stage.row()).state == "connected"


async def test_two_processes_renew_once(stage: Scene) -> None:
    await stage.expire()
    others = [AccountTokens(stage.staff.core) for _ in range(3)]
    found = await asyncio.gather(*(each.access(stage.id) for each in (stage.tokens, *others) for _ in range(3)))
    assert len({each.token for each in found}) == 1
    assert len(stage.relay.to("/token")) == 1


async def test_a_token_is_renewed_before_it_expires(stage: Scene) -> None:
    await stage.expire(30)
    await stage.tokens.access(stage.id)
    assert len(stage.relay.to("/token")) == 1
    row = await stage.row()
    assert row.expires_at is not None
    assert row.expires_at > utc_now() + timedelta(seconds=500)
    assert row.renewing_until is None


async def test_nobody_waits_for_a_platform_that_is_away_while_the_token_is_good(stage: Scene) -> None:
    await stage.expire(30)
    stage.relay.meddle = _answering(503, "away")
    assert (await stage.tokens.access(stage.id)).token
    await stage.expire()
    with pytest.raises(TemporaryError) as caught:
        await stage.tokens.access(stage.id)
    assert (caught.value.code, caught.value.params) == ("oauth.unreachable", {"reason": "HTTP 503"})
    stage.relay.meddle = None
    assert (await stage.tokens.access(stage.id)).token, "at once: the claim is given back"


async def test_the_platform_names_the_wait(stage: Scene) -> None:
    await stage.expire()
    stage.relay.meddle = _answering(429, {}, Retry_After="17")
    with pytest.raises(TemporaryError) as caught:
        await stage.tokens.access(stage.id)
    assert caught.value.retry_after == timedelta(seconds=17)
    with pytest.raises(TemporaryError) as caught:
        await stage.tokens.access(stage.id)
    assert caught.value.retry_after is not None
    assert timedelta(seconds=10) < caught.value.retry_after < timedelta(seconds=17)
    assert len(stage.relay.to("/token")) == 1, "it is not asked before"


async def test_a_refused_token_is_renewed_once_and_the_request_repeated(stage: Scene) -> None:
    refused: list[str] = []

    async def meddle(asked: Asked, answer: Answer | None) -> Answer | None:
        token = asked.headers.get("authorization", "")
        if asked.path == "/me" and answer is None and not refused:
            refused.append(token)
        return (401, {}, b"") if token in refused and token else None

    stage.relay.meddle = meddle
    async with stage.session() as session:
        answers = await asyncio.gather(*(session.http.get(f"{stage.relay.address}/me") for _ in range(5)))
    assert {each.status_code for each in answers} == {200}
    assert len(stage.relay.to("/token")) == 1


async def test_a_platform_that_refuses_every_token_is_not_asked_for_ever(stage: Scene) -> None:
    async def meddle(asked: Asked, answer: Answer | None) -> Answer | None:
        return (401, {}, b"no") if asked.path == "/me" else None

    stage.relay.meddle = meddle
    async with stage.session() as session:
        assert (await session.http.get(f"{stage.relay.address}/me")).status_code == 401
    assert [each.path for each in stage.relay.asked] == ["/me", "/token", "/me"]


async def test_a_withdrawn_permission_wants_a_person(stage: Scene) -> None:
    await stage.expire()
    stage.relay.meddle = _answering(400, {"error": "invalid_grant", "error_description": "revoked"})
    async with stage.staff.core.bus.subscribe("platforms.account") as events:
        for _ in range(2):
            with pytest.raises(AuthenticationError) as caught:
                await stage.tokens.access(stage.id)
            assert (caught.value.code, caught.value.params) == (
                "platforms.reauthentication",
                {"account": "Main channel"},
            )
        told = await anext(events)
        assert (told.data["state"], told.data["name"]) == ("reauthentication", "Main channel")
        assert events.take() is None, "told once"
    assert len(stage.relay.to("/token")) == 1, "and asked once"
    shown = (await stage.page("GET", f"/platform-accounts/{stage.id}")).body
    assert (shown["state"], shown["code"], shown["params"]) == (
        "reauthentication",
        "oauth.refused",
        {"reason": "invalid_grant"},
    )
    async with stage.session() as session:
        with pytest.raises(AuthenticationError):
            await session.http.get(f"{stage.relay.address}/me")
    # The platform has erred: a test finds out.
    stage.relay.meddle = None
    assert (await stage.page("POST", f"/platform-accounts/{stage.id}/test")).body["ok"] is True
    assert (await stage.row()).state == "connected"


async def test_a_used_refresh_token_really_ends_the_permission(stage: Scene) -> None:
    before = (await stage.row()).tokens
    await stage.expire()
    await stage.tokens.access(stage.id)
    await PlatformAccount.filter(id=stage.id).update(tokens=before)
    await stage.expire()
    with pytest.raises(AuthenticationError):
        await stage.tokens.access(stage.id)
    assert (await stage.row()).state == "reauthentication"


async def test_who_gives_up_waiting_loses_nothing(stage: Scene) -> None:
    await stage.expire()
    slow = asyncio.Event()

    async def meddle(asked: Asked, answer: Answer | None) -> Answer | None:
        if asked.path == "/token" and answer is not None:
            await slow.wait()
        return None

    stage.relay.meddle = meddle
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(stage.tokens.access(stage.id), 0.3)
    waiting = asyncio.create_task(stage.tokens.access(stage.id))
    slow.set()
    assert (await waiting).revision == (await stage.row()).revision
    assert len(stage.relay.to("/token")) == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, "<html>a hotel's page</html>"),
        (200, "[]"),
        (403, {"message": "Forbidden"}),
        (404, ""),
        (200, "x" * 300_000),
        (302, ""),
    ],
)
async def test_nonsense_costs_no_permission(stage: Scene, status: int, body: dict[str, object] | str) -> None:
    await stage.expire()
    stage.relay.meddle = _answering(status, body)
    with pytest.raises(TemporaryError):
        await stage.tokens.access(stage.id)
    assert (await stage.row()).state == "connected"


async def test_a_platform_with_words_of_its_own_is_understood(stage: Scene) -> None:
    await stage.expire()
    stage.relay.meddle = _answering(400, {"status": 400, "message": "Invalid refresh token"})
    with pytest.raises(AuthenticationError):
        await stage.tokens.access(stage.id)
    assert (await stage.row()).params == {"reason": "invalid_refresh_token"}


async def test_a_token_without_a_refresh_token_is_used_to_its_end(stage: Scene) -> None:
    stage.relay.meddle = _answering(200, {"access_token": "short-lived-token", "expires_in": 30, "scope": ["a", "b"]})
    from castcore_core.platforms.endpoint import Tokens

    until = utc_now() + timedelta(seconds=30)
    await stage.tokens.put(stage.id, Tokens("short-lived-token", None, until, "a b"))
    assert (await stage.tokens.access(stage.id)).token == "short-lived-token"
    await stage.expire()
    with pytest.raises(AuthenticationError):
        await stage.tokens.access(stage.id)
    assert stage.relay.to("/token") == []


async def test_an_account_that_is_deleted_meanwhile_stays_deleted(stage: Scene) -> None:
    await stage.expire()
    asked = asyncio.Event()
    go = asyncio.Event()

    async def meddle(request: Asked, answer: Answer | None) -> Answer | None:
        if request.path == "/token" and answer is not None:
            asked.set()
            await go.wait()
        return None

    stage.relay.meddle = meddle
    waiting = asyncio.create_task(stage.tokens.access(stage.id))
    await asked.wait()
    assert (await stage.page("DELETE", f"/platform-accounts/{stage.id}")).status == 204
    go.set()
    with pytest.raises(Exception, match="not_found"):
        await waiting
    assert await PlatformAccount.all().count() == 0


async def test_what_is_about_to_expire_is_renewed_although_nobody_asks(
    tmp_path: Path, rotating: OpenIDProvider
) -> None:
    async with scene(tmp_path / "data", rotating) as made:
        await made.expire(200)
        keeping = asyncio.create_task(made.tokens.keep())
        async with asyncio.timeout(5):
            while (await made.row()).revision < 2:
                await asyncio.sleep(0.05)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        assert len(made.relay.to("/token")) == 1


async def test_the_words_that_are_sent_stand_in_no_address(stage: Scene) -> None:
    await stage.expire()
    await stage.tokens.access(stage.id)
    async with stage.session() as session:
        await session.http.get(f"{stage.relay.address}/me")
    assert all("?" not in each.path for each in stage.relay.asked)
    provider: OAuthProvider = Stage.oauth_provider
    assert provider.pkce
    assert (await row_of({"id": str(stage.id)})).state == "connected"
