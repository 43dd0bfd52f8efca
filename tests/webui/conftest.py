"""One browser and one server for the tests of pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from servers.browser import Looker, Site, browsing, site
from servers.media import clips

__all__ = ["browser", "clips", "server"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Looker]:
    """Chromium; while it is there its event loop runs, so modules that use it have no asynchronous tests."""
    with browsing() as looker:
        yield looker


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server that has been set up."""
    with site(tmp_path_factory.mktemp("site") / "data") as started:
        yield started
