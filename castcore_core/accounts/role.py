"""The roles, from the least to the most; each may do what the ones before it may."""

from __future__ import annotations

from enum import IntEnum
from typing import Literal, cast

RoleName = Literal["viewer", "operator", "admin"]


class Role(IntEnum):
    """What a user may do."""

    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3

    @property
    def title(self) -> RoleName:
        """The role as the API and the database write it."""
        return cast(RoleName, self.name.lower())

    @classmethod
    def named(cls, title: str) -> Role:
        """Return the role of that title. Raises KeyError for another."""
        return cls[title.upper()]
