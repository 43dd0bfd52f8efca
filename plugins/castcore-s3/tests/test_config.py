"""Presets, addresses and contradictions."""

from __future__ import annotations

from typing import Any

import pytest

from castcore_s3.config import S3Config
from castcore_s3.endpoint import place
from castcore_sdk import ConfigurationError, config_schema, parse_config

KEYS = {"access_key_id": "AKIA", "secret_access_key": "secret-canary", "bucket": "studio"}
R2 = "https://0123abcd.eu.r2.cloudflarestorage.com"
B2 = "https://s3.us-west-004.backblazeb2.com"
OTHER = {"provider": "other", "endpoint": "https://nas.example:9000"}


def _url(**settings: Any) -> tuple[str, str, str]:
    config = parse_config(S3Config, {**KEYS, **settings})
    found = place(config.provider, config.endpoint, config.region, config.bucket, config.style)
    return f"{found.origin}{found.path('a b/ü+.mp4')}", found.host, found.region


@pytest.mark.parametrize(
    ("settings", "url", "region"),
    [
        ({}, "https://studio.s3.us-east-1.amazonaws.com/", "us-east-1"),
        ({"region": "eu-central-1"}, "https://studio.s3.eu-central-1.amazonaws.com/", "eu-central-1"),
        ({"region": "cn-north-1"}, "https://studio.s3.cn-north-1.amazonaws.com.cn/", "cn-north-1"),
        ({"bucket": "a.b"}, "https://s3.us-east-1.amazonaws.com/a.b/", "us-east-1"),
        ({"style": "path"}, "https://s3.us-east-1.amazonaws.com/studio/", "us-east-1"),
        (
            {"endpoint": "https://s3.eu-west-2.amazonaws.com/"},
            "https://studio.s3.eu-west-2.amazonaws.com/",
            "eu-west-2",
        ),
        ({"provider": "r2", "endpoint": R2}, f"{R2}/studio/", "auto"),
        ({"provider": "b2", "endpoint": B2}, f"{B2}/studio/", "us-west-004"),
        (OTHER, "https://nas.example:9000/studio/", "us-east-1"),
        ({**OTHER, "style": "virtual"}, "https://studio.nas.example:9000/", "us-east-1"),
        (
            {**OTHER, "endpoint": "http://[::1]:9000", "allow_http": True, "region": "home"},
            "http://[::1]:9000/studio/",
            "home",
        ),
    ],
)
def test_where_a_bucket_is(settings: dict[str, Any], url: str, region: str) -> None:
    found, host, area = _url(**settings)
    assert (found, area) == (f"{url}a%20b/%C3%BC%2B.mp4", region)
    assert found.startswith((f"https://{host}/", f"http://{host}/"))


@pytest.mark.parametrize(
    ("settings", "code", "field"),
    [
        ({"provider": "r2"}, "s3.endpoint_needed", "endpoint"),
        ({"provider": "b2"}, "s3.endpoint_needed", "endpoint"),
        ({"provider": "other"}, "s3.endpoint_needed", "endpoint"),
        ({"provider": "r2", "endpoint": B2}, "s3.endpoint_of_another", "endpoint"),
        ({"provider": "b2", "endpoint": "https://evil.example"}, "s3.endpoint_of_another", "endpoint"),
        ({"provider": "b2", "endpoint": B2, "region": "eu-central-003"}, "s3.region_contradicts", "region"),
        ({"endpoint": "https://s3.eu-west-2.amazonaws.com", "region": "us-east-1"}, "s3.region_contradicts", "region"),
        ({"provider": "b2", "endpoint": "https://s3.backblazeb2.com"}, "s3.region_needed", "region"),
        ({**OTHER, "endpoint": "nas.example"}, "s3.endpoint_invalid", "endpoint"),
        ({**OTHER, "endpoint": "ftp://nas.example"}, "s3.endpoint_invalid", "endpoint"),
        ({**OTHER, "endpoint": "https://user:pw@nas.example"}, "s3.endpoint_invalid", "endpoint"),
        ({**OTHER, "endpoint": "https://nas.example:99999"}, "s3.endpoint_invalid", "endpoint"),
        ({**OTHER, "endpoint": "https://[::1"}, "s3.endpoint_invalid", "endpoint"),
        ({**OTHER, "endpoint": "https://na s.example"}, "s3.endpoint_invalid", "endpoint"),
        ({**OTHER, "endpoint": "https://nas.example/studio"}, "s3.endpoint_path", "endpoint"),
        ({**OTHER, "endpoint": "https://nas.example?x"}, "s3.endpoint_path", "endpoint"),
        ({**OTHER, "endpoint": "http://nas.example"}, "s3.http_not_allowed", "allow_http"),
        ({**OTHER, "endpoint": "https://studio.nas.example"}, "s3.bucket_in_endpoint", "bucket"),
        ({"bucket": "s3://studio"}, "s3.bucket_name", "bucket"),
        ({"bucket": "-a"}, "s3.bucket_name", "bucket"),
        ({"prefix": "a/../b"}, "storage.path_outside", "prefix"),
        ({**OTHER, "endpoint": "https://10.0.0.1", "style": "virtual"}, "s3.virtual_needs_name", "style"),
        ({**OTHER, "bucket": "Studio_1", "style": "virtual"}, "s3.virtual_needs_dns_bucket", "style"),
        ({"verify": False, "ca_file": "/ca.pem"}, "s3.authority_without_verify", "ca_file"),
        (
            {**OTHER, "endpoint": "http://nas.example", "allow_http": True, "ca_file": "/ca.pem"},
            "s3.authority_without_tls",
            "ca_file",
        ),
        ({"access_key_id": ""}, "config.invalid", "access_key_id"),
        ({"access_key_id": "AKIA\n"}, "config.invalid", "access_key_id"),
        ({"region": "Frankfurt"}, "config.invalid", "region"),
    ],
)
def test_contradictions(settings: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_config(S3Config, {**KEYS, **settings})
    assert (caught.value.code, caught.value.field) == (code, field)


def test_the_id_is_shown_and_the_secret_is_not() -> None:
    properties = config_schema(S3Config)["properties"]
    assert [name for name, schema in properties.items() if schema.get("x-castcore-secret")] == [
        "secret_access_key",
        "session_token",
    ]
    assert "canary" not in repr(parse_config(S3Config, KEYS))


def test_a_prefix_needs_no_slashes() -> None:
    assert parse_config(S3Config, {**KEYS, "prefix": "/media//2026/"}).prefix == "media/2026"
