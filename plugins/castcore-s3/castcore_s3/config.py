"""What an S3 storage is configured with, and what contradicts itself in it."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator

from castcore_s3.endpoint import Provider, Style, home_of, region_in
from castcore_sdk import ConfigurationError, ExtensionConfig, Secret, problem, storage_path, ui

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
"""Older and self-hosted buckets have names that AWS no longer gives."""
_DNS_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
"""A name that can stand in front of a host name and under its certificate."""
_VISIBLE = r"^[\x21-\x7e]+$"


class S3Config(ExtensionConfig):
    """Settings of an S3 storage."""

    provider: Literal["aws", "r2", "b2", "other"] = Field(default="aws", json_schema_extra=ui(widget="select"))
    """Who runs the storage: Amazon (aws), Cloudflare R2 (r2), Backblaze B2 (b2), MinIO or anybody else (other)."""
    endpoint: str = Field(default="", max_length=300, json_schema_extra=ui(widget="url"))
    """Address of the service, such as https://nas.example:9000, without the bucket. AWS needs none."""
    region: str = Field(default="", pattern=r"^([a-z0-9][a-z0-9-]{0,62})?$")
    """Region of the bucket, such as eu-central-1. Empty: us-east-1, for R2 auto, for B2 the one in the address."""
    bucket: str = Field(max_length=255)
    """Name of the bucket."""
    prefix: str = Field(default="", max_length=900)
    """Only this folder of the bucket, such as media/2026. Empty: all of it."""
    access_key_id: str = Field(min_length=1, max_length=256, pattern=_VISIBLE)
    """Id of the access key. It is shown; the secret is not."""
    secret_access_key: Secret = Field(min_length=1, max_length=1024)
    """Secret of the access key."""
    session_token: Secret | None = Field(
        default=None, min_length=1, max_length=8192, json_schema_extra=ui(advanced=True)
    )
    """Token of temporary credentials. They expire: give a key of its own where you can."""
    style: Literal["auto", "path", "virtual"] = Field(
        default="auto", json_schema_extra=ui(widget="select", advanced=True)
    )
    """Where the bucket stands in the address: in the path, or in front of the host (virtual)."""
    allow_http: bool = Field(default=False, json_schema_extra=ui(advanced=True))
    """Allow an address with http://. What is read can then be seen on the way; the secret cannot."""
    verify: bool = Field(default=True, json_schema_extra=ui(advanced=True))
    """Verify the server's certificate."""
    ca_file: str = Field(default="", max_length=4096, json_schema_extra=ui(widget="path", advanced=True))
    """File with the certificates (PEM) of an authority of your own."""

    @field_validator("endpoint")
    @classmethod
    def _address(cls, value: str, info: ValidationInfo) -> str:
        provider: Provider | None = info.data.get("provider")
        if not value:
            if provider in ("r2", "b2", "other"):
                raise problem("s3.endpoint_needed", provider=provider)
            return value
        host = _host_of(value)
        home = home_of(provider) if provider else None
        if home and not host.endswith(home):
            raise problem("s3.endpoint_of_another", provider=str(provider))
        return value.rstrip("/")

    @field_validator("region")
    @classmethod
    def _region(cls, value: str, info: ValidationInfo) -> str:
        provider, endpoint = info.data.get("provider"), info.data.get("endpoint", "")
        told = region_in(provider, endpoint) if provider and endpoint else None
        if value and told and value != told:
            raise problem("s3.region_contradicts")
        if provider == "b2" and endpoint and not value and not told:
            raise problem("s3.region_needed")
        return value

    @field_validator("bucket")
    @classmethod
    def _name(cls, value: str, info: ValidationInfo) -> str:
        if not _BUCKET.fullmatch(value):
            raise problem("s3.bucket_name")
        host = urlsplit(info.data.get("endpoint") or "").hostname or ""
        if host.startswith(f"{value.lower()}."):
            raise problem("s3.bucket_in_endpoint")
        return value

    @field_validator("prefix")
    @classmethod
    def _folder(cls, value: str) -> str:
        try:
            return storage_path(value.strip("/"))
        except ConfigurationError as error:
            raise problem(error.code) from None

    @field_validator("style")
    @classmethod
    def _placed(cls, value: Style, info: ValidationInfo) -> Style:
        bucket, endpoint = info.data.get("bucket"), info.data.get("endpoint", "")
        if value == "virtual" and bucket:
            host = urlsplit(endpoint).hostname or ""
            if re.fullmatch(r"[0-9.]+", host) or ":" in host:
                raise problem("s3.virtual_needs_name")
            if not _DNS_BUCKET.fullmatch(bucket):
                raise problem("s3.virtual_needs_dns_bucket")
        return value

    @field_validator("allow_http")
    @classmethod
    def _plain(cls, value: bool, info: ValidationInfo) -> bool:
        if not value and str(info.data.get("endpoint", "")).startswith("http://"):
            raise problem("s3.http_not_allowed")
        return value

    @field_validator("ca_file")
    @classmethod
    def _authority(cls, value: str, info: ValidationInfo) -> str:
        if value and info.data.get("verify") is False:
            raise problem("s3.authority_without_verify")
        if value and str(info.data.get("endpoint", "")).startswith("http://"):
            raise problem("s3.authority_without_tls")
        return value


def _host_of(endpoint: str) -> str:
    """Return the host of an address that is a scheme, a host and perhaps a port; raise ``problem`` otherwise."""
    if not re.fullmatch(r"[\x21-\x7e]+", endpoint):
        raise problem("s3.endpoint_invalid")
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise problem("s3.endpoint_invalid") from None
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc or port == 0:
        raise problem("s3.endpoint_invalid")
    if parts.path.strip("/") or parts.query or parts.fragment or "?" in endpoint or "#" in endpoint:
        raise problem("s3.endpoint_path")
    if not re.fullmatch(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?|[0-9a-f:.]+", host):
        raise problem("s3.endpoint_invalid")
    return host
