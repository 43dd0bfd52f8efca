"""The connection test: what works, what does not, and what will not for long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from castcore_s3.client import Client
from castcore_s3.config import S3Config
from castcore_s3.failure import skew
from castcore_s3.listing import Page
from castcore_sdk import CastCoreError, CheckResult, ConfigurationError, Params, Severity

_DRIFT = timedelta(minutes=2)
"""From here on a clock is worth a warning; S3 refuses at 15 minutes."""
_FIELDS = {
    "s3.key_unknown": "access_key_id",
    "s3.secret_wrong": "secret_access_key",
    "s3.token_expired": "session_token",
    "s3.unreachable": "endpoint",
    "s3.host_unknown": "endpoint",
}


async def examine(client: Client, config: S3Config, prefix: str) -> Sequence[CheckResult]:
    """List ``prefix``, read one byte of the first object there, and look at clock and encryption. It never raises."""
    results = list(_about_settings(config))
    try:
        page = await client.page(prefix)
    except CastCoreError as error:
        return [_as_result(error), *results]
    results.insert(0, _readable(config, page))
    first = next((item.key for item in page.items if not item.key.endswith("/") and item.size), None)
    if first is not None:
        try:
            await client.probe(first, first)
        except CastCoreError as error:
            results.append(_as_result(error))
    if client.offset is not None and abs(client.offset) > _DRIFT:
        code, seconds = skew(client.offset)
        results.append(CheckResult(code=code, severity=Severity.WARNING, params={"seconds": seconds}))
    return results


def _readable(config: S3Config, page: Page) -> CheckResult:
    params: Params = {"bucket": config.bucket, "objects": len(page.items), "more": "+" if page.token else ""}
    return CheckResult(code="s3.bucket_readable", severity=Severity.OK, params=params)


def _about_settings(config: S3Config) -> Iterator[CheckResult]:
    if config.endpoint.startswith("http://"):
        yield CheckResult(code="s3.plain_http", severity=Severity.WARNING, config_field="endpoint")
    elif not config.verify:
        yield CheckResult(code="s3.not_verified", severity=Severity.WARNING, config_field="verify")


def _as_result(error: CastCoreError) -> CheckResult:
    field = error.field if isinstance(error, ConfigurationError) else None
    return CheckResult(
        code=error.code,
        severity=Severity.ERROR,
        params=error.params,
        config_field=field or _FIELDS.get(error.code),
    )
