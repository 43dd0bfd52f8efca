"""``castcore plugin check`` on what authors get wrong: each finding has its code, its place and a remedy."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from castcore_core.cli.status import ExitStatus
from castcore_core.i18n import catalogue
from castcore_core.plugins.offer import Kind, Offer
from castcore_core.plugins.project import opened
from castcore_core.plugins.report import PluginReport
from castcore_core.plugins.review import review
from castcore_core.plugins.review.material import Material
from castcore_core.plugins.review.quality import CRITERIA, LEVELS
from castcore_core.plugins.review.secret import shape
from castcore_core.plugins.scaffold import SHAPES, write_plugin
from castcore_sdk import CheckResult, Severity
from cli.program import castcore

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plugin as it is generated."""
    return write_plugin("sample", "notifier", folder=tmp_path_factory.mktemp("clean") / "castcore-sample").folder


@pytest.fixture
def tree(clean: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(clean, tmp_path / "castcore-sample"))


def check(tree: Path, cache: Path, *, tests: bool = False) -> list[CheckResult]:
    """Do what the command does: the trial too."""
    return list(PluginReport(data=cache / "data", cache=cache / "cache").check(str(tree), tests=tests))


def read(tree: Path) -> dict[str, Mapping[str, Any]]:
    """Return the findings in the files alone."""
    with opened(tree) as inside:
        (manifest,) = inside.manifests
        package = tree / "castcore_sample"
        material = Material(manifest, package, inside.about[manifest.distribution], inside.project)
        offers = (Offer(Kind.NOTIFIER, "sample"),)
        return found(list(review(material, offers, (), (), tests=False)))


def found(lines: list[CheckResult]) -> dict[str, Mapping[str, Any]]:
    """Return what is not well, without what the next level asks for."""
    bad = [line for line in lines if line.severity is not Severity.OK]
    return {line.code: line.params for line in bad if not line.code.startswith("plugins.quality_")}


def level(lines: list[CheckResult]) -> str:
    return next(str(line.params["level"]) for line in lines if line.code == "plugins.quality")


def missing(lines: list[CheckResult]) -> set[str]:
    start = "plugins.quality_"
    return {line.code.removeprefix(start) for line in lines if line.code.startswith(start)}


def append(tree: Path, text: str, file: str = "castcore_sample/notifier.py") -> int:
    """Add to a file and return the number of the first added line."""
    path = tree / file
    before = path.read_text(encoding="utf-8")
    path.write_text(before + text, encoding="utf-8")
    return len(before.splitlines()) + 1


def test_what_is_generated_has_no_finding(tmp_path: Path) -> None:
    for kind in SHAPES:
        tree = write_plugin(f"my-{kind}", kind, folder=tmp_path / kind).folder
        assert found(check(tree, tmp_path)) == {}, kind


def test_with_its_tests_it_is_silver(clean: Path, tmp_path: Path) -> None:
    lines = check(clean, tmp_path, tests=True)
    assert found(lines) == {}
    assert level(lines) == "silver"
    assert missing(lines) == {"own_tests"}


def test_what_a_level_asks_for_is_named_where_it_is_unmet(tree: Path, tmp_path: Path) -> None:
    for language in ("en", "de"):
        path = tree / f"castcore_sample/locales/{language}.json"
        texts = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**texts, "forgotten": {"message": "x"}}), encoding="utf-8")
    assert missing(check(tree, tmp_path, tests=True)) == {"texts", "own_tests"}


BLOCKING = {
    "time.sleep": "import time\nasync def f() -> None:\n    time.sleep(1)\n",
    "requests.get": "async def f() -> None:\n    import requests as r\n    r.get('http://x')\n",
    "subprocess.run": "from subprocess import run as go\nasync def f() -> None:\n    [go(['x']) for _ in 'a']\n",
    "open": "async def f() -> None:\n    with open('x') as file: pass\n",
    "read_text": "from pathlib import Path\nasync def f() -> None:\n    Path('x').read_text()\n",
    "urllib.request.urlopen": "import urllib.request\nasync def f() -> None:\n    urllib.request.urlopen('x')\n",
}


@pytest.mark.parametrize("call", BLOCKING)
def test_calls_that_hold_the_loop_are_found(tree: Path, call: str) -> None:
    first = append(tree, f"\n{BLOCKING[call]}")
    params = read(tree)["plugins.code_blocks"]
    assert params["call"] == call
    assert params["file"] == "castcore_sample/notifier.py"
    assert first < params["line"] <= first + 3
    assert params["function"] == "f"


def test_what_does_not_hold_the_loop_is_left_alone(tree: Path) -> None:
    append(
        tree,
        "\nimport time\n"
        "async def f(context, path):\n"
        "    def inner() -> None: time.sleep(1)\n"
        "    await context.run_blocking(inner)\n"
        "    await context.run_blocking(time.sleep, 1)\n"
        "    await context.run_blocking(lambda: open('x'))\n"
        "    await path.read_text()\n"
        "def g() -> None: time.sleep(1)\n",
    )
    assert "plugins.code_blocks" not in read(tree)


