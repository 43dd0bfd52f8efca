"""The whole document against a running server: no fault, and every error in the one envelope."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import FlakyFailure
from schemathesis import Case, Response
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.schemas import OpenApiSchema

from servers.castcore import backends, server

PASSWORD = "a long enough password"
# They end the session that asks, or never end themselves.
LEFT_OUT = r"/auth/(logout|sessions|password|2fa)|/sse/|/users/\{"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "data.log"


@pytest.fixture(scope="module")
def api(log: Path) -> Iterator[OpenApiSchema]:
    folder = log.with_name("data")
    program = "import sys; from castcore_core.accounts.command import create_user as make; make({}, *sys.argv[1:])"
    environment = os.environ | {"CASTCORE_DATA_DIR": str(folder)} | backends(folder)
    subprocess.run([sys.executable, "-c", program, "root", PASSWORD, "admin"], env=environment, check=True)
    with server(folder) as running:
        credentials = {"username": "root", "password": PASSWORD}
        token = httpx.post(f"{running.address}/api/v1/auth/login", json=credentials).json()["access_token"]
        document = httpx.get(f"{running.address}/api/v1/openapi.json").json()
        schema = schemathesis.openapi.from_dict(document).exclude(path_regex=LEFT_OUT)
        schema.config.update(base_url=running.address, headers={"Authorization": f"Bearer {token}"})
        yield schema


def test_every_answer_is_one_that_was_meant(api: OpenApiSchema, log: Path) -> None:
    faults: dict[str, str] = {}
    reached: set[str] = set()
    for found in api.get_all_operations():
        operation = found.ok()
        try:
            if 2 in _ask(operation):
                reached.add(operation.label)
        except (AssertionError, FlakyFailure) as fault:
            faults[operation.label] = "".join(traceback.format_exception(fault))
    assert faults == {}, log.read_text()[-20_000:]
    assert {"GET /api/v1/users", "GET /api/v1/system/metrics", "GET /api/v1/audit"} <= reached, reached


def _ask(operation: APIOperation) -> set[int]:
    """Ask and return the classes of status that came."""
    classes: set[int] = set()

    @given(case=operation.as_strategy())
    @settings(
        max_examples=15,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Case) -> None:
        response = case.call()
        classes.add(response.status_code // 100)
        _judge(response)

    ask()
    return classes


def _judge(response: Response) -> None:
    if response.status_code >= 400:
        error = json.loads(response.content)["error"]
        assert response.status_code < 500 or error["code"] == "feature.not_available", response.text
        assert error.keys() == {"code", "params", "level"}
        assert error["code"] not in ("server.internal", "request.refused")
    elif response.content and response.headers.get("content-type") == ["application/json"]:
        json.loads(response.content)
