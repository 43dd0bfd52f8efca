"""User name and password as Adobe's servers ask for them (``authmod=adobe``).

There is no public specification; this is what ffmpeg and librtmp send: MD5 twice over the server's salt and
challenge and a challenge of our own.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from urllib.parse import quote

from castcore_core.rtmp.address import Endpoint
from castcore_core.rtmp.error import RejectedError


def next_app_query(endpoint: Endpoint, description: str) -> str:
    """Return what to add to the application for the next ``connect`` after a refusal with ``description``.

    Raise RejectedError ``rtmp.auth_required`` where the server wants what we do not have, ``rtmp.auth_failed``
    where it does not take what we gave.
    """
    if "authmod=adobe" not in description or not endpoint.username or endpoint.password is None:
        raise RejectedError("rtmp.auth_required", {"peer": endpoint.peer})
    user = quote(endpoint.username, safe="")
    if "?reason=" not in description:
        return f"authmod=adobe&user={user}"
    pairs = description.partition("?")[2].rstrip(" ]:").split("&")
    given = {name: value for name, _, value in (pair.partition("=") for pair in pairs)}
    if given.get("reason") != "needauth":
        raise RejectedError("rtmp.auth_failed", {"peer": endpoint.peer}, f"reason {given.get('reason', '')[:40]}")
    challenge = secrets.token_hex(4)
    opaque = given.get("opaque", "")
    inner = _digest(endpoint.username + given.get("salt", "") + endpoint.password)
    response = _digest(inner + (opaque or given.get("challenge", "")) + challenge)
    query = f"authmod=adobe&user={user}&challenge={challenge}&response={response}"
    return query + (f"&opaque={opaque}" if opaque else "")


def asks_for_credentials(description: str) -> bool:
    """Say whether a refusal of ``connect`` is a question for user name and password."""
    return "authmod=" in description or "need auth" in description


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.md5(text.encode(), usedforsecurity=False).digest()).decode()