@pytest.mark.parametrize(
    "text",
    [
        "import castcore_core.plugins\n",
        "from castcore_core import i18n\n",
        "def f() -> object:\n    from castcore_webui import text\n    return text\n",
        "import importlib\ndef f() -> object:\n    return importlib.import_module('castcore_core.host')\n",
    ],
)
def test_the_core_is_not_imported(tree: Path, text: str) -> None:
    append(tree, f"\n{text}")
    assert read(tree)["plugins.code_imports_core"]["module"].startswith("castcore_")


@pytest.mark.parametrize(
    "text",
    [
        "import os\ndef f() -> None: os.system('ls')\n",
        "import subprocess as s\ndef f() -> None: s.run('ls', shell=True)\n",
    ],
)
def test_shells_are_found(tree: Path, text: str) -> None:
    append(tree, f"\n{text}")
    assert "plugins.code_shell" in read(tree)


@pytest.mark.parametrize(
    ("file", "text", "kind"),
    [
        ("castcore_sample/notifier.py", "\nCLIENT_SECRET = 'q7Hn2kPz0vXr9sLd4WbE'\n", "CLIENT_SECRET"),
        ("castcore_sample/notifier.py", "\nclass A:\n    api_key: str = 'q7Hn2kPz0vXr9sLd4WbE'\n", "api_key"),
        ("castcore_sample/notifier.py", "\nBODY = {'token': 'q7Hn2kPz0vXr9sLd4WbE'}\n", "token"),
        ("castcore_sample/notifier.py", "\nX = b'AKIAQ7HN2KPZ0VXR9SLD'\n", "AWS"),
        ("castcore_sample/data.json", '{"k": "AIzaSyA1b2C3d4E5f6G7h8I9j0KlMnOpQrStUvW"}', "Google"),
        ("castcore_sample/key.txt", "-----BEGIN RSA PRIVATE KEY-----\n", "PEM"),
    ],
)
def test_secrets_in_the_code_are_found_and_not_quoted(tree: Path, file: str, text: str, kind: str) -> None:
    (tree / file).touch()
    append(tree, text, file)
    lines = read(tree)
    assert lines["plugins.code_secret"]["kind"] == kind
    assert not any(secret in str(lines) for secret in ("q7Hn2k", "AKIAQ7", "AIzaSy"))


@pytest.mark.parametrize(
    "text", ["https://id.example/oauth2/token", "token", "YOUR-TOKEN-GOES-HERE", "", "Bearer {token}", "x" * 40]
)
def test_words_and_addresses_are_no_secrets(tree: Path, text: str) -> None:
    assert shape(text) == ""
    append(tree, f"\nACCESS_TOKEN = {text!r}\n")
    assert "plugins.code_secret" not in read(tree)


def test_settings_are_described_and_secret(tree: Path, tmp_path: Path) -> None:
    path = tree / "castcore_sample/notifier.py"
    text = path.read_text(encoding="utf-8").replace('    """Name of the room that gets the messages."""\n', "")
    path.write_text(text.replace("token: Secret =", "token: str ="), encoding="utf-8")
    params = found(check(tree, tmp_path))
    assert params["plugins.setting_bare"]["field"] == "room"
    assert params["plugins.setting_plain"]["field"] == "token"
    assert params["plugins.setting_plain"]["file"].endswith("castcore_sample/notifier.py")
    assert (
        params["plugins.setting_plain"]["line"] == text.splitlines().index("class SampleConfig(ExtensionConfig):") + 1
    )


def test_where_secrets_go_is_an_endpoint(tree: Path, tmp_path: Path) -> None:
    path = tree / "castcore_sample/notifier.py"
    text = path.read_text(encoding="utf-8")
    field = "    room: str"
    assert field in text

    def with_host(kind: str) -> None:
        told = f'    host: {kind} = "a.example"\n    """Name of the server."""\n'
        path.write_text(text.replace(field, told + field, 1), encoding="utf-8")

    with_host("str")
    assert found(check(tree, tmp_path))["plugins.setting_endpoint"]["field"] == "host"
    with_host("__import__('typing').Annotated[str, __import__('castcore_sdk').Endpoint]")
    assert "plugins.setting_endpoint" not in found(check(tree, tmp_path))


def test_the_name_of_a_template_is_no_code(tmp_path: Path) -> None:
    tree = write_plugin("notes", "page", folder=tmp_path / "tree").folder
    assert "plugins.text_missing" not in found(check(tree, tmp_path))


