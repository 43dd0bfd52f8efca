"""Rules for the whole suite."""

from __future__ import annotations

import os

import pytest

pytest_plugins: list[str] = []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave long runs out unless they are asked for by ``-m soak``."""
    if "soak" in (config.getoption("-m") or ""):
        return
    left, kept = [], []
    for item in items:
        (left if item.get_closest_marker("soak") else kept).append(item)
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """Turn a skip for a missing server into a failure where the servers are promised (CI)."""
    report = yield
    if report.skipped and os.environ.get("CASTCORE_TEST_SERVERS") == "required" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped although every server is promised here: {report.longrepr}"
    return report
