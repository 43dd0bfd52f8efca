"""Lists: which part of one is asked for, and how it is answered."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from castcore_core.error import InvalidError

Item = TypeVar("Item")


class PageQuery(BaseModel):
    """``?limit=&offset=&sort=``; a resource adds its filters by inheriting. Unknown parameters are refused."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=500, description="How many items.")
    offset: int = Field(default=0, ge=0, le=2**31 - 1, description="How many items to skip.")
    sort: str | None = Field(
        default=None, max_length=100, description="Fields to sort by, with commas, descending after a minus."
    )

    def order(self, allowed: Collection[str], default: str) -> list[str]:
        """Return what ``QuerySet.order_by`` takes, always ended by ``id`` so that pages never overlap.

        Raises InvalidError for a field that is not ``allowed``.
        """
        names = [name for name in (self.sort or default).split(",") if name]
        if any(name.removeprefix("-") not in allowed for name in names):
            raise InvalidError.at("sort", type="enum")
        return [*names, "id"]


class Page(BaseModel, Generic[Item]):
    """A part of a list, and how long the whole one is."""

    items: Sequence[Item]
    total: int
    limit: int
    offset: int

    @classmethod
    def of(cls, items: Sequence[Item], total: int, query: PageQuery) -> Page[Item]:
        """Return the answer to ``query``."""
        return cls(items=items, total=total, limit=query.limit, offset=query.offset)
