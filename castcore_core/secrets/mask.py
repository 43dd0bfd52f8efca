"""How a secret is shown: ``••••1234``."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

_HIDDEN = "••••"
_SHOWN_FROM = 12


def mask(secret: str) -> str:
    """Return ``••••`` and the last four characters, these only where the secret has at least 12."""
    return _HIDDEN + secret[-4:] if len(secret) >= _SHOWN_FROM else _HIDDEN


def mask_url(url: str) -> str:
    """Return ``url`` with the password in it masked, and its query and fragment hidden, for they may hold one too."""
    try:
        parts = urlsplit(url)
        password = parts.password
    except ValueError:
        return _HIDDEN
    place = parts.netloc.rpartition("@")[2]
    if password is not None:
        place = f"{parts.username or ''}:{_HIDDEN}@{place}"
    elif parts.username is not None:
        place = f"{parts.username}@{place}"
    return urlunsplit(
        (parts.scheme, place, parts.path, _HIDDEN if parts.query else "", _HIDDEN if parts.fragment else "")
    )
