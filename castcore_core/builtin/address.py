"""Network addresses as people type them, taken apart strictly and without ever repeating a secret in an error."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from pydantic import AfterValidator, SecretStr

from castcore_sdk import ConfigurationError, problem

LONGEST_URL = 4096
_NOT_IN_URL = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff]")
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
"""RFC 1123, with the underscore that container networks use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """``scheme://[username[:password]@]host[:port][path][?query]``, checked."""

    scheme: str
    host: str
    """A name in its ASCII form or an IP address without brackets; empty where that was allowed."""
    port: int | None
    path: str
    """As it was given, with its slash in front; empty where there is none."""
    query: str
    username: str | None
    password: SecretStr | None

    @property
    def peer(self) -> str:
        """``host[:port]``, with the brackets that IPv6 wants."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


def parse_address(url: str, *schemes: str, host_optional: bool = False) -> Address:
    """Take ``url`` apart. Raise ConfigurationError ``destinations.*``, which names a host at most.

    A ``#`` is no fragment here: stream keys may hold one.
    """
    if len(url.encode("utf-8", "replace")) > LONGEST_URL:
        raise ConfigurationError("destinations.url_too_long", params={"longest": LONGEST_URL})
    if _NOT_IN_URL.search(url):
        raise ConfigurationError("destinations.url_character")
    scheme, mark, _ = url.partition("://")
    if not mark or scheme.lower() not in schemes:
        raise ConfigurationError("destinations.scheme_unknown", params={"known": ", ".join(f"{s}://" for s in schemes)})
    try:
        parts = urlsplit(url, allow_fragments=False)
    except ValueError:
        raise ConfigurationError("destinations.host_invalid", params={"host": ""}) from None
    return Address(
        scheme=parts.scheme,
        host=_host(parts, optional=host_optional),
        port=_port(parts),
        path=parts.path,
        query=parts.query,
        username=unquote(parts.username) if parts.username else None,
        password=SecretStr(unquote(parts.password)) if parts.password else None,
    )


def _port(parts: SplitResult) -> int | None:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0 or parts.netloc.endswith(":"):
        raise ConfigurationError("destinations.port_invalid")
    return port


def _host(parts: SplitResult, *, optional: bool) -> str:
    host = parts.hostname or ""
    peer = parts.netloc.rpartition("@")[2]
    if peer.count(":") > 1 and "[" not in peer:
        raise ConfigurationError("destinations.host_invalid", params={"host": peer[:253]})
    if not host:
        if optional:
            return ""
        raise ConfigurationError("destinations.host_missing")
    if not _is_host(host, bracketed="[" in parts.netloc):
        raise ConfigurationError("destinations.host_invalid", params={"host": host[:253]})
    return host if host.isascii() else host.encode("idna").decode("ascii")


def _is_host(host: str, *, bracketed: bool) -> bool:
    if bracketed:
        return _is_ip(host, 6)
    try:
        name = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        return False
    labels = name.removesuffix(".").split(".")
    if labels[-1].isdigit():
        return _is_ip(name, 4)
    return len(name) <= 253 and all(_LABEL.fullmatch(label) for label in labels)


def _is_ip(text: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(text).version == version
    except ValueError:
        return False


def query_options(address: Address, known: frozenset[str]) -> dict[str, str]:
    """Return the decoded query. Raise ConfigurationError for a name that is unknown, repeated or without a value."""
    found: dict[str, str] = {}
    for pair in filter(None, address.query.split("&")):
        # A plus sign stays one: passphrases hold them, and SRT users write no forms.
        ((name, value),) = parse_qsl(pair.replace("+", "%2B"), keep_blank_values=True, max_num_fields=1) or [("", "")]
        if name not in known:
            params = {"option": name[:40], "known": ", ".join(sorted(known))}
            raise ConfigurationError("destinations.option_unknown", params=params)
        if name in found:
            raise ConfigurationError("destinations.option_repeated", params={"option": name})
        if not value:
            raise ConfigurationError("destinations.option_invalid", params={"option": name})
        found[name] = value
    return found


def number_option(options: Mapping[str, str], name: str) -> int | None:
    """Return an option as a whole number, None where it is absent. Raise ConfigurationError for anything else."""
    if name not in options:
        return None
    text = options[name]
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise ConfigurationError("destinations.option_invalid", params={"option": name})
    return int(text)


def validator(check: Callable[[str], str]) -> AfterValidator:
    """Let a configuration field be checked by a function that raises ConfigurationError."""

    def validate(value: str) -> str:
        try:
            return check(value)
        except ConfigurationError as error:
            raise problem(error.code, **error.params) from None

    return AfterValidator(validate)
