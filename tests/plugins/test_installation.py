"""Installing over the API: only where it is allowed, in the background, audited; the server follows at once."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from castcore_core.plugins.installation import Installations
from castcore_core.plugins.installer import Environment, Installer
from plugins.conftest import Site
from servers.house import admin, house, operator, viewer
from servers.staff import Staff, Visitor
from servers.venv import bare, share
from servers.wheel import write_source, write_wheel

__all__ = ["admin", "house", "operator", "viewer"]


@pytest.fixture
async def place(house: Staff, site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Path]:
    """A folder that is the package index; what is installed lands in a virtual environment on our own path."""
    venv, index, root = bare(tmp_path / "venv"), tmp_path / "index", house.core.folder.root
    share(venv)
    index.mkdir()
    packages = venv.site
    monkeypatch.syspath_prepend(str(packages))
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    environment = Environment(
        prefix=venv.folder, base_prefix=Path(sys.base_prefix), packages=packages, python=venv.python
    )
    service = house.core.get(Installations)
    monkeypatch.setattr(
        service, "_installer", lambda tell: Installer(root, tmp_path, environment=environment, tell=tell)
    )
    site.modules.append("castcore_seedling")
    yield index
    for path in packages.glob("castcore_*"):
        assert path.is_dir()


async def allow(admin: Visitor) -> None:
    assert (await admin("PATCH", "/settings", {"plugin_install": True})).status == 200


async def over(admin: Visitor) -> dict[str, Any]:
    """Return the change when it has ended."""
    async with asyncio.timeout(90):
        while True:
            found: dict[str, Any] = (await admin("GET", "/plugins/installation")).body
            if found["state"] != "running":
                return found
            await asyncio.sleep(0.05)


async def test_it_is_off_until_an_admin_allows_it(admin: Visitor, place: Path) -> None:
    for path in ("/plugins/install", "/plugins/vaapi/upgrade", "/plugins/vaapi/uninstall"):
        body = {"requirement": "castcore-seedling"} if path.endswith("/install") else None
        reply = await admin("POST", path, body)
        assert (reply.status, reply.code) == (403, "plugins.install_off")
    assert (await admin("GET", "/plugins/installation")).status == 404


async def test_only_admins(operator: Visitor, viewer: Visitor, place: Path) -> None:
    for visitor in (operator, viewer):
        for path in ("/plugins/install", "/plugins/rescan", "/plugins/vaapi/upgrade", "/plugins/vaapi/uninstall"):
            assert (await visitor("POST", path, {"requirement": "x"})).status == 403
        assert (await visitor("GET", "/plugins/installation")).status == 403


async def test_a_plugin_comes_and_goes(admin: Visitor, place: Path) -> None:
    await allow(admin)
    write_wheel(place, "seedling")
    begun = await admin("POST", "/plugins/install", {"requirement": "castcore-seedling"})
    assert (begun.status, begun.body["state"], begun.body["action"]) == (202, "running", "install")
    busy = await admin("POST", "/plugins/install", {"requirement": "castcore-other"})
    assert (busy.status, busy.code) == (409, "plugins.install_busy")
    done = await over(admin)
    assert (done["state"], done["error"], done["plugins"], done["restart"]) == ("done", None, ["seedling"], False)
    assert done["changes"] == [{"name": "castcore-seedling", "before": "", "after": "1.0", "plugin": True}]
    assert (await admin("GET", "/plugins/seedling")).body["state"] == "loaded"
    types = [each["id"] for each in (await admin("GET", "/destinations/types")).body["items"]]
    assert "seedling" in types
    write_wheel(place, "seedling", "1.1")
    await admin("POST", "/plugins/seedling/upgrade")
    assert (await over(admin))["restart"] is True
    assert (await admin("GET", "/plugins/seedling")).body["restart"]["params"]["installed"] == "1.1"
    await admin("POST", "/plugins/seedling/uninstall")
    assert (await over(admin))["plugins"] == ["seedling"]
    assert (await admin("GET", "/plugins/seedling")).status == 404
    log = (await admin("GET", "/audit?action=plugins.*&sort=at")).body["items"]
    assert [(each["action"], each["outcome"]) for each in log] == [
        ("plugins.install", "done"),
        ("plugins.upgrade", "done"),
        ("plugins.uninstall", "done"),
    ]
    assert all(each["actor_name"] == "admin 1" for each in log)


@pytest.mark.parametrize(
    "requirement",
    ["--index-url=http://x", "-r /etc/passwd", "x @ http://host/x.whl", "/tmp/x.whl", "./x", "a b"],
)
async def test_hostile_requirements_are_refused(admin: Visitor, place: Path, requirement: str) -> None:
    await allow(admin)
    reply = await admin("POST", "/plugins/install", {"requirement": requirement})
    assert (reply.status, reply.code) == (422, "plugins.requirement_invalid")


async def test_nothing_is_ever_built(admin: Visitor, place: Path, tmp_path: Path) -> None:
    await allow(admin)
    write_source(place, "seedling", ran=tmp_path / "ran")
    await admin("POST", "/plugins/install", {"requirement": "castcore-seedling"})
    assert (await over(admin))["error"] == {"code": "plugins.source_only", "params": {"name": "castcore-seedling"}}
    assert not (tmp_path / "ran").exists()


async def test_a_failure_is_told_and_audited(admin: Visitor, place: Path) -> None:
    await allow(admin)
    await admin("POST", "/plugins/install", {"requirement": "castcore-nowhere"})
    failed = await over(admin)
    assert (failed["state"], failed["error"]["code"]) == ("failed", "plugins.not_found")
    log = (await admin("GET", "/audit?action=plugins.install")).body["items"]
    assert [(each["outcome"], each["params"]["code"]) for each in log] == [("failed", "plugins.not_found")]


async def test_a_rescan_needs_no_permission_to_install(admin: Visitor, site: Site) -> None:
    site.good("found")
    assert (await admin("POST", "/plugins/rescan")).body == {"changed": ["found"]}
    assert (await admin("POST", "/plugins/rescan")).body == {"changed": []}
