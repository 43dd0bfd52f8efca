"""The suite for pages finds what it says it finds."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from castcore_sdk import Page, PageRequest, PluginContext, RedirectResponse, TemplateResponse
from castcore_sdk.rendering import render
from castcore_sdk.testing import PageConformance

TEMPLATES = {
    "good.html": "{{ t('hello', name=q) }} {{ url('a') }} {{ locale }}",
    "raw.html": "{{ q | safe }}",
    "wordless.html": "{{ t('nothing') }}",
    "undefined.html": "{{ nothing }}",
}


async def good(request: PageRequest, context: PluginContext) -> TemplateResponse:
    return TemplateResponse(template="good.html", values={"q": request.query.get("q", "")})


@pytest.fixture
def suite(tmp_path: Path) -> Callable[..., PageConformance]:
    """Make the suite of a plugin with one page; what is given differs from a good one."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "locales").mkdir()
    for name, text in TEMPLATES.items():
        (tmp_path / "templates" / name).write_text(text)
    for language in ("en", "de"):
        texts = {"title": {"message": "Title"}, "hello": {"message": "Hello {{name}}"}}
        (tmp_path / "locales" / f"{language}.json").write_text(json.dumps(texts))

    def make(**parts: object) -> PageConformance:
        methods = frozenset({"GET", "POST"})
        page = Page(path="of/<name>", title_key="p.title", handler=good, methods=methods)  # type: ignore[arg-type]
        plugin = ModuleType("p")
        plugin.__file__ = str(tmp_path / "plugin.py")
        plugin.castcore_register_pages = lambda: [replace(page, **parts)]  # type: ignore[attr-defined]
        made = type("Suite", (PageConformance,), {"plugin": plugin, "plugin_id": "p"})()
        assert isinstance(made, PageConformance)
        return made

    return make


def run(suite: PageConformance) -> None:
    for check in [name for name in dir(suite) if name.startswith("test_")]:
        getattr(suite, check)()


def test_a_good_page_passes(suite: Callable[..., PageConformance]) -> None:
    run(suite())


def answering(template: str, status: int = 200) -> object:
    async def handler(request: PageRequest, context: PluginContext) -> TemplateResponse:
        return TemplateResponse(template=template, values={"q": request.query.get("q", "")}, status=status)

    return handler


def leading(to: str) -> object:
    async def handler(request: PageRequest, context: PluginContext) -> RedirectResponse:
        return RedirectResponse(to=to)

    return handler


async def blocking(request: PageRequest, context: PluginContext) -> RedirectResponse:
    time.sleep(0.6)
    return RedirectResponse(to="/")


async def crashing(request: PageRequest, context: PluginContext) -> TemplateResponse:
    int(request.query.get("q", "1"))
    return TemplateResponse(template="good.html", values={"q": ""})


@pytest.mark.parametrize(
    "parts",
    [
        {"path": "a b"},
        {"path": "../up"},
        {"role": "owner"},
        {"methods": frozenset()},
        {"methods": frozenset({"DELETE"})},
        {"methods": frozenset({"POST"}), "in_menu": True},
        {"title_key": "p.nothing"},
        {"handler": answering("nowhere.html")},
        {"handler": answering("../plugin.py")},
        {"handler": answering("raw.html")},
        {"handler": answering("wordless.html")},
        {"handler": answering("undefined.html")},
        {"handler": answering("good.html", status=99)},
        {"handler": leading("https://evil.example")},
        {"handler": leading("//evil.example")},
        {"handler": leading("/a\r\nb: c")},
        {"handler": blocking},
        {"handler": crashing},
    ],
)
def test_each_fault_is_found(suite: Callable[..., PageConformance], parts: dict[str, object]) -> None:
    with pytest.raises(Exception):  # noqa: B017, PT011  what jinja2 raises is as good as a failed assertion
        run(suite(**parts))


def test_templates_are_sandboxed_and_bounded(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()

    def show(text: str) -> str:
        (tmp_path / "templates/t.html").write_text(text)
        return render(
            tmp_path, "t.html", {"v": "<b>"}, plugin="p", locale="de", texts={"p.a": {"message": "A {{ x }}"}}
        )

    assert (
        show("{{ v }} {{ t('a', x='&') }} {{ t('b') }} {{ url() }} {{ locale }}")
        == "&lt;b&gt; A &amp; p.b /plugins/p/ de"
    )
    for bad in ("{{ ''.__class__ }}", "{{ v.__init__.__globals__ }}", "{% for a in range(999999) %}x{% endfor %}"):
        with pytest.raises(Exception):  # noqa: B017, PT011
            assert "class" not in show(bad)