def test_catalogues_are_complete_equal_and_used(tree: Path, tmp_path: Path) -> None:
    for language in ("en", "de"):
        path = tree / f"castcore_sample/locales/{language}.json"
        texts = json.loads(path.read_text(encoding="utf-8"))
        texts["forgotten"] = {"message": "x"}
        if language == "de":
            del texts["refused"]
            texts["not_taken"]["message"] = "ohne Wert"
        path.write_text(json.dumps(texts), encoding="utf-8")
    lines = check(tree, tmp_path)
    problems = {str(line.params["problem"]) for line in lines if line.code == "plugins.text_missing"}
    assert problems == {"sample.refused", "sample.not_taken: values differ from English"}
    assert found(lines)["plugins.text_unused"]["name"] == "forgotten"
    assert found(lines)["plugins.text_unused"]["file"] == "castcore_sample/locales/en.json"


def test_codes_that_are_put_together_count_as_used(tree: Path) -> None:
    for language in ("en", "de"):
        path = tree / f"castcore_sample/locales/{language}.json"
        texts = {**json.loads(path.read_text(encoding="utf-8")), "state_live": {"message": "x"}}
        path.write_text(json.dumps(texts), encoding="utf-8")
    append(tree, '\ndef code(state: str) -> str:\n    return f"sample.state_{state}"\n')
    assert read(tree) == {}


def test_metadata(tree: Path, tmp_path: Path) -> None:
    path = tree / "pyproject.toml"
    text = path.read_text(encoding="utf-8").replace('license = "Apache-2.0"\n', "").replace(",<2", "")
    path.write_text(text.replace('  "Typing :: Typed",\n', ""), encoding="utf-8")
    (tree / "castcore_sample/py.typed").unlink()
    (tree / "README.md").unlink()
    assert set(found(check(tree, tmp_path))) == {
        *("plugins.licence_missing", "plugins.classifier_missing", "plugins.sdk_range_open"),
        *("plugins.readme_missing", "plugins.typing_missing"),
    }


def test_a_failing_suite_says_where(tree: Path, tmp_path: Path) -> None:
    path = tree / "castcore_sample/notifier.py"
    path.write_text(path.read_text(encoding="utf-8").replace("max_body = 2000", "max_body = 0"), encoding="utf-8")
    params = found(check(tree, tmp_path, tests=True))["plugins.suite_failed"]
    assert params["test"]
    assert params["line"] > 0


def test_a_suite_that_cannot_even_be_read(tree: Path, tmp_path: Path) -> None:
    (tree / "tests/test_notifier.py").write_text("import no_such_module\n", encoding="utf-8")
    params = found(check(tree, tmp_path, tests=True))
    assert {"plugins.suite_missing", "plugins.suite_failed"} <= params.keys()


def test_the_scale_goes_up_to_platinum(tree: Path, tmp_path: Path) -> None:
    append(tree, "\n\ndef test_own() -> None:\n    assert True\n", "tests/test_notifier.py")
    lines = check(tree, tmp_path, tests=True)
    assert (level(lines), missing(lines)) == ("gold", {"addresses"})
    append(
        tree, '\n[project.urls]\nHomepage = "https://example.com"\nIssues = "https://example.com/i"\n', "pyproject.toml"
    )
    lines = check(tree, tmp_path, tests=True)
    assert (level(lines), missing(lines)) == ("platinum", set())


def test_every_criterion_has_its_words_and_its_line_in_the_docs() -> None:
    page = (ROOT / "docs/plugins/quality.md").read_text(encoding="utf-8")
    for criterion in CRITERIA:
        assert criterion.level in LEVELS
        text = catalogue("en")[f"plugins.quality_{criterion.name}"]["message"]
        assert text.removeprefix("For {{level}}: ").rstrip(".") in page, criterion.name


@pytest.mark.parametrize("plugin", sorted(path.parent.name for path in (ROOT / "plugins").glob("*/pyproject.toml")))
def test_the_named_plugins_pass(plugin: str, tmp_path: Path) -> None:
    """Their tests run on their own."""
    lines = check(ROOT / "plugins" / plugin, tmp_path)
    assert [line for line in lines if line.severity is Severity.ERROR] == []


async def test_the_command_tells_programs_and_people(tree: Path, tmp_path: Path) -> None:
    append(tree, "\nimport time\nasync def f() -> None:\n    time.sleep(1)\n")
    async with castcore(tmp_path, "plugin", "check", str(tree), "--no-tests", "--json") as program:
        assert await program.ended(60) == ExitStatus.INPUT
    assert any(line["code"] == "plugins.code_blocks" for line in json.loads(program.out[0])["checks"])
    async with castcore(tmp_path, "plugin", "check", str(tree), "--no-tests") as program:
        assert await program.ended(60) == ExitStatus.INPUT
    said = "\n".join(program.out)
    assert "castcore_sample/notifier.py:" in said
    assert "run_blocking" in said
