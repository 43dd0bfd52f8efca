"""Targets over the API: who may, what is kept, what is shown."""

from __future__ import annotations

from typing import Any

import httpx2 as httpx
import pytest

from castcore_core.i18n import LANGUAGES, catalogue
from castcore_core.notifications.event import EVENTS
from castcore_core.notifications.models import NotificationDelivery, NotificationTarget
from notifications.conftest import Keep
from servers.chat import SECRET, ChatServer
from servers.house import faults
from servers.staff import Staff, Visitor

SHOWN = "••••Yw=="


async def test_a_target_is_kept_shown_changed_and_removed(admin: Visitor, chat: ChatServer, keep: Keep) -> None:
    hours = {"from": "22:00", "to": "07:00", "timezone": "Europe/Berlin", "errors_pass": True}
    made = await keep(chat, events=["job.*", "disk.full"], min_level="info", language="de", quiet_hours=hours)
    path = f"/notifications/{made['id']}"
    assert made["config"] == {"url": f"{chat.url}/hook", "secret": SHOWN, "private_addresses": True}
    assert (made["events"], made["min_level"], made["language"]) == (["job.*", "disk.full"], "info", "de")
    assert (made["quiet_hours"], made["available"], made["last"]) == (hours, True, None)
    assert (await admin("GET", path)).body == made
    change = {"name": "Day shift", "quiet_hours": None, "language": None, "config": {"secret": "another-secret-1234"}}
    changed = (await admin("PATCH", path, change)).body
    assert (changed["name"], changed["quiet_hours"], changed["language"]) == ("Day shift", None, None)
    assert (changed["config"]["secret"], changed["config"]["url"]) == ("••••1234", f"{chat.url}/hook")
    assert (await admin("DELETE", path)).status == 204
    assert (await admin("GET", path)).code == "notifications.not_found"


async def test_secrets_are_locked(keep: Keep, chat: ChatServer) -> None:
    made = await keep(chat)
    row = await NotificationTarget.get(id=made["id"])
    assert SECRET not in f"{row.config} {row.secrets}"


async def test_only_admins_have_anything_to_do_with_it(
    viewer: Visitor, operator: Visitor, house: Staff, keep: Keep, chat: ChatServer
) -> None:
    made = await keep(chat)
    base = f"/notifications/{made['id']}"
    calls = [
        ("GET", "/notifications", None),
        ("POST", "/notifications", chat.target("Other")),
        ("GET", "/notifications/types", None),
        ("GET", "/notifications/events", None),
        ("GET", base, None),
        ("PATCH", base, {"enabled": False}),
        ("DELETE", base, None),
        ("POST", f"{base}/test", None),
        ("GET", f"{base}/deliveries", None),
    ]
    for visitor, status in ((viewer, 403), (operator, 403), (house.anonymous(), 401)):
        assert [(await visitor(*call)).status for call in calls] == [status] * len(calls)
    assert chat.requests == []


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"events": []}, (["events"], "too_short")),
        ({"events": ["job.exploded"]}, (["events", 0], "event_unknown")),
        ({"events": ["*.down"]}, (["events", 0], "event_unknown")),
        ({"events": ["job*"]}, (["events", 0], "event_unknown")),
        ({"min_level": "debug"}, (["min_level"], "literal_error")),
        ({"language": "fr"}, (["language"], "literal_error")),
        (
            {"quiet_hours": {"from": "22:00", "to": "07:00", "timezone": "Nowhere"}},
            (["quiet_hours", "timezone"], "time_zone_unknown"),
        ),
        (
            {"quiet_hours": {"from": "22:00", "to": "22:00", "timezone": "UTC"}},
            (["quiet_hours"], "quiet_hours_empty"),
        ),
        ({"name": "a\nb"}, (["name"], "string_pattern_mismatch")),
        ({"surprise": 1}, (["surprise"], "extra_forbidden")),
    ],
)
async def test_rules_that_make_no_sense_are_refused(
    admin: Visitor, chat: ChatServer, values: dict[str, Any], fault: Any
) -> None:
    assert faults(await admin("POST", "/notifications", chat.target() | values)) == [fault]


async def test_configurations_are_checked_by_their_notifier(admin: Visitor, chat: ChatServer, keep: Keep) -> None:
    for config, code in (
        ({"secret": "short"}, "webhook.secret_short"),
        ({"url": "https://user:canary-pw-1234@a.example/"}, "destinations.credentials_in_url"),
        ({"url": "http://169.254.169.254/latest"}, "streams.address_forbidden"),
    ):
        body = chat.target()
        reply = await admin("POST", "/notifications", body | {"config": body["config"] | config})
        assert (reply.status, reply.code) == (422, code)
        assert "canary-pw" not in str(reply.body)
    assert (await admin("POST", "/notifications", chat.target() | {"type": "pigeon"})).code == "extensions.type_unknown"
    made = await keep(chat)
    again = await admin("POST", "/notifications", chat.target())
    assert (again.status, again.code) == (409, "conflict.duplicate")
    masked = await admin("PATCH", f"/notifications/{made['id']}", {"config": {"secret": SHOWN}})
    assert faults(masked) == [(["config"], "masked_secret")]


