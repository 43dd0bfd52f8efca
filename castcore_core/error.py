"""The core's errors, by what the caller does next; the API turns each class into one HTTP status.

Codes and parameters are as in ``castcore_sdk.errors``: no English sentences, no secret values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TypedDict

from castcore_sdk.errors import PermanentError, TemporaryError

__all__ = [
    "ConflictError",
    "ForbiddenError",
    "InvalidError",
    "InvalidField",
    "PreconditionError",
    "RateLimitedError",
    "RequestError",
    "UnauthenticatedError",
    "UnavailableError",
]


class InvalidField(TypedDict):
    """One field that cannot be accepted: where it stands in the request and the kind of fault."""

    path: list[str | int]
    type: str


class RequestError(PermanentError):
    """The request itself cannot be understood; sending it again changes nothing."""

    def __init__(
        self, code: str, /, *, status: int = 400, params: Mapping[str, str | int | float | bool] | None = None
    ) -> None:
        super().__init__(code, params=params)
        self.status = status


class InvalidError(PermanentError):
    """Fields of the request are wrong; the caller corrects them."""

    def __init__(self, fields: Sequence[InvalidField]) -> None:
        super().__init__("validation.failed")
        self.fields = list(fields)

    @classmethod
    def at(cls, *path: str | int, type: str) -> InvalidError:  # noqa: A002
        """Return the error for the one field at ``path``."""
        return cls([{"path": list(path), "type": type}])


class UnauthenticatedError(PermanentError):
    """Who calls is not known; the caller signs in."""


class ForbiddenError(PermanentError):
    """Who calls may not do this."""


class ConflictError(PermanentError):
    """The present state does not allow it; the caller looks at the state and decides."""


class PreconditionError(PermanentError):
    """Somebody else changed the object meanwhile; the caller reads it again."""


class RateLimitedError(TemporaryError):
    """Too many attempts; the caller waits ``retry_after``."""

    def __init__(self, code: str, /, *, retry_after: timedelta) -> None:
        super().__init__(code, retry_after=retry_after, params={"seconds": max(1, round(retry_after.total_seconds()))})


class UnavailableError(PermanentError):
    """The feature is not built into this version."""
