"""Errors whose class says what the caller does next.

Every error carries a stable ``code`` (``namespace.name``) that the catalogues translate, the ``params`` that its
message shows, and an English ``detail`` for the log. None of the three may ever hold a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar, TypeAlias

Params: TypeAlias = Mapping[str, str | int | float | bool]
"""Values that a message of the catalogue may show."""


class CastCoreError(Exception):
    """An error with a stable code that the web UI can translate."""

    retryable: ClassVar[bool] = False

    def __init__(self, code: str, /, *, params: Params | None = None, detail: str = "") -> None:
        super().__init__(detail or code)
        self.code = code
        self.params = dict(params or {})
        self.detail = detail


class ConfigurationError(CastCoreError):
    """The stored configuration cannot work; an operator must change it."""

    def __init__(
        self, code: str, /, *, field: str | None = None, params: Params | None = None, detail: str = ""
    ) -> None:
        super().__init__(code, params=params, detail=detail)
        self.field = field
        """The configuration field at fault, dotted for nested ones; None where it is not a single one."""


class AuthenticationError(CastCoreError):
    """Credentials are missing, expired or revoked; core starts re-authentication."""


class TemporaryError(CastCoreError):
    """Try again later; core backs off."""

    retryable: ClassVar[bool] = True

    def __init__(
        self, code: str, /, *, retry_after: timedelta | None = None, params: Params | None = None, detail: str = ""
    ) -> None:
        super().__init__(code, params=params, detail=detail)
        self.retry_after = retry_after
        """The least time to wait, where the other side named one (``Retry-After``)."""


class PermanentError(CastCoreError):
    """Retrying will not help."""


class NotFoundError(PermanentError):
    """The named object does not exist at the other side."""
