"""The conformance suite for pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Literal

import httpx2 as httpx

from castcore_sdk.errors import CastCoreError
from castcore_sdk.rendering import render
from castcore_sdk.testing.context import MemoryContext
from castcore_sdk.testing.extension import CANARY
from castcore_sdk.testing.patience import running, unblocked
from castcore_sdk.testing.wording import catalogue
from castcore_sdk.web import Page, PageRequest, RedirectResponse, TemplateResponse

_PATH = re.compile(r"/?(?:[A-Za-z0-9_.-]+|<(?:(?:int|string):)?[a-z_]+>|/)*")
_VARIABLE = re.compile(r"<(?:(int|string):)?([a-z_]+)>")
_MARKUP = f"<{CANARY} onload='x'>"
ODD = ("", " ", "x" * 10_000, "\x00", "東京 🎬", "../..", "{{ 7 * 7 }}", _MARKUP)
"""What people and programs put into forms and addresses."""
_LANGUAGES: tuple[Literal["en", "de"], ...] = ("en", "de")


class PageConformance:
    """Inherit it and set ``plugin``; override ``request`` where a page needs a special one to work."""

    plugin: ClassVar[ModuleType]
    """The module with the hooks, whose package holds ``templates/`` and ``locales/``."""
    plugin_id: ClassVar[str]
    """Name of the plugin's entry point."""

    def transport(self) -> httpx.AsyncBaseTransport | None:
        """Return what the pages talk to over HTTP; None: no network."""
        return None

    def pages(self) -> Sequence[Page]:
        """Return what the plugin registers."""
        return list(self.plugin.castcore_register_pages())

    def request(self, page: Page, method: Literal["GET", "POST"]) -> PageRequest:
        """Return a request that ``page`` answers."""
        params = {name: "1" for _, name in _VARIABLE.findall(page.path)}
        return PageRequest(method=method, path_params=params, query={}, form={}, user="conformance", locale="en")

    def test_pages_have_the_form(self) -> None:
        """Paths can be routed and are there once each; roles and methods are known."""
        pages = self.pages()
        assert pages, "no page"
        for page in pages:
            assert _PATH.fullmatch(page.path), f"path {page.path!r}"
            assert ".." not in page.path, f"path {page.path!r}"
            assert page.role in ("viewer", "operator", "admin"), page.role
            assert page.methods, f"{page.path!r}: no method"
            assert page.methods <= {"GET", "POST"}, page.methods
            assert not page.in_menu or "GET" in page.methods, f"{page.path!r} stands in the menu and has no GET"
        paths = [page.path.strip("/") for page in pages]
        assert len(set(paths)) == len(paths), f"a path twice: {paths}"

    def test_titles_have_texts(self) -> None:
        """Every title can be read in English and in German."""
        for language in _LANGUAGES:
            texts = self.catalogue(language)
            missing = [page.title_key for page in self.pages() if not texts.get(page.title_key, {}).get("message")]
            assert missing == [], f"no text in {language} for {', '.join(missing)}"

    def test_every_page_answers(self) -> None:
        """Each page answers in both languages with a template that renders or a redirect, never holding the loop."""
        for page, request in self._requests():
            for language in _LANGUAGES:
                self._answer(page, replace(request, locale=language))

    def test_odd_input_does_no_harm(self) -> None:
        """Whatever stands in an address or a form ends in an answer or a CastCoreError, and is shown escaped."""
        for page, request in self._requests():
            for odd in ODD:
                names = {*request.query, *request.form, "q", odd}
                fields = {**request.query, **request.form, **dict.fromkeys(names, odd)}
                texts = {name for kind, name in _VARIABLE.findall(page.path) if kind != "int"}
                params = {name: odd if name in texts else value for name, value in request.path_params.items()}
                form = fields if request.method == "POST" else {}
                try:
                    html = self._answer(page, replace(request, query=fields, form=form, path_params=params))
                except CastCoreError:
                    continue
                assert _MARKUP not in html, f"{page.path!r} shows markup from outside as it is"

    def catalogue(self, language: str) -> Mapping[str, Mapping[str, str]]:
        """Return code → texts of ``locales/LANGUAGE.json``."""
        return catalogue(self._folder(), self.plugin_id, language)

    def _requests(self) -> Iterator[tuple[Page, PageRequest]]:
        for page in self.pages():
            for method in sorted(page.methods):
                yield page, self.request(page, method)

    def _answer(self, page: Page, request: PageRequest) -> str:
        async def run() -> Any:
            async with MemoryContext(plugin_id=self.plugin_id, instance_id=None, transport=self.transport()) as context:
                return await unblocked(lambda: page.handler(request, context))

        answer = running(run())
        if isinstance(answer, RedirectResponse):
            assert re.match(r"/(?![/\\])", answer.to), f"a redirect out of this installation: {answer.to!r}"
            assert answer.to.isprintable(), f"{answer.to!r}"
            return ""
        assert isinstance(answer, TemplateResponse), f"{answer!r} instead of a TemplateResponse or RedirectResponse"
        assert 200 <= answer.status < 600, answer.status
        texts = self.catalogue(request.locale)
        html = render(
            self._folder(), answer.template, answer.values, plugin=self.plugin_id, locale=request.locale, texts=texts
        )
        missing = re.findall(rf"{re.escape(self.plugin_id)}\.[a-z][a-z0-9_]+", html)
        assert not set(missing) - set(texts), f"no text in {request.locale} for {missing}"
        return html

    def _folder(self) -> Path:
        return Path(str(self.plugin.__file__)).parent
