"""Errors whose class says what the caller does next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar

Params = Mapping[str, str | int | float | bool]
"""Values that a message of the catalogue may show."""


class CastCoreError(Exception):
    """An error with a stable code that the web UI can translate."""

    retryable: ClassVar[bool] = False

    def __init__(
        self, code: str, /, *, params: Mapping[str, str | int | float | bool] | None = None, detail: str = ""
    ) -> None:
        super().__init__(detail or code)
        self.code = code
        self.params = dict(params or {})
        self.detail = detail


class ConfigurationError(CastCoreError):
    """The stored configuration cannot work; an operator must change it."""

    def __init__(
        self,
        code: str,
        /,
        *,
        field: str | None = None,
        params: Mapping[str, str | int | float | bool] | None = None,
        detail: str = "",
    ) -> None:
        super().__init__(code, params=params, detail=detail)
        self.field = field


class AuthenticationError(CastCoreError):
    """Credentials are missing, expired or revoked; core starts re-authentication."""


class TemporaryError(CastCoreError):
    """Try again later; core backs off."""

    retryable: ClassVar[bool] = True

    def __init__(
        self,
        code: str,
        /,
        *,
        retry_after: timedelta | None = None,
        params: Mapping[str, str | int | float | bool] | None = None,
        detail: str = "",
    ) -> None:
        super().__init__(code, params=params, detail=detail)
        self.retry_after = retry_after


class PermanentError(CastCoreError):
    """Retrying will not help."""


class NotFoundError(PermanentError):
    """The named object does not exist at the other side."""
