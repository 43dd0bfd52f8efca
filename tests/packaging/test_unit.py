"""The systemd unit."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "packaging/castcore.service"


def test_it_lets_streams_live_on() -> None:
    unit = configparser.ConfigParser(strict=True, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(UNIT)
    service = unit["Service"]
    wanted = {"Type": "notify", "KillMode": "process", "OOMPolicy": "continue", "RuntimeDirectoryPreserve": "yes"}
    assert wanted.items() <= dict(service).items()
    assert {"WatchdogSec", "LimitNOFILE"} <= set(service)
    assert not {"PrivateTmp", "RuntimeMaxSec", "DynamicUser"} & set(service)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_understands_it(tmp_path: Path) -> None:
    text = UNIT.read_text(encoding="utf-8").replace("/opt/castcore/bin/castcore", sys.executable)
    unit = tmp_path / UNIT.name
    unit.write_text(text, encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
