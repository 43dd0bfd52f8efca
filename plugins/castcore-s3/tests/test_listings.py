"""Listings of whole trees: pages, odd keys, markers, prefixes."""

from __future__ import annotations

import asyncio

import pytest
import scene
from s3_double import Double, Reply

from castcore_sdk import ConfigurationError, NotFoundError, StoragePath

ODD = [
    "sp ace/b c",
    "plus+/d+e",
    "pct%25/f%2Fg",
    "uni/ünï😀",
    "trail /x ",
    "q?h#&=/i*",
    "back\\slash/a",
    "q\"'<>~/[b]{x}",
]
UNSPEAKABLE = ["a//b", "/lead", "x/../up", "./dot", "e//", "ctl\x01/a", "new\nline", "//"]


def test_any_name_is_listed_described_and_read(server: Double) -> None:
    server.objects.update({key: key.encode() for key in ODD})

    async def main() -> None:
        async with scene.opened(server) as (storage, context):
            folders = [path.rstrip("/") for path in await scene.names(storage)]
            assert folders == sorted(key.partition("/")[0] for key in ODD)
            for key in ODD:
                assert await scene.names(storage, key.partition("/")[0]) == [key]
                assert (await storage.stat(StoragePath(key))).size == len(key.encode())
                assert await scene.read(storage, key) == key.encode()
            assert context.lines == []

    asyncio.run(main())


def test_keys_that_no_path_can_name_are_left_out_and_told(server: Double) -> None:
    server.objects.update(dict.fromkeys([*UNSPEAKABLE, "good/a"], b""))

    async def main() -> None:
        async with scene.opened(server) as (storage, context):
            assert await scene.names(storage) == ["a/", "e/", "good/", "x/"]
            assert await scene.names(storage, "a") == []
            assert await scene.names(storage, "x") == []
            assert await scene.names(storage, "good") == ["good/a"]
            assert [line.partition(" ")[0] for line in context.lines] == ["4", "1", "1"]
            with pytest.raises(ConfigurationError, match=r"storage\.path_invalid"):
                await scene.read(storage, "new\nline")

    asyncio.run(main())


def test_pages_are_followed(server: Double) -> None:
    server.page = 7
    server.objects.update({f"d/{number:03}.mp4": b"x" for number in range(50)} | {"d/sub/a": b"", "d/": b""})

    async def main() -> None:
        async with scene.opened(server) as (storage, _):
            found = await scene.names(storage, "d")
            assert sorted(found) == sorted([*(f"d/{number:03}.mp4" for number in range(50)), "d/sub/"])

    asyncio.run(main())
    assert len(server.requests) == 8


def test_pages_that_lead_back_to_themselves_end(server: Double) -> None:
    body = b"<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken>"
    server.fault = lambda request: Reply(200, {}, body + b"</ListBucketResult>")

    async def main() -> None:
        async with scene.opened(server) as (storage, _):
            with pytest.raises(ConfigurationError) as caught:
                await scene.names(storage)
            assert caught.value.code == "s3.not_s3"

    asyncio.run(main())
    assert len(server.requests) == 2


def test_a_prefix_is_the_root(server: Double) -> None:
    server.objects.update({"studio/media/a/b.mp4": b"12", "studio/mediaother": b"", "studio/media/": b""})

    async def main() -> None:
        async with scene.opened(server, prefix="studio/media") as (storage, _):
            assert await scene.names(storage) == ["a/"]
            assert await scene.names(storage, "a") == ["a/b.mp4"]
            assert (await storage.stat(StoragePath("a"))).is_dir
            assert await scene.read(storage, "a/b.mp4") == b"12"

    asyncio.run(main())


def test_what_is_not_there(server: Double) -> None:
    server.objects.update({"a.mp4": b"", "empty/": b""})

    async def main() -> None:
        async with scene.opened(server) as (storage, _):
            for path in ("b", "a.mp4", "a.mp4/b", "a"):
                with pytest.raises(NotFoundError):
                    await scene.names(storage, path)
            assert await scene.names(storage, "empty") == []
            assert (await storage.stat(StoragePath("empty"))).is_dir

    asyncio.run(main())


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, {}, b"<html>Sign in to the hotel network</html>"),
        Reply(200, {}, b"<ListBucketResult><Contents>"),
        Reply(200, {}, b"\x00" * 1000),
        Reply(200, {}, b"<ListBucketResult>" + b" " * (17 * 1024 * 1024)),
        Reply(302, {"location": "http://127.0.0.1:1/login"}, b""),
    ],
)
def test_what_is_no_s3_is_told(server: Double, reply: Reply) -> None:
    server.fault = lambda request: reply

    async def main() -> None:
        async with scene.opened(server) as (storage, _):
            (result, *_) = await storage.check()
            assert result.code in ("s3.not_s3", "s3.interrupted")
            assert all(one.path.startswith("/studio-media") for one in server.requests)

    asyncio.run(main())
