"""The documentation is run: samples work, and the generated reference is not stale."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs/plugins"


def samples(page: str, language: str) -> list[str]:
    return re.findall(
        rf"^```{language}\n(.*?)^```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """The plugin of the first page, written down as its reader would."""
    first, grown = samples("first-plugin.md", "python")
    (tmp_path / "castcore_mytube.py").write_text(first, encoding="utf-8")
    (tmp_path / "grown.py").write_text(
        f"from castcore_mytube import MyTube\nfrom castcore_sdk import ConfigurationError\n\n{grown}", encoding="utf-8"
    )
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT / "plugin_sdk")))}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_first_plugin_is_found_by_its_hook(plugin: Path) -> None:
    script = (
        "import pluggy, castcore_mytube\n"
        "from castcore_sdk import hookspecs\n"
        "manager = pluggy.PluginManager('castcore')\n"
        "manager.add_hookspecs(hookspecs)\n"
        "manager.register(castcore_mytube)\n"
        "manager.check_pending()\n"
        "print(manager.hook.castcore_register_destinations()[0][0].id)\n"
    )
    assert run(plugin, "-c", script).stdout == "mytube\n"


def test_the_first_plugin_passes_the_suite_of_the_testing_page(plugin: Path) -> None:
    suite, platform, _, _, host = samples("testing.md", "python")
    grown = "\n\nfrom grown import MyTubeWithUrl\n\n\nclass TestGrown(TestMyTube):\n    extension = MyTubeWithUrl\n"
    (plugin / "test_mytube.py").write_text(
        f"{suite}\n\n{platform}\n{grown}    urls = ('mytube:live-0123456789',)\n", encoding="utf-8"
    )
    found = run(
        plugin, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", "-W", "error", "test_mytube.py"
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert re.search(r"\b\d\d passed", found.stdout), found.stdout
    (plugin / "host.py").write_text(f"from castcore_mytube import MyTube\n{host}", encoding="utf-8")
    assert run(plugin, "-W", "error", "host.py").stdout == "() [] []\n"


def test_the_encoder_sample_is_a_suite(plugin: Path) -> None:
    sample = samples("testing.md", "python")[2]
    source = f"from castcore_core.builtin.x264 import X264 as MyEncoder\n{sample}\n    def catalogue(self, language):\n"
    (plugin / "test_encoder.py").write_text(
        f"{source}        from castcore_core.i18n import catalogue\n        return catalogue(language)\n",
        encoding="utf-8",
    )
    found = run(plugin, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", "test_encoder.py")
    assert found.returncode == 0, found.stdout + found.stderr


def test_the_storage_sample_is_a_suite(plugin: Path) -> None:
    sample = samples("testing.md", "python")[3].replace("/srv/test", str(plugin))
    source = f"from castcore_core.builtin.folder import LocalFolder as MyStorage\n{sample}\n"
    source += "    def catalogue(self, language):\n        from castcore_core.i18n import catalogue\n"
    (plugin / "test_storage.py").write_text(f"{source}        return catalogue(language)\n", encoding="utf-8")
    found = run(plugin, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", "test_storage.py")
    assert found.returncode == 0, found.stdout + found.stderr


def test_the_samples_of_files_can_be_read() -> None:
    (project,) = samples("first-plugin.md", "toml")
    assert tomllib.loads(project)["project"]["entry-points"]["castcore.plugins"] == {"mytube": "castcore_mytube"}
    (texts,) = samples("first-plugin.md", "json")
    assert set(json.loads(texts)["url"]) == {"message", "cause", "remedy"}


def test_the_reference_is_not_stale() -> None:
    found = run(ROOT, str(ROOT / "docs/generate_sdk_reference.py"), "--check")
    assert found.returncode == 0, "run: python docs/generate_sdk_reference.py"


def test_every_public_name_is_in_the_reference() -> None:
    import castcore_sdk

    page = (DOCS / "reference.md").read_text(encoding="utf-8")
    missing = [name for name in castcore_sdk.__all__ if name not in ("hookimpl", "hookspec") and name not in page]
    assert missing == []
