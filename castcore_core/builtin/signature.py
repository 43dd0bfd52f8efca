"""Sign what is posted, as the Standard Webhooks specification does, so that its libraries can verify it. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

PREFIX = "whsec_"
LEAST = 16
"""Bytes of a secret; the specification asks for 24, its libraries take fewer."""


def key_of(secret: str) -> bytes:
    """Return the key: what follows ``whsec_`` is base64, anything else stands for itself.

    Raises ValueError where it is too short or not base64.
    """
    if secret.startswith(PREFIX):
        try:
            key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            raise ValueError("not base64") from None
    else:
        key = secret.encode()
    if len(key) < LEAST:
        raise ValueError("too short")
    return key


def sign(key: bytes, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers for ``body``: HMAC-SHA256 over ``ID.TIMESTAMP.BODY``; the timestamp is Unix time."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {
        "Webhook-Id": message_id,
        "Webhook-Timestamp": str(timestamp),
        "Webhook-Signature": f"v1,{digest}",
    }
