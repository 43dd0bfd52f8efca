"""Where a bucket is: the presets of the providers, and the two ways to put the bucket into the address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import quote, urlsplit

Provider: TypeAlias = Literal["aws", "r2", "b2", "other"]
Style: TypeAlias = Literal["auto", "path", "virtual"]

_HOMES = {"r2": ".r2.cloudflarestorage.com", "b2": ".backblazeb2.com"}
_REGIONS = {
    "aws": re.compile(r"(?:^|\.)s3[.-]([a-z]{2}(?:-[a-z]+)+-[0-9])\.(?:vpce\.)?amazonaws\.com(?:\.cn)?$"),
    "b2": re.compile(r"^s3\.([a-z0-9-]+)\.backblazeb2\.com$"),
}
_DEFAULT_REGIONS = {"r2": "auto"}
"""R2 has one region, https://developers.cloudflare.com/r2/api/s3/api/ (read 2026)."""


def home_of(provider: Provider, /) -> str | None:
    """Return how every host name of a provider ends; None where they may be anything (AWS has private ones)."""
    return _HOMES.get(provider)


def region_in(provider: Provider, endpoint: str, /) -> str | None:
    """Return the region that stands in an address, None where there is none."""
    pattern, host = _REGIONS.get(provider), urlsplit(endpoint).hostname or ""
    found = pattern.search(host) if pattern else None
    return found[1] if found else None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The address of one bucket."""

    origin: str
    """Scheme, host and port; the bucket is part of the host where ``virtual``."""
    bucket: str
    region: str
    virtual: bool

    @property
    def host(self) -> str:
        """What stands in the ``Host`` header: no port where it is the scheme's own."""
        parts = urlsplit(self.origin)
        default = {"http": 80, "https": 443}[parts.scheme]
        host = parts.hostname or ""
        name = f"[{host}]" if ":" in host else host
        return name if parts.port in (None, default) else f"{name}:{parts.port}"

    def path(self, key: str = "") -> str:
        """Return the path of an object, encoded as signatures want it: everything but unreserved characters and /."""
        bucket = "" if self.virtual else f"/{quote(self.bucket, safe='')}"
        return f"{bucket}/{encoded(key)}" if key or self.virtual else bucket


def encoded(text: str, /) -> str:
    """Percent-encode a key; slashes stay."""
    return quote(text, safe="/-._~")


def place(provider: Provider, endpoint: str, region: str, bucket: str, style: Style) -> Endpoint:
    """Work out the address of a bucket from checked settings."""
    known = region or (region_in(provider, endpoint) if endpoint else None)
    area = known or _DEFAULT_REGIONS.get(provider, "us-east-1")
    if not endpoint:
        suffix = "amazonaws.com.cn" if area.startswith("cn-") else "amazonaws.com"
        endpoint = f"https://s3.{area}.{suffix}"
    # A certificate for *.s3.REGION.amazonaws.com does not cover a bucket with dots.
    virtual = style == "virtual" or (style == "auto" and provider == "aws" and "." not in bucket and _is_aws(endpoint))
    if not virtual:
        return Endpoint(endpoint, bucket, area, virtual=False)
    scheme, _, rest = endpoint.partition("://")
    return Endpoint(f"{scheme}://{bucket}.{rest}", bucket, area, virtual=True)


def _is_aws(endpoint: str) -> bool:
    host = urlsplit(endpoint).hostname or ""
    return host.endswith((".amazonaws.com", ".amazonaws.com.cn"))
