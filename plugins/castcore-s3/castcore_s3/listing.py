"""One page of a listing, read from the answer to ListObjectsV2."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import unquote_plus
from xml.parsers import expat


@dataclass(frozen=True, slots=True)
class Item:
    """An object as a listing tells it."""

    key: str
    size: int
    modified: datetime | None
    etag: str | None


@dataclass(slots=True)
class Page:
    """Objects and common prefixes, each in the order of the server."""

    items: list[Item] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    token: str | None = None
    """Where the next page goes on; None at the end."""


def parse_page(body: bytes, /) -> Page:
    """Read a page. Raise ValueError where it is none (other XML, HTML, cut off, with a DTD)."""
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    # No server sends one, and entities are what hostile XML is made of.
    parser.StartDoctypeDeclHandler = reader.refuse
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise ValueError(f"no XML: {expat.errors.messages[error.code]}") from None
    return reader.page()


class _Reader:
    def __init__(self) -> None:
        self._way: list[str] = []
        self._words: list[str] = []
        self._fields: dict[str, str] = {}
        self._objects: list[dict[str, str]] = []
        self._prefixes: list[str] = []
        self._about: dict[str, str] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._way.append(name.rpartition(":")[2])
        self._words.clear()
        if self._way[0] != "ListBucketResult":
            raise ValueError("not a listing")
        if len(self._way) == 2:
            self._fields = {}

    def text(self, words: str) -> None:
        self._words.append(words)

    def end(self, name: str) -> None:
        way, words = self._way, "".join(self._words)
        self._words.clear()
        if len(way) == 3:
            self._fields[way[2]] = words
        elif len(way) == 2 and way[1] == "Contents":
            self._objects.append(self._fields)
        elif len(way) == 2 and way[1] == "CommonPrefixes":
            self._prefixes.append(self._fields.get("Prefix", ""))
        elif len(way) == 2:
            self._about[way[1]] = words
        way.pop()

    def refuse(self, *_: object) -> None:
        raise ValueError("a document type")

    def page(self) -> Page:
        # Servers that do not know encoding-type=url do not repeat it.
        plain = unquote_plus if self._about.get("EncodingType") == "url" else str
        more = self._about.get("IsTruncated") == "true"
        return Page(
            items=[_item(one, plain(one.get("Key", ""))) for one in self._objects],
            prefixes=[plain(prefix) for prefix in self._prefixes],
            token=self._about.get("NextContinuationToken") or None if more else None,
        )


def _item(fields: dict[str, str], key: str) -> Item:
    return Item(
        key=key,
        size=int(fields.get("Size", "0")),
        modified=_moment(fields.get("LastModified", "")),
        etag=fields.get("ETag", "").strip('"') or None,
    )


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
