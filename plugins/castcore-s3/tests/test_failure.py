"""What the service says, from every method, as an error of the right class; never a secret in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest
import scene
from s3_double import KEY_ID, SECRET, Double, Reply, Request, error

from castcore_s3.config import S3Config
from castcore_s3.failure import Answer, clock_offset, failure
from castcore_s3.storage import S3Storage
from castcore_sdk import (
    AuthenticationError,
    CastCoreError,
    ConfigurationError,
    NotFoundError,
    PermanentError,
    Severity,
    StoragePath,
    TemporaryError,
)

CASES = [
    (error(403, "InvalidAccessKeyId"), AuthenticationError, "s3.key_unknown"),
    (error(403, "SignatureDoesNotMatch"), AuthenticationError, "s3.secret_wrong"),
    (error(400, "ExpiredToken"), AuthenticationError, "s3.token_expired"),
    (error(403, "AllAccessDisabled"), AuthenticationError, "s3.account_closed"),
    (error(403, "AccessDenied"), PermanentError, "s3.denied"),
    (error(404, "NoSuchBucket"), ConfigurationError, "s3.no_such_bucket"),
    (error(301, "PermanentRedirect", x_amz_bucket_region="eu-west-3"), ConfigurationError, "s3.wrong_region"),
    (error(400, "AuthorizationHeaderMalformed"), ConfigurationError, "s3.wrong_region_unknown"),
    (error(503, "SlowDown", retry_after="7"), TemporaryError, "s3.slow_down"),
    (error(429, "TooManyRequests", retry_after="7"), TemporaryError, "s3.slow_down"),
    (Reply(429, {"retry-after": "7"}), TemporaryError, "s3.slow_down"),
    (error(500, "InternalError"), TemporaryError, "s3.server_error"),
    (Reply(502, {}, b"<html>Bad gateway</html>"), TemporaryError, "s3.server_error"),
    (error(507, "XMinioStorageFull"), TemporaryError, "s3.full"),
    (error(403, "QuotaExceeded"), TemporaryError, "s3.full"),
    (Reply(400, {}, b"Client sent an HTTP request to an HTTPS server.\n"), ConfigurationError, "s3.not_s3"),
    (Reply(418, {}, b"<Error><Code>Teapot</Code></Error>"), PermanentError, "s3.refused"),
]


def _told(problem: CastCoreError) -> str:
    return f"{problem!r} {problem.params} {problem.detail} {problem.__context__!r} {problem.__cause__!r}"


def _calls(storage: S3Storage) -> dict[str, Callable[[], object]]:
    path = StoragePath("a.mp4")
    return {
        "list": lambda: scene.names(storage),
        "stat": lambda: storage.stat(path),
        "read": lambda: scene.read(storage, path),
        "write": lambda: storage.write(path, scene.pieces(b"x")),
        "delete": lambda: storage.delete(path),
    }


@pytest.mark.parametrize(("reply", "kind", "code"), CASES, ids=lambda value: getattr(value, "__name__", None))
def test_every_method_says_why(server: Double, reply: Reply, kind: type[CastCoreError], code: str) -> None:
    server.objects["a.mp4"] = b"data"
    server.fault = lambda request: reply

    async def main() -> None:
        async with scene.opened(server) as (storage, context):
            for name, call in _calls(storage).items():
                with pytest.raises(CastCoreError) as caught:
                    await call()  # type: ignore[misc]
                assert (type(caught.value), caught.value.code) == (kind, code), name
                assert SECRET not in _told(caught.value), name
                if code == "s3.slow_down":
                    assert isinstance(caught.value, TemporaryError)
                    assert caught.value.retry_after == timedelta(seconds=7), name
            (result, *_) = await storage.check()
            assert (result.code, result.severity) == (code, Severity.ERROR)
            assert not any(SECRET in line for line in context.lines)

    asyncio.run(main())


def test_only_parts_are_refused_when_the_disk_is_full(server: Double) -> None:
    server.fault = lambda request: error(507, "XMinioStorageFull") if "partNumber" in request.query else None

    async def main() -> None:
        async with scene.opened(server) as (storage, _):
            with pytest.raises(TemporaryError) as caught:
                await storage.write(StoragePath("a.mp4"), scene.pieces(b"x" * 100))
            assert caught.value.code == "s3.full"

    asyncio.run(main())
    assert server.uploads == {}, "parts are left behind"
    assert server.objects == {}


def test_an_archived_object_cannot_be_read(server: Double) -> None:
    server.objects["a.mp4"] = b"data"
    server.fault = lambda request: error(403, "InvalidObjectState") if request.method == "GET" and request.key else None

    async def main() -> None:
        async with scene.opened(server) as (storage, _):
            assert (await storage.stat(StoragePath("a.mp4"))).size == 4
            with pytest.raises(PermanentError) as caught:
                await scene.read(storage, "a.mp4")
            assert (caught.value.code, caught.value.params) == ("s3.archived", {"path": "a.mp4"})
            codes = [result.code for result in await storage.check()]
            assert codes == ["s3.bucket_readable", "s3.plain_http", "s3.archived"]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("changes", "kind", "code", "field"),
    [
        ({"access_key_id": "AKIAOTHER"}, AuthenticationError, "s3.key_unknown", "access_key_id"),
        ({"secret_access_key": "other-canary"}, AuthenticationError, "s3.secret_wrong", "secret_access_key"),
        ({"region": "us-east-1"}, ConfigurationError, "s3.wrong_region", "region"),
        ({"bucket": "no-such-bucket"}, ConfigurationError, "s3.no_such_bucket", "bucket"),
        ({"endpoint": "http://127.0.0.1:1"}, TemporaryError, "s3.unreachable", "endpoint"),
        ({"endpoint": "http://no-such-host.invalid"}, TemporaryError, "s3.host_unknown", "endpoint"),
    ],
)
def test_what_is_wrong_with_the_settings(
    server: Double, changes: dict[str, str], kind: type[CastCoreError], code: str, field: str
) -> None:
    async def main() -> None:
        async with scene.opened(server, **changes) as (storage, _):
            for name, call in _calls(storage).items():
                with pytest.raises(CastCoreError) as caught:
                    await call()  # type: ignore[misc]
                assert (type(caught.value), caught.value.code) == (kind, code), name
                assert "canary" not in _told(caught.value)
            (result, *_) = await storage.check()
            assert (result.code, result.config_field) == (code, field)

    asyncio.run(main())


@pytest.mark.parametrize(("seconds", "code"), [(1200, "s3.clock_behind"), (-4000, "s3.clock_ahead")])
def test_a_wrong_clock_is_told_with_the_difference(server: Double, seconds: int, code: str) -> None:
    from datetime import UTC, datetime

    theirs = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    server.fault = lambda request: error(403, "RequestTimeTooSkewed", f"<ServerTime>{theirs}</ServerTime>")

    async def main() -> None:
        async with scene.opened(server) as (storage, _):
            with pytest.raises(TemporaryError) as caught:
                await storage.stat(StoragePath("a.mp4"))
            assert caught.value.code == code
            assert abs(int(caught.value.params["seconds"]) - abs(seconds)) <= 2

    asyncio.run(main())


def test_a_clock_that_drifts_is_a_warning(server: Double) -> None:
    from email.utils import formatdate
    from time import time

    plain = server.answer

    def drifting(request: Request) -> Reply:
        reply = plain(request)
        return Reply(reply.status, {**reply.headers, "date": formatdate(time() - 300, usegmt=True)}, reply.body)

    server.answer = drifting  # type: ignore[method-assign]

    async def main() -> None:
        async with scene.opened(server) as (storage, _):
            warning = (await storage.check())[-1]
            assert (warning.code, warning.severity) == ("s3.clock_ahead", Severity.WARNING)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("120", 120), ("9" * 9, 3600), ("9" * 99, None), ("-1", None), ("soon", None), ("", None)],
)
def test_retry_after(text: str, seconds: int | None) -> None:
    found = failure(Answer(429, headers={"retry-after": text}))
    assert isinstance(found, TemporaryError)
    assert found.retry_after == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize("body", ["", "<Code></Code>", "<Code>" + "A" * 200 + "</Code>", f"<Code>{SECRET} </Code>"])
def test_what_a_body_says_is_only_shown_where_it_is_a_code(body: str) -> None:
    found = failure(Answer(409, body))
    assert found.code == "s3.not_s3"


def test_missing_is_missing() -> None:
    assert isinstance(failure(Answer(404), path="a"), NotFoundError)


def test_every_code_has_texts() -> None:
    import re

    code = "".join(path.read_text() for path in files("castcore_s3").iterdir() if path.name.endswith(".py"))
    used = set(re.findall(r'"s3\.([a-z_0-9]+)"', code))
    used |= {f"{kind}_{name}" for kind in ("field", "hint") for name in S3Config.model_fields}
    properties = S3Config.model_json_schema()["properties"]
    used |= {f"option_{name}_{each}" for name, found in properties.items() for each in found.get("enum", ())}
    for language in ("en", "de"):
        texts = json.loads((files("castcore_s3") / "locales" / f"{language}.json").read_text(encoding="utf-8"))
        assert set(texts) - {"s3", "type_s3"} == used, language


def test_the_key_id_is_no_secret_but_stays_out_of_errors(server: Double) -> None:
    server.fault = lambda request: error(403, "SignatureDoesNotMatch", f"<AWSAccessKeyId>{KEY_ID}</AWSAccessKeyId>")

    async def main() -> None:
        async with scene.opened(server) as (storage, _):
            with pytest.raises(AuthenticationError) as caught:
                await scene.read(storage, "a.mp4")
            assert KEY_ID not in _told(caught.value)

    asyncio.run(main())


@pytest.mark.parametrize("date", ["", "soon", f"Mon, 01 Jan {'9' * 20} 00:00:00 GMT"])
def test_a_clock_that_cannot_be_read_tells_no_difference(date: str) -> None:
    assert clock_offset(Answer(403, headers={"date": date}), datetime.now(UTC)) is None
