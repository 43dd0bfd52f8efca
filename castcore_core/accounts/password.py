"""Passwords: what is accepted, and argon2id away from the event loop."""

from __future__ import annotations

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from castcore_core.error import RateLimitedError

T = TypeVar("T")

LEAST = 10
"""Characters; NIST SP 800-63B asks for 8 and more with a second factor, and for no rules about their kinds."""
MOST = 256

_AT_ONCE = 2
_WAITING = 16
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$PhMmaK2D0DMCkcNohRSRkw$JDAxvcTIpcEkK6+1GKkKzKkD2R/2hENaCVyPVdoL8qI"
"""A hash like any other, checked where there is none, so that the time does not tell who has an account."""


class Passwords:
    """Hash and verify, two at a time; each takes 64 MiB and about 0.15 s of CPU (RFC 9106, second choice)."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="password")
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """Return what is stored of ``password``."""
        return await self._run(partial(self._hasher.hash, _normal(password)))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Tell whether ``password`` fits; as slow for ``None``, which nothing fits.

        Raises RateLimitedError while too many wait.
        """
        fits = await self._run(partial(self._fits, stored or _NOBODY, _normal(password)))
        return fits and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Tell whether ``stored`` was hashed with other parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _fits(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: partial[T]) -> T:
        if self._waiting >= _WAITING:
            raise RateLimitedError("auth.rate_limited", retry_after=timedelta(seconds=2))
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


def fault(password: str, user_name: str) -> str | None:
    """Return the kind of fault in a new password, ``None`` where it is good."""
    if len(password) < LEAST:
        return "too_short"
    if len(password) > MOST:
        return "too_long"
    if _normal(password).casefold() == unicodedata.normalize("NFC", user_name).casefold():
        return "password_is_name"
    if len(set(password)) < 4:
        return "password_too_simple"
    return None


def _normal(password: str) -> str:
    # One keyboard composes what another decomposes (RFC 8265, OpaqueString). Lone surrogates fit nothing.
    return unicodedata.normalize("NFC", password).encode("utf-8", "replace").decode()
