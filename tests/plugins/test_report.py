"""What the command line shows of plugins."""

from __future__ import annotations

import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from castcore_core.i18n import catalogue, translate
from castcore_core.plugins.report import PluginReport
from castcore_core.plugins.state import PluginState
from castcore_sdk import CastCoreError, Severity

TEXTS = {"full": {"message": "{{name}} is full"}}
WORKING = """
class Post(Notifier[Config]):
    id = "alpha"
    async def send(self, notification, /): return "alpha.full"
@hookimpl
def castcore_register_notifiers(): return [Post]
"""
CODE = """
CODE = "{0}.full"
@hookimpl
def castcore_register_notifiers(): return []
"""


@pytest.fixture
def report(site, tmp_path: Path) -> PluginReport:
    return PluginReport(data=tmp_path / "data", cache=tmp_path / "cache", path=site.path, limit=5.0)


def codes(report: PluginReport, target: str, worst: Severity = Severity.ERROR) -> list[str]:
    return [line.code for line in report.check(target) if line.severity is worst]


def test_the_list_tells_states_reasons_and_offers_without_importing(site, report: PluginReport) -> None:
    module = site.good("alpha")
    site.add("broken", "raise SystemExit")
    site.add("future", "", requires="castcore-sdk>=9")
    rows = {row.id: row for row in report.list()}
    assert next(iter(rows)) == "builtin"
    assert [offer.id for offer in rows["alpha"].offers] == ["alpha"]
    assert rows["alpha"].manifest.version == "1.0"
    assert rows["broken"].reason is not None
    assert {name: row.state for name, row in rows.items()} == {
        "builtin": PluginState.LOADED,
        "alpha": PluginState.LOADED,
        "broken": PluginState.FAILED,
        "future": PluginState.INCOMPATIBLE,
    }
    assert module not in sys.modules


def test_listing_three_plugins_takes_less_than_a_second(site, report: PluginReport) -> None:
    for name in ("alpha", "beta", "gamma"):
        site.good(name)
    report.list()
    code = (
        "import sys; sys.path[:0] = sys.argv[4:]; from pathlib import Path; "
        "from castcore_core.plugins.report import PluginReport; "
        "print(len(PluginReport(data=Path(sys.argv[1]), cache=Path(sys.argv[2]), path=[sys.argv[3]]).list()))"
    )
    extra = [entry for entry in sys.path if entry]
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code, report.data, report.cache, site.folder, *extra], capture_output=True, check=True
    )
    assert done.stdout == b"4\n"
    assert time.monotonic() - began < 1.0


def test_info_knows_the_languages_and_an_unknown_plugin_is_an_error(site, report: PluginReport) -> None:
    site.add("alpha", CODE.format("alpha"), texts={"en": TEXTS, "de": TEXTS}, metadata="Summary: does a thing\n")
    info = report.info("alpha")
    assert info.languages == ("en", "de")
    assert info.record.manifest.summary == "does a thing"
    with pytest.raises(CastCoreError) as caught:
        report.info("nobody")
    assert caught.value.code == "plugins.unknown"


def test_a_good_plugin_passes_every_check(site, report: PluginReport) -> None:
    site.add("alpha", WORKING, texts={"en": TEXTS, "de": TEXTS})
    lines = report.check("alpha")
    assert [line.code for line in lines if line.severity is Severity.OK] == [
        "plugins.check_metadata",
        "plugins.check_sdk",
        "plugins.check_import",
        "plugins.check_offers",
        "plugins.check_texts",
        "plugins.check_code",
        "plugins.quality",
    ]
    assert codes(report, "alpha") == []
    for line in lines:
        assert "{{" not in translate(line.code, line.params).message


def test_a_plugin_that_offers_nothing_is_warned_of(site, report: PluginReport) -> None:
    site.add("alpha", CODE.format("alpha"), texts={"en": TEXTS, "de": TEXTS})
    lines = {line.code: line for line in report.check("alpha")}
    assert lines["plugins.offers_none"].severity is Severity.WARNING
    assert "plugins.check_offers" not in lines


