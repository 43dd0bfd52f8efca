"""AWS Signature Version 4 for requests without a body, in headers, so that no address ever carries a signature.

Source: "Signature Calculations for the Authorization Header", Amazon S3 API reference.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from pydantic import SecretStr

_ALGORITHM = "AWS4-HMAC-SHA256"
_EMPTY = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Keys:
    """What requests are signed with."""

    access_key_id: str
    secret: SecretStr
    token: SecretStr | None = None


def query_string(parameters: Sequence[tuple[str, str]], /) -> str:
    """Encode parameters in the order and the way that signatures want them."""
    pairs = sorted((quote(name, safe="-._~"), quote(value, safe="-._~")) for name, value in parameters)
    return "&".join(f"{name}={value}" for name, value in pairs)


def signed(
    keys: Keys, region: str, method: str, path: str, query: str, headers: Mapping[str, str], moment: datetime
) -> dict[str, str]:
    """Return ``headers`` with date, hash and authorization added.

    ``path`` and ``query`` are encoded already; ``headers`` must hold ``host``, names in lower case. ``moment`` has a
    time zone; servers refuse one that is more than 15 minutes off.
    """
    stamp = moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    complete = {**headers, "x-amz-content-sha256": _EMPTY, "x-amz-date": stamp}
    if keys.token is not None:
        complete["x-amz-security-token"] = keys.token.get_secret_value()
    names = ";".join(sorted(complete))
    lines = "".join(f"{name}:{' '.join(complete[name].split())}\n" for name in sorted(complete))
    request = "\n".join((method, path, query, lines, names, _EMPTY))
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    text = "\n".join((_ALGORITHM, stamp, scope, hashlib.sha256(request.encode()).hexdigest()))
    key = f"AWS4{keys.secret.get_secret_value()}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    mark = hmac.digest(key, text.encode(), "sha256").hex()
    complete["authorization"] = (
        f"{_ALGORITHM} Credential={keys.access_key_id}/{scope}, SignedHeaders={names}, Signature={mark}"
    )
    return complete
