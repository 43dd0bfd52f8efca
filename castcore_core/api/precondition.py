"""``ETag``, ``If-Match`` and ``If-Unmodified-Since`` (RFC 9110, 13.1)."""

from __future__ import annotations

from datetime import UTC, datetime

from quart import request
from werkzeug.http import parse_date, parse_etags

from castcore_core.db.revision import Expectation, revision_of
from castcore_core.error import RequestError


def etag_header(updated_at: datetime) -> dict[str, str]:
    """Return the ``ETag`` header of an object."""
    return {"ETag": f'"{revision_of(updated_at)}"'}


def expectation() -> Expectation:
    """Return what this request expects of the object it changes.

    ``If-Unmodified-Since`` is an HTTP date, or an RFC 3339 time as ``updated_at`` shows it.
    Raises RequestError where it is neither.
    """
    if "If-Match" in request.headers:
        tags = parse_etags(request.headers["If-Match"])
        return Expectation(frozenset({"*"} if tags.star_tag else tags.as_set()))
    if "If-Unmodified-Since" in request.headers:
        return Expectation(since=_moment(request.headers["If-Unmodified-Since"]))
    return Expectation()


def _moment(text: str) -> datetime:
    if (moment := parse_date(text)) is None:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise RequestError("request.malformed") from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
