"""Delivery: in order, again where it makes sense, and nobody waits for anybody else."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx2 as httpx
import pytest

from castcore_core.db import utc_now
from castcore_core.events.bus import Subscription
from castcore_core.notifications import lane
from castcore_core.notifications.event import HAPPENED, report
from castcore_core.notifications.models import NotificationDelivery, NotificationTarget
from castcore_core.plugins.host import PluginHost
from notifications.conftest import Keep, Watching
from servers.chat import ChatServer
from servers.staff import Staff, Visitor


async def tell(house: Staff, *names: str) -> None:
    """Say that storages fail."""
    for name in names:
        await report(house.core.bus, "storage.failing", name, params={"source": name})


def sources(chat: ChatServer) -> list[str]:
    return [params["source"] for event, params in chat.heard() if event == "storage.failing"]


async def heard(events: Subscription, name: str) -> None:
    """Wait until ``name`` is said on the bus."""
    async with asyncio.timeout(20):
        async for event in events:
            if event.channel == f"{HAPPENED}.{name}":
                return


async def log_of(admin: Visitor, target: dict[str, Any]) -> list[dict[str, Any]]:
    reply = await admin("GET", f"/notifications/{target['id']}/deliveries?sort=created_at")
    return list(reply.body["items"])


def statuses(*codes: int, **headers: str) -> Any:
    """Return an answer that gives one status after the other, then 204."""
    coming: Iterator[int] = iter(codes)
    return lambda request: httpx.Response(next(coming, 204), headers=headers, text="so it is")


async def test_what_fails_for_now_is_tried_again_in_order(
    house: Staff, admin: Visitor, watching: Watching, keep: Keep, chat: ChatServer
) -> None:
    target = await keep(chat)
    chat.answer = statuses(503, 429, 500)
    async with watching():
        await tell(house, "one", "two", "three")
        await chat.wait(3)
    assert sources(chat) == ["one", "two", "three"]
    ids = [request.headers["webhook-id"] for request in chat.requests]
    assert ids[:4] == [ids[0]] * 4
    assert len(set(ids)) == 3
    log = await log_of(admin, target)
    assert [(each["state"], each["attempts"], each["code"], each["answer"]) for each in log] == [
        ("sent", 4, "", "204"),
        ("sent", 1, "", "204"),
        ("sent", 1, "", "204"),
    ]


async def test_retry_after_is_kept_to(
    house: Staff, admin: Visitor, watching: Watching, keep: Keep, chat: ChatServer
) -> None:
    target = await keep(chat)
    chat.answer = statuses(429, **{"Retry-After": "120"})
    async with watching():
        await tell(house, "one")
        await chat.until(lambda: len(chat.requests) == 1)
        while not (log := await log_of(admin, target))[0]["attempts"]:
            await asyncio.sleep(0.01)
        wait = datetime.fromisoformat(log[0]["next_attempt"]) - utc_now()
        assert timedelta(seconds=110) < wait <= timedelta(seconds=120)
        assert (log[0]["state"], log[0]["code"], log[0]["answer"]) == ("queued", "webhook.busy", "429 so it is")
        # A target that is changed is tried at once.
        await NotificationDelivery.all().update(next_attempt=utc_now())
        await admin("PATCH", f"/notifications/{target['id']}", {"name": "New"})
        await chat.wait(1)


async def test_what_cannot_work_fails_at_once_and_others_are_told(
    house: Staff, admin: Visitor, watching: Watching, keep: Keep, chat: ChatServer, other: ChatServer
) -> None:
    broken = await keep(chat, "Broken")
    await keep(other, "Good")
    chat.answer = statuses(410)
    async with watching():
        await tell(house, "one")
        await other.until(lambda: "notification.failing" in [event for event, _ in other.heard()])
        shown = (await admin("GET", f"/notifications/{broken['id']}")).body
        assert (shown["enabled"], shown["last"]["state"], shown["last"]["code"]) == (True, "failed", "webhook.gone")
        assert [each["state"] for each in await log_of(admin, broken)] == ["failed"]
        await tell(house, "two")
        await other.until(lambda: "notification.working" in [event for event, _ in other.heard()])
    assert sources(chat) == ["two"]
    failing = next(message for message in other.messages if message["event"] == "notification.failing")
    assert failing["params"] == {"target": "Broken"}
    assert "takes no notifications any more" in failing["body"]


async def test_a_target_that_hangs_delays_no_other_and_not_the_bus(
    house: Staff, watching: Watching, keep: Keep, chat: ChatServer, other: ChatServer
) -> None:
    """By order, not by time: the slow one is let go only after the fast one has everything."""
    await keep(chat, "Slow")
    await keep(other, "Fast")
    chat.free.clear()
    names = [f"s{number}" for number in range(10)]
    async with watching():
        for name in names:
            await tell(house, name)
            await other.wait(names.index(name) + 1)
        assert (len(chat.requests), chat.taken) == (1, [])
        chat.free.set()
        await chat.wait(10)
    assert sources(chat) == sources(other) == names


async def test_a_notifier_that_never_returns_is_left_by_the_guard(
    house: Staff, admin: Visitor, watching: Watching, keep: Keep, chat: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = house.core.get(PluginHost).registry.notifiers["webhook"].item
    monkeypatch.setattr(webhook, "timeouts", {"send": timedelta(seconds=0.2)})
    target = await keep(chat)
    chat.free.clear()
    async with watching():
        await tell(house, "one")
        while not (log := await log_of(admin, target)) or not log[0]["attempts"]:
            await asyncio.sleep(0.01)
        assert (log[0]["state"], log[0]["code"]) == ("queued", "plugins.call_timeout")
        chat.free.set()
        await chat.wait(2)
    assert len({request.headers["webhook-id"] for request in chat.requests}) == 1


async def test_what_is_too_old_is_given_up(
    house: Staff, admin: Visitor, watching: Watching, keep: Keep, chat: ChatServer
) -> None:
    target = await keep(chat)
    chat.answer = lambda request: httpx.Response(503)
    async with watching():
        await tell(house, "one", "two")
        await chat.until(lambda: len(chat.requests) >= 2)
        await NotificationDelivery.all().update(expires_at=utc_now())
        while any(each["state"] == "queued" for each in await log_of(admin, target)):
            await asyncio.sleep(0.01)
    log = await log_of(admin, target)
    assert [(each["state"], each["code"]) for each in log] == [
        ("failed", "webhook.busy"),
        ("failed", "notifications.expired"),
    ]
    assert log[1]["attempts"] == 0


async def test_what_waits_is_sent_in_the_next_life_with_the_same_id(
    house: Staff, watching: Watching, keep: Keep, chat: ChatServer
) -> None:
    await keep(chat)
    chat.answer = statuses(*[503] * 3)
    async with watching():
        await tell(house, "one", "two")
        await chat.until(lambda: len(chat.requests) >= 1)
        while await NotificationDelivery.all().count() < 2:
            await asyncio.sleep(0.01)
    async with watching():
        first, second = await chat.wait(2)
    assert (first["params"]["source"], second["params"]["source"]) == ("one", "two")
    assert chat.requests[0].headers["webhook-id"] == first["id"]


async def test_messages_wait_for_a_plugin_that_is_missing(
    house: Staff, admin: Visitor, watching: Watching, keep: Keep, chat: ChatServer
) -> None:
    target = await keep(chat)
    await NotificationTarget.all().update(type="pigeon")
    async with watching():
        await tell(house, "one")
        while not (log := await log_of(admin, target)) or not log[0]["attempts"]:
            await asyncio.sleep(0.01)
        assert (log[0]["state"], log[0]["code"]) == ("queued", "extensions.type_unknown")
        assert (await admin("GET", f"/notifications/{target['id']}")).body["available"] is False
        await NotificationTarget.all().update(type="webhook", updated_at=utc_now())
        await house.core.bus.publish("notifications", {})
        await chat.wait(1)


async def test_an_address_that_became_forbidden_is_not_sent_to(
    house: Staff, admin: Visitor, watching: Watching, keep: Keep, chat: ChatServer
) -> None:
    target = await keep(chat)
    await admin("PATCH", "/settings", {"private_addresses": False})
    async with house.core.bus.subscribe(f"{HAPPENED}.*") as events, watching():
        await tell(house, "one")
        await heard(events, "notification.failing")
    assert chat.requests == []
    assert [each["code"] for each in await log_of(admin, target)] == ["streams.address_forbidden"]


async def test_the_log_is_bounded(
    house: Staff, watching: Watching, keep: Keep, chat: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "KEPT", 3)
    monkeypatch.setattr(lane, "_TIDY_EVERY", 2)
    await keep(chat)
    async with watching():
        await tell(house, *[f"s{number}" for number in range(9)])
        await chat.wait(9)
    assert await NotificationDelivery.all().count() <= 4
