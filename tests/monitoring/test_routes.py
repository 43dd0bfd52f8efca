"""Health, figures and Prometheus."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families
from quart import g

from castcore_core import __version__
from castcore_core.monitoring.health import Health
from castcore_core.monitoring.source import MetricSources
from castcore_sdk.errors import TemporaryError
from servers.castcore import application, running_core
from servers.redis import RedisServer
from servers.stage import FOUNDATION

TOKEN = "a-token-of-enough-letters"


class User:
    id = "1"

    async def is_valid(self) -> bool:
        return True


class UserGate:
    async def admit(self, rule: str, method: str) -> None:
        g.actor = User()


async def test_health_shows_details_to_users_alone(tmp_path: Path) -> None:
    async with application(tmp_path, features=FOUNDATION) as app:
        body = await (await app.test_client().get("/api/v1/system/health")).get_json()
        assert body == {"status": "ok", "version": __version__, "checks": None}
    async with application(tmp_path, features=FOUNDATION, gate=UserGate()) as app:
        body = await (await app.test_client().get("/api/v1/system/health")).get_json()
        assert [(check["name"], check["status"]) for check in body["checks"]] == [("database", "ok"), ("events", "ok")]


async def test_health_names_what_is_wrong(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as redis:
        async with application(
            tmp_path / "data", features=FOUNDATION, gate=UserGate(), CASTCORE_REDIS_URL=redis.url
        ) as app:
            core = app.extensions["castcore"]

            async def broken() -> None:
                raise TemporaryError("database.unavailable", params={"reason": "x"})

            core.get(Health).add("broken", broken)
            redis.stop()
            await core.bus.publish("a", {})
            body = await (await app.test_client().get("/api/v1/system/health")).get_json()
            assert body["status"] == "degraded"
            assert {check["name"]: check["code"] for check in body["checks"]} == {
                "broken": "database.unavailable",
                "database": "",
                "events": "events.unreachable",
            }


async def test_health_says_when_the_server_stops(tmp_path: Path) -> None:
    async with application(tmp_path, features=FOUNDATION) as app:
        app.extensions["castcore"].stopping.set()
        body = await (await app.test_client().get("/api/v1/system/health")).get_json()
        assert body["status"] == "stopping"


async def test_figures_are_plausible(tmp_path: Path) -> None:
    async with application(tmp_path, features=FOUNDATION) as app:
        body = await (await app.test_client().get("/api/v1/system/metrics")).get_json()
    assert 0 < body["memory_available"] <= body["memory_total"]
    assert 0 < body["disk_free"] <= body["disk_total"]
    assert body["server_memory"] > 10_000_000
    assert body["process_count"] > 0


@pytest.mark.parametrize(
    ("mode", "header", "status"),
    [
        ("off", f"Bearer {TOKEN}", 404),
        ("open", "", 200),
        ("token", "", 401),
        ("token", "Bearer wrong", 401),
        ("token", "Bearer ü", 401),
        ("token", f"Bearer {TOKEN}", 200),
    ],
)
async def test_prometheus_is_guarded_as_configured(tmp_path: Path, mode: str, header: str, status: int) -> None:
    settings = {"CASTCORE_METRICS": mode, "CASTCORE_METRICS_TOKEN": TOKEN}
    async with application(tmp_path, features=FOUNDATION, **settings) as app:
        response = await app.test_client().get("/metrics", headers={"Authorization": header})
        assert response.status_code == status


async def test_prometheus_has_the_figures_of_machine_and_features(tmp_path: Path) -> None:
    class Jobs:
        def collect(self):
            yield GaugeMetricFamily("castcore_jobs", "Jobs.", value=3)

    async with application(tmp_path, features=FOUNDATION, CASTCORE_METRICS="open") as app:
        app.extensions["castcore"].get(MetricSources).add(Jobs())
        text = await (await app.test_client().get("/metrics")).get_data(as_text=True)
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert families["castcore_jobs"].samples[0].value == 3
    assert families["castcore_build_info"].samples[0].labels == {"version": __version__}
    assert families["castcore_memory_total"].samples[0].value > 0


async def test_services_are_found_by_their_class(tmp_path: Path) -> None:
    async with running_core(tmp_path, features=FOUNDATION) as core:
        assert isinstance(core.get(Health), Health)
        with pytest.raises(RuntimeError, match="Health"):
            core.provide(Health())
        with pytest.raises(LookupError, match="dict"):
            core.get(dict)
