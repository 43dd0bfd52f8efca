"""Fixtures of the plugin's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from s3_double import Double, double


@pytest.fixture
def server() -> Iterator[Double]:
    with double() as running:
        yield running
