"""The three wheels, built as a release builds them."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from email import message_from_string
from email.message import Message
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = {
    "castcore_sdk": ROOT / "plugin_sdk",
    "castcore_nvenc": ROOT / "plugins/castcore-nvenc",
    "castcore_vaapi": ROOT / "plugins/castcore-vaapi",
}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, zipfile.ZipFile]:
    built = {}
    for package, folder in FOLDERS.items():
        out = tmp_path_factory.mktemp(package)
        command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(folder)]
        process = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
        assert process.returncode == 0, process.stdout + process.stderr
        (wheel,) = out.glob("*.whl")
        built[package] = zipfile.ZipFile(wheel)
    return built


def _read(wheel: zipfile.ZipFile, name: str) -> str:
    (found,) = [member for member in wheel.namelist() if member.endswith(f".dist-info/{name}")]
    return wheel.read(found).decode()


def _metadata(wheel: zipfile.ZipFile) -> Message:
    return message_from_string(_read(wheel, "METADATA"))


def test_the_metadata(wheels: dict[str, zipfile.ZipFile]) -> None:
    for package, wheel in wheels.items():
        metadata = _metadata(wheel)
        assert metadata["Name"] == package.replace("_", "-")
        assert metadata["Version"] == "1.0.0"
        assert metadata["License-Expression"] == "Apache-2.0"
        assert metadata["Requires-Python"] == ">=3.11"
        assert _read(wheel, "licenses/LICENSE").strip().startswith("Apache License")
        assert "Root-Is-Purelib: true" in _read(wheel, "WHEEL")


def test_the_sdk_needs_three_libraries_and_its_suites_two_more(wheels: dict[str, zipfile.ZipFile]) -> None:
    required = _metadata(wheels["castcore_sdk"]).get_all("Requires-Dist") or []
    assert sorted(requirement.split("<")[0] for requirement in required if "extra" not in requirement) == [
        "httpx2",
        "pluggy",
        "pydantic",
    ]
    assert [requirement.partition(">")[0] for requirement in required if "extra" in requirement] == ["jinja2", "pytest"]


@pytest.mark.parametrize("name", ["nvenc", "vaapi"])
def test_a_plugin_has_one_entry_point_and_the_sdks_range(wheels: dict[str, zipfile.ZipFile], name: str) -> None:
    wheel = wheels[f"castcore_{name}"]
    assert _read(wheel, "entry_points.txt").split() == ["[castcore.plugins]", name, "=", f"castcore_{name}.plugin"]
    required = [line for line in _metadata(wheel).get_all("Requires-Dist") or [] if "extra" not in line]
    assert required == ["castcore-sdk<2,>=1"]


def test_what_is_inside(wheels: dict[str, zipfile.ZipFile]) -> None:
    for package, wheel in wheels.items():
        inside = {name for name in wheel.namelist() if ".dist-info/" not in name}
        wanted = {
            path.relative_to(FOLDERS[package]).as_posix()
            for path in (FOLDERS[package] / package).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert inside == wanted
        assert f"{package}/py.typed" in inside
        if package != "castcore_sdk":
            assert {f"{package}/locales/{language}.json" for language in ("en", "de")} <= inside
