"""What the API tells about itself: the OpenAPI document, a page to read it, the catalogues."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache

from quart import Blueprint, Response, current_app, render_template, request
from quart_schema import hide

from castcore_core.api.openapi import document
from castcore_core.api.rule import current_core
from castcore_core.i18n import LANGUAGES, catalogue
from castcore_core.plugins.host import PluginHost
from castcore_sdk.errors import NotFoundError

blueprint = Blueprint("api", __name__, template_folder="templates")

_PAGE_POLICY = "default-src 'none'; style-src 'self' 'sha256-{style}'; frame-ancestors 'none'; base-uri 'none'"


@blueprint.get("/openapi.json")
@hide
async def openapi() -> Response:
    """Return this API's OpenAPI 3.1 document."""
    return _cached(current_app.json.dumps(document(current_app)), "application/json")


@blueprint.get("/docs")
@hide
async def page() -> Response:
    """Show the document to people: one page without scripts and without anything from elsewhere."""
    text = await render_template("reference.html", document=document(current_app))
    response = _cached(text, "text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = _PAGE_POLICY.format(style=_style_hash(text))
    return response


@blueprint.get("/i18n/<lang>")
async def texts(lang: str) -> Response:
    """Return the catalogue of a language: namespace → name → message, cause, remedy, placeholders as `{{name}}`."""
    if lang not in LANGUAGES:
        raise NotFoundError("request.not_found")
    try:
        host = current_core().get(PluginHost)
    except LookupError:
        host = None
    return _cached(_catalogue(lang, host), "application/json")


@lru_cache(maxsize=len(LANGUAGES))
def _catalogue(lang: str, host: PluginHost | None) -> str:
    nested: dict[str, dict[str, object]] = {}
    # A plugin's codes begin with its id; the core's own come last, so no plugin can speak for the core.
    for code, parts in sorted({**(host.texts(lang) if host else {}), **catalogue(lang)}.items()):
        namespace, _, name = code.partition(".")
        nested.setdefault(namespace, {})[name] = dict(parts)
    return json.dumps(nested, ensure_ascii=False, separators=(",", ":"))


def _cached(text: str, content_type: str) -> Response:
    response = Response(text, content_type=content_type)
    response.set_etag(hashlib.sha256(text.encode()).hexdigest()[:32])
    response.headers["Cache-Control"] = "no-cache"
    if request.if_none_match.contains(response.get_etag()[0] or ""):
        return Response(b"", 304, response.headers)
    return response


def _style_hash(page: str) -> str:
    import base64

    style = page.partition("<style>")[2].partition("</style>")[0]
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
