"""User names: how they are written and how they are compared."""

from __future__ import annotations

import re
import unicodedata

MOST = 64

# Letters and digits of any script; marks so that Indic and Arabic names can be written.
_INSIDE = re.compile(r"[\w .@+'-]*")


def normal(name: str) -> str:
    """Return ``name`` in the one form that is stored (NFKC, RFC 8265's width and composition mapping)."""
    return unicodedata.normalize("NFKC", name).strip()


def key(name: str) -> str:
    """Return what is compared: two names with the same key are the same user's."""
    return unicodedata.normalize("NFKC", normal(name).casefold())


def is_good(name: str) -> bool:
    """Tell whether ``name``, already :func:`normal`, can be a user's."""
    if not 1 <= len(name) <= MOST or not name[0].isalnum():
        return False
    bare = "".join(character for character in name if not unicodedata.category(character).startswith("M"))
    return _INSIDE.fullmatch(bare) is not None
