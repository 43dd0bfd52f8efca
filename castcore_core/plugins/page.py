"""Pages that plugins add: which there are, who may open them, and what they answer.

Each plugin has a map of its own, made from what is registered at that moment: the web framework knows one route for
all of them and cannot forget one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from castcore_core.accounts.role import Role
from castcore_core.error import ForbiddenError
from castcore_core.i18n import translate
from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.lane import Lane
from castcore_core.plugins.registry import Registered
from castcore_sdk import (
    CastCoreError,
    NotFoundError,
    Page,
    PageRequest,
    PermanentError,
    PluginContext,
    RedirectResponse,
    TemplateResponse,
)
from castcore_sdk.rendering import render

LIMIT = timedelta(seconds=10)
"""How long a page may take, its template included."""
_OWN_PATH = re.compile(r"/(?![/\\])[\x21-\x7e]{0,2000}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request for a page, from somebody who has signed in."""

    method: Literal["GET", "POST"]
    path: str
    """Behind ``/plugins/ID/``."""
    query: Mapping[str, str]
    form: Mapping[str, str]
    user: str
    role: Role
    language: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The inside of a page."""

    title: str
    html: str
    status: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the menu."""

    path: str
    title: str


class Pages:
    """The pages of the loaded plugins."""

    def __init__(self, host: PluginHost) -> None:
        self._host = host
        self._maps: dict[str, tuple[tuple[Page, ...], Map]] = {}
        self._lanes: dict[str, Lane] = {}

    def menu(self, role: Role, language: str) -> list[Entry]:
        """Return what stands in the menu for ``role``, by title."""
        texts = self._host.texts(language)
        found = [
            Entry(f"/plugins/{each.plugin}/{each.item.path.strip('/')}", _title(each.item, language, texts))
            for each in self._registered()
            if each.item.in_menu and "<" not in each.item.path and role >= Role.named(each.item.role)
        ]
        return sorted(found, key=lambda entry: entry.title.casefold())

    async def answer(self, plugin: str, call: Call) -> Shown | RedirectResponse:
        """Let a page answer.

        Raises NotFoundError ``plugins.page_unknown``, ForbiddenError, PermanentError ``plugins.page_method``,
        ``plugins.page_answer`` or ``plugins.page_template``, what the guard raises, and the plugin's own CastCoreError.
        """
        page, params = self._matched(plugin, call)
        if call.role < Role.named(page.role):
            raise ForbiddenError("auth.forbidden", params={"needs": page.role})
        texts = self._host.texts(call.language)
        request = PageRequest(
            method=call.method,
            path_params=params,
            query=call.query,
            form=call.form,
            user=call.user,
            locale=call.language,
        )
        answer, html = await self._lane(plugin).call(
            _visit, page, request, self._host.context_of(plugin), self._host.packages.folder(plugin), plugin, texts
        )
        if isinstance(answer, RedirectResponse):
            return answer
        return Shown(_title(page, call.language, texts), html, answer.status)

    def _registered(self) -> Iterator[Registered[Page]]:
        yield from self._host.registry.pages.values()

    def _matched(self, plugin: str, call: Call) -> tuple[Page, dict[str, str]]:
        pages = tuple(each.item for each in self._registered() if each.plugin == plugin)
        known = self._maps.get(plugin)
        if known is None or known[0] != pages:
            known = self._maps[plugin] = (pages, _map(pages))
        try:
            number, values = known[1].bind("").match(f"/{call.path.strip('/')}", call.method)
        except HTTPException as error:
            if error.code == 405:
                raise PermanentError("plugins.page_method", params={"method": call.method}) from None
            raise NotFoundError("plugins.page_unknown", params={"plugin": plugin[:80]}) from None
        return pages[int(number)], {name: str(value) for name, value in values.items()}

    def _lane(self, plugin: str) -> Lane:
        if plugin not in self._lanes:
            self._lanes[plugin] = self._host.guard.lane(plugin, "pages", parallel=8, timeouts={"_visit": LIMIT})
        return self._lanes[plugin]


async def _visit(
    page: Page, request: PageRequest, context: PluginContext, folder: Path, plugin: str, texts: Mapping[str, object]
) -> tuple[TemplateResponse | RedirectResponse, str]:
    """Call the page and render its template: both are the plugin's doing, so both are in the guard's time."""
    answer: object = await page.handler(request, context)
    if isinstance(answer, RedirectResponse):
        if not _OWN_PATH.fullmatch(answer.to):
            raise PermanentError("plugins.page_answer", params={"plugin": plugin, "answer": "RedirectResponse"})
        return answer, ""
    if not isinstance(answer, TemplateResponse) or not 200 <= answer.status <= 599:
        raise PermanentError("plugins.page_answer", params={"plugin": plugin, "answer": type(answer).__name__})
    html = await context.run_blocking(_rendered, folder, answer, plugin, request.locale, texts)
    return answer, html


def _rendered(folder: Path, answer: TemplateResponse, plugin: str, locale: str, texts: Mapping[str, object]) -> str:
    try:
        return render(folder, answer.template, answer.values, plugin=plugin, locale=locale, texts=texts)
    except CastCoreError:
        raise
    except Exception as error:
        params = {"plugin": plugin, "template": str(answer.template)[:100], "error": type(error).__name__}
        raise PermanentError("plugins.page_template", params=params, detail=str(error)[:2000]) from None


def _map(pages: tuple[Page, ...]) -> Map:
    rules = [
        Rule(f"/{page.path.strip('/')}", endpoint=str(number), methods=sorted(page.methods))
        for number, page in enumerate(pages)
    ]
    return Map(rules, strict_slashes=False, merge_slashes=False)


def _title(page: Page, language: str, texts: Mapping[str, Mapping[str, str]]) -> str:
    return translate(page.title_key, language=language, extra=texts).message
