"""Random secrets that people and programs carry, and what is stored of them."""

from __future__ import annotations

import hashlib
import secrets

API_TOKEN = "cc_"  # noqa: S105
REFRESH_TOKEN = "ccr_"  # noqa: S105


def new_secret(prefix: str = "") -> str:
    """Return a secret of 256 random bits after ``prefix``."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """Return what is stored of a random secret and looked up.

    SHA-256 is enough here: nobody guesses 256 bits, however fast the hash. A look-up by digest also tells nothing
    through its time, since nobody chooses digests. For passwords there is :mod:`castcore_core.accounts.password`.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