async def test_a_test_is_really_sent_and_tells_the_answer(
    admin: Visitor, chat: ChatServer, keep: Keep, house: Staff
) -> None:
    made = await keep(chat, language="de")
    chat.answer = lambda request: httpx.Response(200, text=f"welcome {SECRET} \x1b[31m")
    reply = await admin("POST", f"/notifications/{made['id']}/test")
    assert reply.body == {"ok": True, "answer": "200 welcome •••• [31m", "code": "", "params": {}}
    (message,) = chat.messages
    assert (message["event"], message["level"]) == ("test", "info")
    assert message["title"] == "CastCore: Dies ist ein Test"
    chat.answer = lambda request: httpx.Response(401, text="who are you?")
    reply = await admin("POST", f"/notifications/{made['id']}/test")
    assert reply.body["ok"] is False
    assert (reply.body["code"], reply.body["answer"]) == ("webhook.denied", "401 who are you?")
    log = (await admin("GET", f"/notifications/{made['id']}/deliveries")).body
    assert [(each["event"], each["state"], each["code"]) for each in log["items"]] == [
        ("test", "failed", "webhook.denied"),
        ("test", "sent", ""),
    ]
    assert log["items"][0]["next_attempt"] is None
    shown = (await admin("GET", f"/notifications/{made['id']}")).body
    assert (shown["last"]["state"], shown["last"]["code"]) == ("failed", "webhook.denied")
    assert shown["last"]["params"] == reply.body["params"] != {}
    assert shown["updated_at"] == made["updated_at"]


async def test_a_target_that_does_not_answer_ends_the_test(
    admin: Visitor, chat: ChatServer, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("castcore_core.notifications.service._TEST_S", 0.2)
    made = await keep(chat)
    chat.free.clear()
    reply = await admin("POST", f"/notifications/{made['id']}/test")
    assert (reply.body["ok"], reply.body["code"]) == (False, "extensions.test_timeout")


async def test_the_list_and_the_log_filter(admin: Visitor, chat: ChatServer, keep: Keep) -> None:
    one = await keep(chat, "One")
    await keep(chat, "Two", enabled=False)
    for query, names in (("q=tw", ["Two"]), ("enabled=true", ["One"]), ("sort=-name", ["Two", "One"]), ("type=x", [])):
        found = (await admin("GET", f"/notifications?{query}")).body
        assert [each["name"] for each in found["items"]] == names
    await admin("POST", f"/notifications/{one['id']}/test")
    path = f"/notifications/{one['id']}/deliveries"
    assert (await admin("GET", f"{path}?state=sent&event=test")).body["total"] == 1
    assert (await admin("GET", f"{path}?state=queued")).body["total"] == 0
    assert (await admin("GET", f"{path}?state=lost")).status == 422
    assert (await admin("GET", f"/notifications/{'0' * 8}-0000-4000-8000-{'0' * 12}/deliveries")).status == 404


async def test_types_and_events_are_listed(admin: Visitor) -> None:
    types = {each["id"]: each for each in (await admin("GET", "/notifications/types")).body["items"]}
    assert types["webhook"]["config_schema"]["properties"]["secret"]["x-castcore-secret"] is True
    for language in LANGUAGES:
        found = (await admin("GET", f"/notifications/events?language={language}")).body["items"]
        assert [each["name"] for each in found] == list(EVENTS)
        down = next(each for each in found if each["name"] == "output.down")
        assert (down["level"], down["ends"]) == ("warning", False)
        assert down["title"] == catalogue(language)["notifications.event_output_down"]["message"]


async def test_there_is_an_end_to_targets(
    admin: Visitor, chat: ChatServer, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("castcore_core.notifications.service.MOST", 1)
    await keep(chat)
    assert (await admin("POST", "/notifications", chat.target("Two"))).code == "notifications.too_many"


async def test_with_its_target_goes_its_log(admin: Visitor, chat: ChatServer, keep: Keep) -> None:
    made = await keep(chat)
    await admin("POST", f"/notifications/{made['id']}/test")
    assert await NotificationDelivery.all().count() == 1
    await admin("DELETE", f"/notifications/{made['id']}")
    assert await NotificationDelivery.all().count() == 0