def test_a_check_names_every_fault(site, report: PluginReport) -> None:
    site.add(
        "alpha",
        """
        OTHER = "alpha.forgotten"
        @hookimpl
        def castcore_register_teapots(): return []
        def castcore_register_notifiers(): return []
        """,
        requires="castcore-sdk>=1",
        texts={"en": TEXTS, "de": {"full": {"message": "voll"}, "extra": {"message": "nur hier"}}},
    )
    assert codes(report, "alpha", Severity.WARNING)[0] == "plugins.sdk_range_open"
    assert codes(report, "alpha") == ["plugins.hook_unknown", "plugins.hook_unmarked", *["plugins.text_missing"] * 4]
    problems = [line.params["problem"] for line in report.check("alpha") if line.code == "plugins.text_missing"]
    assert problems == ["alpha.extra", "alpha.forgotten", "alpha.forgotten", "alpha.full: values differ from English"]


def test_a_check_finds_ids_that_another_plugin_has(site, report: PluginReport) -> None:
    site.good("alpha")
    code = (site.folder / site.modules[0] / "__init__.py").read_text()
    site.add("beta", code)
    assert codes(report, "beta") == ["plugins.extension_id_taken"]


@pytest.mark.parametrize("kind", ["wheel", "source", "src", "folder"])
def test_a_plugin_can_be_checked_before_it_is_installed(site, report: PluginReport, tmp_path: Path, kind: str) -> None:
    module = site.good("alpha")
    target = tmp_path / "somewhere"
    if kind == "wheel":
        target = tmp_path / "castcore_alpha-1.0-py3-none-any.whl"
        with zipfile.ZipFile(target, "w") as archive:
            for file in site.folder.rglob("*"):
                archive.write(file, file.relative_to(site.folder))
    elif kind == "folder":
        site.folder.rename(target)
    else:
        target.mkdir()
        (target / "pyproject.toml").write_text(
            '[project]\nname = "castcore-alpha"\nversion = "2"\nlicense = "MIT"\n'
            'dependencies = ["castcore-sdk>=1,<2"]\n'
            f'entry-points."castcore.plugins" = {{ alpha = "{module}" }}\n'
        )
        (target / "src" if kind == "src" else target / "x").mkdir()
        (site.folder / module).rename((target / "src" if kind == "src" else target) / module)
    for name in list(site.folder.glob("*.dist-info") if site.folder.exists() else []):
        name.rename(tmp_path / name.name)
    assert codes(report, str(target)) == []
    assert codes(report, str(target), Severity.OK)[-1] == "plugins.quality"


@pytest.mark.parametrize("content", [None, b"", b"not a zip", "folder"])
def test_what_holds_no_plugin_is_said(report: PluginReport, tmp_path: Path, content: bytes | str | None) -> None:
    target = tmp_path / "thing.whl"
    if content == "folder":
        target.mkdir()
    elif isinstance(content, bytes):
        target.write_bytes(content)
    with pytest.raises(CastCoreError) as caught:
        report.check(str(target))
    assert caught.value.code == "plugins.target_unreadable"


def test_texts_of_plugins_are_merged_and_none_speaks_for_another(site, report: PluginReport) -> None:
    site.add("alpha", "", texts={"en": TEXTS, "de": {"full": {"message": "{{name}} ist voll"}}})
    site.add("beta", "", texts={"en": {"alpha.full": {"message": "stolen"}, "plugins.unknown": {"message": "stolen"}}})
    site.add("gamma", "", texts={"en": {"x": "no object"}})
    german = report.texts("de")
    assert translate("alpha.full", {"name": "C"}, language="de", extra=german).message == "C ist voll"
    english = report.texts("en")
    assert translate("alpha.full", {"name": "C"}, extra=english).message == "C is full"
    assert not set(english) & set(catalogue("en"))
    assert "gamma.x" not in english
