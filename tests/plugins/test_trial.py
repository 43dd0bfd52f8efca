"""Trials: once per version and code, remembered on disk, in an environment of their own."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

import castcore_sdk
from castcore_core.plugins.discovery import Manifest, discover
from castcore_core.plugins.trial import Trial, Trials


class Bench:
    """Trials of the plugins of a site; each one counts its imports in a file."""

    def __init__(self, site, base: Path) -> None:
        self.site, self.base = site, base
        self.log = base / "imports"

    def counting(self, plugin: str, code: str = "", **how: object) -> None:
        self.site.add(plugin, f"open({str(self.log)!r}, 'a').write('x')\n{code}", **how)

    def trials(self, **how: float) -> Trials:
        return Trials(cache=self.base / "cache", installed_sdk="1.0.0", path=tuple(self.site.path), **how)

    def run(self, **how: float) -> dict[str, Trial]:
        return self.trials(**how).run(self.manifests())

    def manifests(self) -> tuple[Manifest, ...]:
        return discover(installed_sdk=castcore_sdk.__version__, path=self.site.path)

    def imports(self) -> int:
        return len(self.log.read_text()) if self.log.exists() else 0


@pytest.fixture
def bench(site, tmp_path: Path) -> Bench:
    return Bench(site, tmp_path)


def test_a_plugin_is_tried_once(bench: Bench) -> None:
    bench.counting("one")
    first, second = bench.run()["one"], bench.run()["one"]
    assert (first.faults, second.faults, bench.imports()) == ((), (), 1)
    assert first.seconds > 0
    assert second.seconds == 0


@pytest.mark.parametrize("change", ["code and RECORD", "another SDK"])
def test_it_is_tried_again_when_something_changed(bench: Bench, change: str) -> None:
    bench.counting("one")
    trials = bench.trials()
    trials.run(bench.manifests())
    if change == "another SDK":
        trials = Trials(cache=trials.cache, installed_sdk="1.0.1", path=trials.path)
    else:
        package = bench.site.folder / bench.site.modules[0]
        (package / "more.py").write_text("")
        bench.site.record(package, bench.site.folder / "castcore_one-1.0.dist-info")
    trials.run(bench.manifests())
    assert bench.imports() == 2


@pytest.mark.parametrize("editable", [True, False])
def test_without_a_useful_record_the_files_themselves_count(bench: Bench, editable: bool) -> None:
    bench.counting("one", record=editable)
    if editable:
        url = {"url": "file:///somewhere", "dir_info": {"editable": True}}
        (bench.site.folder / "castcore_one-1.0.dist-info" / "direct_url.json").write_text(json.dumps(url))
    assert bench.manifests()[0].record == ""
    bench.run()
    bench.run()
    assert bench.imports() == 1
    source = bench.site.folder / bench.site.modules[0] / "__init__.py"
    source.write_text(source.read_text() + "\n# changed\n")
    bench.run()
    assert bench.imports() == 2


@pytest.mark.parametrize("rubbish", [b"", b"{", b"[]", b'{"key": 1}', b"\xff" * 100, None])
def test_a_damaged_memory_is_ignored(bench: Bench, rubbish: bytes | None) -> None:
    bench.counting("one")
    bench.run()
    file = bench.base / "cache" / "one.json"
    if rubbish is None:
        value = json.loads(file.read_text())
        file.write_text(json.dumps(value | {"offers": [{"kind": "teapot"}]}))
    else:
        file.write_bytes(rubbish)
    assert bench.run()["one"].faults == ()
    assert bench.imports() == 2


def test_a_failure_is_believed_only_for_a_while_and_while_nothing_else_was_installed(bench: Bench) -> None:
    bench.counting("one", "import a_library_that_comes_later")
    code = bench.run()["one"].faults[0].code
    assert (code, bench.imports()) == ("plugins.import_failed", 1)
    assert bench.run()["one"].faults[0].code == code
    assert bench.imports() == 1
    bench.run(forget=0.0)
    assert bench.imports() == 2
    (bench.site.folder / "a_library_that_comes_later.py").write_text("")
    (bench.site.folder / "a_library-1.dist-info").mkdir()
    assert bench.run()["one"].faults == ()


def test_trials_run_side_by_side_and_end_at_their_limit(bench: Bench) -> None:
    for name in ("one", "two", "three"):
        bench.site.add(name, "time.sleep(3600)")
    began = time.monotonic()
    found = bench.run(limit=1.0)
    assert time.monotonic() - began < 2.5
    assert {trial.faults[0].code for trial in found.values()} == {"plugins.import_timeout"}


def test_what_a_trial_started_ends_with_it(bench: Bench) -> None:
    marker = bench.base / "pid"
    bench.site.add("forker", f"pid = os.fork() or time.sleep(3600)\nopen({str(marker)!r}, 'w').write(str(pid))")
    assert bench.run()["forker"].faults == ()
    pid = int(marker.read_text())
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
                return
        except FileNotFoundError:
            return
        time.sleep(0.01)
    raise AssertionError("the forked process still runs")


def test_a_trial_sees_no_foreign_environment_and_no_stdin(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAM_KEY", "canary")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    seen = bench.base / "seen"
    bench.site.add("nosy", f"open({str(seen)!r}, 'w').write(repr(dict(os.environ)) + sys.stdin.read() + os.getcwd())")
    assert bench.run()["nosy"].faults == ()
    assert "canary" not in seen.read_text()
    assert "PYTHONPATH" not in seen.read_text()
    assert seen.read_text().endswith("}/")


def test_a_cache_that_cannot_be_written_costs_only_time(bench: Bench) -> None:
    bench.counting("one")
    (bench.base / "cache").write_text("a file")
    assert bench.run()["one"].faults == ()
    assert bench.run()["one"].faults == ()
    assert bench.imports() == 2


def test_a_trial_tells_what_is_offered(bench: Bench) -> None:
    bench.site.good("alpha")
    (offer,) = bench.run()["alpha"].offers
    assert (offer.kind.value, offer.id, offer.schemes) == ("destination", "alpha", ("alpha",))
