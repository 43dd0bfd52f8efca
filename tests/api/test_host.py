"""Host names that cannot even be parsed are unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from castcore_core.api.host import is_known_host
from castcore_core.config import load_configuration


@pytest.mark.parametrize("host", ["", "[broken", "[::1", "a.b]", ":80", "user@evil.com", "evil.com."])
def test_unknown(tmp_path: Path, host: str) -> None:
    assert not is_known_host(host, load_configuration(environment={"CASTCORE_DATA_DIR": str(tmp_path)}))


@pytest.mark.parametrize("host", ["LOCALHOST.", "[::1]", "a.internal", "0x7f.lan:1", "10.0.0.1"])
def test_known(tmp_path: Path, host: str) -> None:
    assert is_known_host(host, load_configuration(environment={"CASTCORE_DATA_DIR": str(tmp_path)}))
