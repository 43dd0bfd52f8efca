"""The gateway over real HTTP: ranges, conditions, refusals, turns, and who may ask at all."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx2 as httpx
import pytest

from castcore_core.storage.worker.gateway import MOST_READERS
from castcore_sdk import StoragePath
from servers.awkward import awkward
from storage.scene import Desk, opened_desk

DATA = bytes(range(256)) * 1024
NAME = "film ü#1.mp4"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder: Path = tmp_path_factory.mktemp("gateway")
    with awkward(folder / "awkward") as faults, opened_desk(folder / "run", faults) as desk:
        yield desk


@pytest.fixture
def desk(shared: Desk) -> Iterator[Desk]:
    yield shared
    shared.faults.mend_all()


@pytest.fixture
def url(desk: Desk) -> str:
    film = desk.faults.root / NAME
    if not film.exists() or film.read_bytes() != DATA:  # written anew, it would be another version to the gateway
        film.write_bytes(DATA)
    return desk.url(NAME)


@asynccontextmanager
async def raw(url: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter, str]]:
    """Connect, and give the path to ask for."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        yield reader, writer, parts.path
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def get(url: str, method: str = "GET", **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(timeout=10) as client:
        return await client.request(method, url, headers=headers)


async def test_a_file_is_served_whole_and_its_name_may_hold_anything(url: str) -> None:
    answer = await get(url)
    assert (answer.status_code, answer.content) == (200, DATA)
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Content-Length"] == str(len(DATA))


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [
        ("bytes=0-", 0, len(DATA)),
        ("bytes=0-0", 0, 1),
        ("bytes=1000-1999", 1000, 2000),
        ("bytes=-5", len(DATA) - 5, len(DATA)),
        (f"bytes={len(DATA) - 1}-{len(DATA) * 9}", len(DATA) - 1, len(DATA)),
        (f"bytes=-{len(DATA) * 2}", 0, len(DATA)),
    ],
)
async def test_one_range_is_answered_with_these_bytes(url: str, wanted: str, start: int, end: int) -> None:
    answer = await get(url, Range=wanted)
    assert (answer.status_code, answer.content) == (206, DATA[start:end])
    assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(DATA)}"


@pytest.mark.parametrize("wanted", ["bytes=0-1,5-6", "lines=0-1", "bytes=5-1", "bytes=-", "nonsense", "bytes=a-b"])
async def test_a_range_that_is_none_is_answered_with_the_whole(url: str, wanted: str) -> None:
    answer = await get(url, Range=wanted)
    assert (answer.status_code, len(answer.content)) == (200, len(DATA))


@pytest.mark.parametrize("wanted", [f"bytes={len(DATA)}-", f"bytes={10**18}-", "bytes=-0"])
async def test_a_range_beyond_the_end_is_refused_with_the_size(url: str, wanted: str) -> None:
    answer = await get(url, Range=wanted)
    assert (answer.status_code, answer.headers["Content-Range"]) == (416, f"bytes */{len(DATA)}")


async def test_a_range_of_another_version_brings_the_whole(url: str, desk: Desk) -> None:
    tag = (await get(url, "HEAD")).headers["ETag"]
    same = await get(url, **{"Range": "bytes=5-9", "If-Range": tag})
    assert same.status_code == 206
    (desk.faults.root / NAME).write_bytes(DATA[:-1])
    await asyncio.sleep(1.1)  # the gateway trusts what it has seen for a second
    other = await get(url, **{"Range": "bytes=5-9", "If-Range": tag})
    assert (other.status_code, len(other.content)) == (200, len(DATA) - 1)


async def test_head_tells_the_same_without_the_bytes(url: str) -> None:
    answer = await get(url, "HEAD", Range="bytes=10-19")
    assert (answer.status_code, answer.content, answer.headers["Content-Length"]) == (206, b"", "10")


