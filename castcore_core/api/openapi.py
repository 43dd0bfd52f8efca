"""The OpenAPI 3.1 document: what quart-schema finds, and what is true of every route."""

from __future__ import annotations

from typing import Any, cast

from quart import Quart
from quart_schema import Info, QuartSchema
from quart_schema.openapi import HttpSecurityScheme, OpenAPIProvider
from quart_schema.typing import PydanticDumpOptions

from castcore_core import __version__

_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "params", "level"],
            "properties": {
                "code": {"type": "string", "pattern": r"^[a-z0-9_-]+\.[a-z0-9_]+$"},
                "params": {"type": "object"},
                "level": {"enum": ["info", "warning", "error"]},
            },
        }
    },
}
_ERROR_RESPONSE = {
    "description": "The error as a code with parameters; `/api/v1/i18n/{lang}` has the sentences.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
}


class _Provider(OpenAPIProvider):
    """Add the error envelope to every operation and keep the finished document."""

    _document: dict[str, Any] | None = None

    def schema(self) -> dict[str, Any]:
        if self._document is None:
            document = super().schema()
            document["components"]["schemas"]["Error"] = _ERROR
            document["paths"] = dict(sorted(document["paths"].items()))
            for path in document["paths"].values():
                for operation in path.values():
                    operation["responses"] = dict(operation["responses"]) or {"200": {"description": "Done."}}
                    operation["responses"]["default"] = _ERROR_RESPONSE
                    operation["tags"] = sorted(operation.get("tags", []))
            self._document = document
        return self._document


def install(app: Quart) -> None:
    """Let views of ``app`` declare their models; the document and its page are routes of the api feature."""
    QuartSchema(
        app,
        openapi_path=None,
        info=Info(title="CastCore", version=__version__),
        security_schemes={"bearer": HttpSecurityScheme(scheme="bearer")},
        security=[{"bearer": []}],
        conversion_preference="pydantic",
        pydantic_dump_options=cast(PydanticDumpOptions, {"mode": "json"}),  # its type leaves mode out
        openapi_provider_class=_Provider,
    )


def document(app: Quart) -> dict[str, Any]:
    """Return the document of ``app``; it is built once."""
    extension: QuartSchema = app.extensions["QUART_SCHEMA"]
    found: dict[str, Any] = extension.openapi_provider.schema()
    return found
