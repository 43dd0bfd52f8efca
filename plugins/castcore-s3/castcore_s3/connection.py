"""The clients of one configuration: obstore for contents, httpx for questions."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2 as httpx
from obstore.store import S3Store

from castcore_s3 import __version__
from castcore_s3.client import Client
from castcore_s3.config import S3Config
from castcore_s3.endpoint import Endpoint, place
from castcore_s3.signature import Keys
from castcore_sdk import ConfigurationError

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig
    from obstore.store import S3Config as S3Settings

_CONNECT = timedelta(seconds=5)
_MOST_AUTHORITIES = 2 * 1024 * 1024
"""Bytes of a file of certificates; all public authorities together have a quarter of it."""
_AGENT = f"castcore-s3/{__version__}"


@dataclass(frozen=True, slots=True)
class Connection:
    """What one storage works with."""

    client: Client
    reading: S3Store
    writing: S3Store


def connect(config: S3Config, stall: timedelta) -> Connection:
    """Prepare the clients. Raise ConfigurationError where the authority's certificates cannot be read. It blocks."""
    endpoint = place(config.provider, config.endpoint, config.region, config.bucket, config.style)
    authority = _authority(config.ca_file)
    keys = Keys(config.access_key_id, config.secret_access_key, config.session_token)
    http = httpx.AsyncClient(
        verify=_context(authority, verify=config.verify),
        timeout=httpx.Timeout(stall.total_seconds(), connect=_CONNECT.total_seconds()),
        headers={"user-agent": _AGENT, "accept-encoding": "identity"},
        limits=httpx.Limits(max_connections=16, max_keepalive_connections=4),
    )
    # Reads are mended by the reader, which knows that it is the same object; an upload cannot be asked for again.
    none: RetryConfig = {"max_retries": 0, "retry_timeout": stall}
    some: RetryConfig = {
        "max_retries": 4,
        "retry_timeout": timedelta(seconds=30),
        "backoff": {"init_backoff": timedelta(milliseconds=200), "max_backoff": timedelta(seconds=4), "base": 2},
    }
    options = _options(config, authority, stall)
    return Connection(
        client=Client(endpoint, keys, http),
        reading=_store(config, endpoint, options, none),
        writing=_store(config, endpoint, options, some),
    )


def _store(config: S3Config, endpoint: Endpoint, options: ClientConfig, retry: RetryConfig) -> S3Store:
    settings: S3Settings = {
        "endpoint": endpoint.origin,
        "region": endpoint.region,
        "virtual_hosted_style_request": endpoint.virtual,
        "access_key_id": config.access_key_id,
        "secret_access_key": config.secret_access_key.get_secret_value(),
    }
    if config.session_token is not None:
        settings["session_token"] = config.session_token.get_secret_value()
    return S3Store(endpoint.bucket, config=settings, client_options=options, retry_config=retry)


def _options(config: S3Config, authority: str, stall: timedelta) -> ClientConfig:
    options: ClientConfig = {
        "allow_http": config.allow_http,
        "allow_invalid_certificates": not config.verify,
        "connect_timeout": _CONNECT,
        "read_timeout": stall,
        # It would bound a whole part, however steadily it flows; `read_timeout` is what notices a stall.
        "timeout": timedelta(days=1),
        "user_agent": _AGENT,
    }
    if authority:
        options["root_certificate"] = authority
    return options


def _authority(file: str) -> str:
    if not file:
        return ""
    try:
        with Path(file).open(encoding="ascii") as opened:
            text = opened.read(_MOST_AUTHORITIES)
    except (OSError, ValueError):
        raise ConfigurationError("s3.authority_unreadable", field="ca_file") from None
    if "-----BEGIN CERTIFICATE-----" not in text:
        raise ConfigurationError("s3.authority_unreadable", field="ca_file")
    return text


def _context(authority: str, *, verify: bool) -> ssl.SSLContext:
    context = httpx.create_ssl_context(verify=verify)
    if authority:
        try:
            context.load_verify_locations(cadata=authority)
        except ssl.SSLError:
            raise ConfigurationError("s3.authority_unreadable", field="ca_file") from None
    return context