async def test_one_connection_serves_many_requests(url: str) -> None:
    async with raw(url) as (reader, writer, path):
        for number in range(3):
            writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nRange: bytes={number}-{number}\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            assert b"206" in head
            assert b"keep-alive" in head
            assert await reader.readexactly(1) == bytes([number])


@pytest.mark.parametrize(
    "path",
    [
        "../awkward/site",
        "%2e%2e/faults",
        "..%2f..%2fetc/passwd",
        "/etc/passwd",
        "%00",
        "a%00b",
        "%ff%fe",
        "nothing",
        "",
    ],
)
async def test_nothing_else_is_found(url: str, path: str) -> None:
    async with raw(url.rsplit("/", 1)[0]) as (reader, writer, root):
        writer.write(f"GET {root}/{path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert (await reader.readline()).split()[1] in (b"404", b"400")


async def test_whoever_is_amid_a_file_that_is_gone_is_to_wait_for_it(desk: Desk) -> None:
    assert (await get(desk.url("gone.mp4"), Range="bytes=0-")).status_code == 404
    answer = await get(desk.url("gone.mp4"), Range="bytes=5-")
    assert (answer.status_code, answer.headers["Retry-After"], answer.text) == (503, "1", "storage.not_found\n")


async def test_who_does_not_know_the_token_finds_nothing(url: str) -> None:
    parts = urlsplit(url)
    token = parts.path.split("/")[1]
    assert len(token) >= 32
    for wrong in ("x", token[:-1], token + "x", token.swapcase()):
        answer = await get(url.replace(token, wrong))
        assert answer.status_code == 404


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH", "OPTIONS"])
async def test_nothing_is_changed_through_the_gateway(url: str, method: str) -> None:
    answer = await get(url, method)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "request_text",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/2.0\r\nHost: x\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"\r\n\r\n",
        b"GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /a HTTP/1.1\r\nHost: x\r\nBad Name: y\r\n\r\n",
        b"GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
        b"GET /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET /a HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1\r\nRange: bytes=2-3\r\n\r\n",
        b"\x00\xff" * 100 + b"\r\n\r\n",
    ],
)
async def test_what_is_no_request_is_refused_and_the_gateway_goes_on(url: str, request_text: bytes) -> None:
    async with raw(url) as (reader, writer, _):
        writer.write(request_text)
        assert (await reader.read(1000)).startswith(b"HTTP/1.1 400 ")
    assert (await get(url, "HEAD")).status_code == 200


async def test_a_head_without_end_is_cut_off(url: str) -> None:
    async with raw(url) as (reader, writer, _):
        writer.write(b"GET / HTTP/1.1\r\nX: " + b"a" * 40_000)
        answer = b""
        with contextlib.suppress(ConnectionError):
            answer = await reader.read()
        assert answer == b""


_ASK = """
import encodings.idna, os, socket, sys
user, port, head = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].encode()
os.setgid(user)
os.setuid(user)
with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
    try:
        connection.sendall(head)
        print(connection.recv(100).decode().split()[1])
    except (OSError, IndexError):
        print("nothing")
"""


async def test_another_user_of_this_machine_gets_nothing(url: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    parts = urlsplit(url)
    head = f"GET {parts.path} HTTP/1.1\r\nHost: x\r\n\r\n"

    def ask(user: int) -> str:
        argv = [sys.executable, "-I", "-c", _ASK, str(user), str(parts.port), head]
        return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=20).stdout.strip()

    assert (ask(0), ask(65534)) == ("200", "nothing")


_ASK_FROM_A_USED_PORT = """
import encodings.idna, os, socket, sys
user, port, head = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].encode()
os.setgid(user)
os.setuid(user)
def bound(place):
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(place)
    return made
own = socket.create_server(("127.0.0.1", 0))
first = bound(("127.0.0.1", 0))
first.connect(own.getsockname())
used, (taken, _) = first.getsockname(), own.accept()
first.shutdown(socket.SHUT_WR)  # whoever ends first keeps the port in TIME_WAIT, which belongs to user 0
taken.close()
first.close()
connection = bound(used)
connection.settimeout(5)
try:
    connection.connect(("127.0.0.1", port))
    connection.sendall(head)
    print(connection.recv(100).decode().split()[1])
except (OSError, IndexError):
    print("nothing")
"""


