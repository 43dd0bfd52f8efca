"""Settings and the users' own preferences."""

from __future__ import annotations

from pathlib import Path

import pytest

from castcore_core.accounts.role import Role
from castcore_core.settings import ServerSettings, Settings
from castcore_core.settings.models import Setting
from servers.castcore import running_core
from servers.staff import staffed


def test_every_key_has_a_description_and_a_default() -> None:
    for name, field in ServerSettings.model_fields.items():
        assert field.description, name
        assert not field.is_required(), name


async def test_absent_keeps_null_clears_unknown_is_refused(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        admin = await staff.signed_in(Role.ADMIN)
        first = {
            "server_name": "Studio",
            "time_zone": "Europe/Berlin",
            "media_roots": ["/srv/media/"],
            "audit_days": 30,
        }
        assert (await admin("PATCH", "/settings", first)).status == 200
        second = (await admin("PATCH", "/settings", {"server_name": None})).body
        assert (second["server_name"], second["time_zone"], second["media_roots"], second["audit_days"]) == (
            "CastCore",
            "Europe/Berlin",
            ["/srv/media"],
            30,
        )
        assert (await admin("PATCH", "/settings", {"nothing": 1})).status == 422
        assert (await admin("GET", "/settings")).body == second
    async with running_core(tmp_path) as core:
        assert (await core.get(Settings).read()).time_zone == "Europe/Berlin"


@pytest.mark.parametrize(
    ("change", "path", "kind"),
    [
        ({"server_name": ""}, ["server_name"], "too_short"),
        ({"server_name": "a\nb"}, ["server_name"], "not_printable"),
        ({"time_zone": "Europe/Nowhere"}, ["time_zone"], "time_zone_unknown"),
        ({"time_zone": "../../etc/passwd"}, ["time_zone"], "time_zone_unknown"),
        ({"language": "fr"}, ["language"], "literal_error"),
        ({"audit_days": 1}, ["audit_days"], "greater_than_equal"),
        ({"audit_days": 10**30}, ["audit_days"], "less_than_equal"),
        ({"media_roots": ["relative"]}, ["media_roots", 0], "path_not_absolute"),
        ({"media_roots": ["/srv/../etc"]}, ["media_roots", 0], "path_not_absolute"),
        ({"media_roots": [f"/{n}" for n in range(65)]}, ["media_roots"], "too_long"),
        ({"oidc_issuer": "http://idp.example.org"}, ["oidc_issuer"], "url_not_https"),
        ({"oidc_issuer": "https://user:pw@idp.example.org"}, ["oidc_issuer"], "url_not_https"),
        ({"oidc_issuer": "file:///etc/passwd"}, ["oidc_issuer"], "url_not_https"),
        ({"oidc_scopes": "profile"}, ["oidc_scopes"], "string_pattern_mismatch"),
        ({"oidc_new_role": "admin"}, ["oidc_new_role"], "literal_error"),
        ({"oidc_enabled": True}, [], "oidc_incomplete"),
    ],
)
async def test_values_are_checked(tmp_path: Path, change: dict[str, object], path: list[object], kind: str) -> None:
    async with staffed(tmp_path) as staff:
        admin = await staff.signed_in(Role.ADMIN)
        reply = await admin("PATCH", "/settings", change)
        assert (reply.status, reply.code) == (422, "validation.failed")
        assert reply.body["error"]["params"]["fields"] == [{"path": path, "type": kind}]
        assert await Setting.all().count() == 0


async def test_a_secret_is_masked_locked_and_deleted_by_null(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        admin, viewer = await staff.signed_in(Role.ADMIN), await staff.signed_in(Role.VIEWER)
        reply = await admin("PATCH", "/settings", {"oidc_client_secret": "canary-client-secret"})
        assert reply.body["oidc_client_secret"] == "••••cret"
        assert (await viewer("GET", "/settings")).body["oidc_client_secret"] == "••••cret"
        kept = await admin("PATCH", "/settings", {"server_name": "Studio"})
        assert kept.body["oidc_client_secret"] == "••••cret"
        secret = (await staff.core.get(Settings).read()).oidc_client_secret
        assert secret is not None
        assert secret.get_secret_value() == "canary-client-secret"
        [row] = await Setting.filter(key="oidc_client_secret")
        assert "canary" not in row.value
        cleared = await admin("PATCH", "/settings", {"oidc_client_secret": None})
        assert cleared.body["oidc_client_secret"] is None
        log = (await admin("GET", "/audit?action=settings.*")).body["items"]
        assert [entry["fields_changed"] for entry in log] == [
            ["oidc_client_secret"],
            ["server_name"],
            ["oidc_client_secret"],
        ]


async def test_others_hear_of_a_change(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        admin = await staff.signed_in(Role.ADMIN)
        async with staff.core.bus.subscribe("settings") as events:
            await admin("PATCH", "/settings", {"server_name": "Studio", "time_zone": "UTC"})
            event = events.take()
        assert event is not None
        assert event.data == {"keys": ["server_name"]}


async def test_what_another_version_has_stored_does_no_harm(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        await Setting.create(key="of_the_future", value="1")
        await Setting.create(key="audit_days", value='"many"')
        await Setting.create(key="server_name", value='"Studio"')
        settings = await staff.core.get(Settings).read()
        assert (settings.server_name, settings.audit_days) == ("Studio", 365)


async def test_the_schema_describes_every_key(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        schema = (await (await staff.signed_in(Role.VIEWER))("GET", "/settings/schema")).body
        assert set(schema["properties"]) == set(ServerSettings.model_fields)
        assert all("description" in each and "default" in each for each in schema["properties"].values())


async def test_preferences_are_everybodys_own(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        viewer, operator = await staff.signed_in(Role.VIEWER), await staff.signed_in(Role.OPERATOR)
        chosen = {"language": "de", "time_zone": "Asia/Tokyo", "theme": "dark"}
        assert (await viewer("PATCH", "/settings/me", chosen)).body == chosen
        assert (await viewer("PATCH", "/settings/me", {"theme": None})).body == {**chosen, "theme": None}
        assert (await viewer("GET", "/auth/me")).body["time_zone"] == "Asia/Tokyo"
        assert (await operator("GET", "/settings/me")).body["language"] is None
        for bad in ({"theme": "pink"}, {"language": "xx"}, {"time_zone": "Mars/Olympus"}, {"role": "admin"}):
            assert (await viewer("PATCH", "/settings/me", bad)).status == 422
