"""JSON in and out: strict in what is read, RFC 3339 and no escapes in what is written."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any, NoReturn

from pydantic_core import to_jsonable_python
from quart import Response
from quart.json.provider import JSONProvider

_DEPTH = 64


class StrictJSON(JSONProvider):
    """The application's JSON: refuses what a database or another program would choke on."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Write ``obj`` without spaces; datetimes in UTC."""
        return json.dumps(obj, default=_plain, ensure_ascii=False, separators=(",", ":"), allow_nan=False)

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Read JSON. Raises ValueError for NaN, more than 64 levels, NUL characters and lone surrogates."""
        text = s.decode("utf-8") if isinstance(s, bytes) else s
        try:
            value = json.loads(text, parse_constant=_refuse_constant)
        except RecursionError:
            raise ValueError("too deep") from None
        _check(value, text)
        return value

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """Return a JSON response of the arguments."""
        return Response(self.dumps(self._prepare_response_obj(args, kwargs)), mimetype="application/json")


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return to_jsonable_python(value)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"not JSON: {name}")


def _check(value: object, text: str) -> None:
    # Escapes are the only way in for both: raw control characters are no JSON, raw surrogates no UTF-8.
    if "\\u" in text and any(mark in text.lower() for mark in ("\\u0000", "\\ud")):
        json.dumps(value, ensure_ascii=False).encode()
        if "\\u0000" in json.dumps(value, ensure_ascii=False).replace("\\\\", ""):
            raise ValueError("NUL character")
    depth = 0
    level: list[Any] = [value]
    while level:
        depth += 1
        if depth > _DEPTH:
            raise ValueError("too deep")
        level = [part for item in level for part in _parts(item)]


def _parts(item: object) -> list[Any]:
    if isinstance(item, dict):
        return [part for part in item.values() if isinstance(part, dict | list)]
    return [part for part in item if isinstance(part, dict | list)] if isinstance(item, list) else []