async def test_what_a_port_was_used_for_before_makes_nobody_our_user(url: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    parts = urlsplit(url)
    head = f"GET {parts.path} HTTP/1.1\r\nHost: x\r\n\r\n"
    argv = [sys.executable, "-I", "-c", _ASK_FROM_A_USED_PORT, "65534", str(parts.port), head]
    asked = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=20)
    assert asked.stdout.strip() == "nothing", asked.stderr


async def test_errors_become_statuses_that_players_understand(desk: Desk, url: str) -> None:
    for fault, status, retry in (("down", 503, "1"), ("leak", 503, "1"), ("fail", 503, "1"), ("hang", 503, "1")):
        desk.faults.fault(fault)
        answer = await get(url)
        assert (answer.status_code, answer.headers.get("Retry-After")) == (status, retry), fault
        desk.faults.mend(fault)
    assert (await get(url)).status_code == 200


async def test_a_file_that_ends_too_early_is_not_taken_for_whole(desk: Desk, url: str) -> None:
    desk.faults.fault("cut")
    with pytest.raises(httpx.TransportError):
        await get(url)


async def test_a_file_of_unknown_size_comes_in_chunks(desk: Desk) -> None:
    (desk.faults.root / "live.ts").write_bytes(DATA)
    desk.faults.fault("sizeless")
    answer = await get(desk.url("live.ts"))
    assert (answer.status_code, answer.content) == (200, DATA)
    assert answer.headers["Transfer-Encoding"] == "chunked"


async def test_slow_readers_and_a_slow_file_hold_nobody_up(desk: Desk, url: str) -> None:
    desk.faults.fault("slow", "125000")  # 1 Mbit/s
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx.AsyncClient(timeout=30))
        for _ in range(10):
            await stack.enter_async_context(client.stream("GET", url))
        begun = time.monotonic()
        answer = await client.get(url, headers={"Range": "bytes=0-1000"})
        assert answer.status_code == 206
        assert (await desk.worker.stat(StoragePath(NAME))).size == len(DATA)
        assert time.monotonic() - begun < 1.5


async def test_who_comes_when_all_turns_are_taken_waits_and_is_then_sent_away(desk: Desk, url: str) -> None:
    (desk.faults.root / "big").write_bytes(b"x" * 20_000_000)
    async with AsyncExitStack() as stack:
        taken = [await stack.enter_async_context(raw(desk.url("big"))) for _ in range(MOST_READERS)]
        for reader, writer, path in taken:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert (await reader.readline()).split()[1] == b"200"
        answer = await get(url)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        waiting = asyncio.create_task(get(url))
        await asyncio.sleep(0.2)
        taken[0][1].transport.abort()
        assert (await waiting).status_code == 200
    await desk.until(lambda report: report["readers"] == 0)


async def test_a_reader_that_goes_ends_the_reading(desk: Desk) -> None:
    (desk.faults.root / "big").write_bytes(b"x" * 20_000_000)
    desk.faults.fault("slow", "100000")
    async with httpx.AsyncClient() as client, client.stream("GET", desk.url("big")):
        await desk.until(lambda report: report["readers"] == 1)
    await desk.until(lambda report: report["readers"] == 0)


async def test_names_are_found_as_they_are_listed(desk: Desk) -> None:
    names = {"a b", "%41", "ünï", "q?x=1", "#", "+", ";", "日本"}
    for name in names:
        (desk.faults.root / name).write_bytes(name.encode())
    listed = [entry.path async for entry in desk.worker.entries(StoragePath(""))]
    assert names <= set(listed)
    for name in names:
        assert desk.url(name).endswith(quote(name))
        assert (await get(desk.url(name))).content.decode() == name
