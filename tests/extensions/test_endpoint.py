"""Whoever may change a configuration but not read its secrets cannot have them sent to a place of his own."""

from __future__ import annotations

from typing import Annotated, Any

import pytest

from castcore_core.error import InvalidError
from castcore_core.extensions.endpoint import require_secrets
from castcore_sdk import Endpoint, ExtensionConfig, Secret, parse_config
from servers.house import faults, make_destination
from servers.staff import Visitor

WEBHOOK = {"url": "http://127.0.0.1:1/hook", "secret": "canary-webhook-secret", "private_addresses": True}
BUCKET = {
    "provider": "other",
    "endpoint": "https://127.0.0.1:9000",
    "bucket": "films",
    "access_key_id": "AKIA",
    "secret_access_key": "canary-of-the-bucket",
    "session_token": "canary-of-the-session",
}


async def test_a_stream_key_does_not_follow_to_another_server(operator: Visitor) -> None:
    path = f"/destinations/{(await make_destination(operator, password='canary-password-1'))['id']}"
    url = {"url": "rtmp://192.0.2.1:1/live"}
    again = [(["config", "stream_key"], "secret_again"), (["config", "password"], "secret_again")]
    assert sorted(faults(await operator("PATCH", path, {"config": url}))) == sorted(again)
    backup = await operator("PATCH", path, {"config": {"backup_url": "rtmp://192.0.2.1:1/live"}})
    assert sorted(faults(backup)) == sorted(again), "a second server gets the key too"
    one = await operator("PATCH", path, {"config": url | {"stream_key": "canary-another-key-5678"}})
    assert faults(one) == [(["config", "password"], "secret_again")]
    done = await operator("PATCH", path, {"config": url | {"stream_key": "canary-new-key-5678", "password": None}})
    assert done.body["config"] == url | {"stream_key": "••••5678"}


async def test_the_same_address_asks_for_nothing(operator: Visitor) -> None:
    made = await make_destination(operator)
    same = {"url": made["config"]["url"], "username": "cam", "verify": False}
    assert (await operator("PATCH", f"/destinations/{made['id']}", {"config": same})).status == 200


async def test_a_token_does_not_follow_to_another_storage(operator: Visitor) -> None:
    made = await operator("POST", "/storage-sources", {"name": "Films", "type": "s3", "config": BUCKET})
    assert made.status == 201, made.body
    path, moved = f"/storage-sources/{made.body['id']}", {"endpoint": "https://192.0.2.1:9000", "prefix": "films"}
    again = [(["config", "secret_access_key"], "secret_again"), (["config", "session_token"], "secret_again")]
    assert sorted(faults(await operator("PATCH", path, {"config": moved}))) == again
    same = {"endpoint": f"{BUCKET['endpoint']}/", "prefix": "films"}
    assert (await operator("PATCH", path, {"config": same})).status == 200, "it is the same place"
    given = {"secret_access_key": "canary-typed-again", "session_token": None}
    assert (await operator("PATCH", path, {"config": moved | given})).status == 200


async def test_a_key_does_not_follow_to_another_webhook(admin: Visitor) -> None:
    made = await admin("POST", "/notifications", {"name": "Chat", "type": "webhook", "config": WEBHOOK})
    assert made.status == 201, made.body
    path, other = f"/notifications/{made.body['id']}", {"url": "http://127.0.0.1:2/hook"}
    assert faults(await admin("PATCH", path, {"config": other})) == [(["config", "secret"], "secret_again")]
    assert (await admin("PATCH", path, {"config": other | {"secret": WEBHOOK["secret"]}})).status == 200


class Login(ExtensionConfig):
    """Who."""

    user: str = ""
    password: Secret | None = None


class Mirror(ExtensionConfig):
    """Another place."""

    host: Annotated[str, Endpoint]
    login: Login = Login()


class Mirrors(ExtensionConfig):
    """Places."""

    label: str = ""
    mirrors: tuple[Mirror, ...] = ()
    login: Login = Login()


def _faults(before: dict[str, Any] | None, given: dict[str, Any]) -> list[list[str | int]]:
    read = None if before is None else parse_config(Mirrors, before)
    try:
        require_secrets(read, parse_config(Mirrors, {**(before or {}), **given}), given)
    except InvalidError as error:
        return [field["path"] for field in error.fields]
    return []


def test_places_and_secrets_inside_of_others_count() -> None:
    before = {"mirrors": [{"host": "a"}], "login": {"password": "x"}}
    asked = ["config", "login", "password"]
    assert _faults(before, {"label": "new"}) == []
    assert _faults(before, {"mirrors": [{"host": "b", "login": {"password": "new"}}]}) == [asked]
    assert _faults(before, {"mirrors": [{"host": "a"}, {"host": "b"}]}) == [asked]
    assert _faults(before, {"mirrors": [{"host": "b"}], "login": {"user": "me", "password": "x"}}) == []


def test_what_can_no_longer_be_read_may_have_been_anywhere() -> None:
    given = {"mirrors": [{"host": "a"}]}
    config = parse_config(Mirrors, {**given, "login": {"password": "x"}})
    with pytest.raises(InvalidError):
        require_secrets(None, config, given)
    assert _faults(None, given) == []
