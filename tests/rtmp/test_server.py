"""Our server: real ffmpeg clients, our own, and clients that misbehave."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from castcore_core.rtmp import (
    Endpoint,
    IncomingStream,
    Limits,
    OutgoingStream,
    Refusal,
    Request,
    RtmpError,
    Server,
    Tag,
    TagKind,
    Timeouts,
    decode_metadata,
    play,
    publish,
    serve,
)
from castcore_core.rtmp.chunk import pack
from castcore_core.rtmp.command import Command
from castcore_core.rtmp.handshake import Handshake
from castcore_core.rtmp.message import Message
from servers.flv import read_flv, write_flv
from servers.tls import TestAuthority

QUICK = Timeouts(handshake=0.3, answer=0.3, idle=0.4, stalled=0.5, tls=0.3)


class Studio:
    """A server that takes the key ``good``, keeps what comes in, and shows ``programme`` to players."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.tags: list[Tag] = []
        self.programme: list[Tag] = []
        self.ended: asyncio.Queue[RtmpError | None] = asyncio.Queue()
        self.hold = asyncio.Event()
        self.hold.set()

    async def authorize(self, request: Request) -> Refusal | None:
        self.requests.append(request)
        if request.key == "taken":
            return Refusal("name_in_use", "Already publishing")
        if request.key == "missing":
            return Refusal("not_found", "Nothing here")
        return None if request.key_is("good") else Refusal(description="Wrong key")

    async def publish(self, stream: IncomingStream) -> None:
        try:
            async for tag in stream:
                await self.hold.wait()
                self.tags.append(tag)
        except RtmpError as error:
            self.ended.put_nowait(error)
        else:
            self.ended.put_nowait(None)

    async def play(self, stream: OutgoingStream) -> None:
        for tag in self.programme:
            stream.send(tag)
            await stream.drained(200_000)

    async def serve(self, **options: Any) -> Server:
        return await serve("127.0.0.1", 0, authorize=self.authorize, publish=self.publish, play=self.play, **options)


@pytest.fixture
def studio() -> Studio:
    return Studio()


@pytest.fixture
async def server(studio: Studio) -> AsyncIterator[Server]:
    running = await studio.serve()
    yield running
    await running.close()


def url(server: Server, key: str = "good", scheme: str = "rtmp") -> str:
    return f"{scheme}://127.0.0.1:{server.port}/live/{key}"


async def run(*arguments: str, stdin: bytes | None = None) -> tuple[int, bytes, str]:
    """Run a program to its end; the output, and the log."""
    process = await asyncio.create_subprocess_exec(
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(30):
        out, log = await process.communicate(stdin)
    assert process.returncode is not None
    return process.returncode, out, log.decode(errors="replace")


def media(tags: list[Tag]) -> list[Tag]:
    return sorted((tag for tag in tags if tag.kind != TagKind.DATA), key=lambda tag: (tag.kind, tag.timestamp))


@pytest.mark.parametrize("build", ["system_ffmpeg", "new_ffmpeg"])
async def test_ffmpeg_publishes_to_us(
    studio: Studio, server: Server, clip: list[Tag], build: str, request: pytest.FixtureRequest
) -> None:
    ffmpeg = request.getfixturevalue(build)
    status, _, log = await run(
        ffmpeg,
        "-v",
        "error",
        "-f",
        "flv",
        "-i",
        "pipe:0",
        "-c",
        "copy",
        "-f",
        "flv",
        url(server),
        stdin=write_flv(clip),
    )
    assert (status, log) == (0, "")
    assert await studio.ended.get() is None
    kept = [tag for tag in media(studio.tags) if not tag.is_sequence_header and len(tag.payload) > 5]
    sent = [tag for tag in media(clip) if not tag.is_sequence_header and len(tag.payload) > 5]
    assert [tag.payload for tag in kept] == [tag.payload for tag in sent]
    assert [tag.timestamp for tag in kept] == [tag.timestamp for tag in sent]
    assert decode_metadata(studio.tags[0]) is not None
    asked = studio.requests[0]
    assert (asked.intent, asked.app, asked.key, asked.address) == ("publish", "live", "good", "127.0.0.1")
    assert "good" not in repr(asked)


@pytest.mark.parametrize("build", ["system_ffmpeg", "new_ffmpeg"])
async def test_ffmpeg_plays_from_us(
    studio: Studio, server: Server, clip: list[Tag], build: str, request: pytest.FixtureRequest
) -> None:
    ffmpeg = request.getfixturevalue(build)
    studio.programme = clip
    status, out, log = await run(
        ffmpeg, "-v", "error", "-i", url(server), "-c", "copy", "-copyts", "-f", "flv", "pipe:1"
    )
    assert (status, log) == (0, "")
    frames = [tag.payload for tag in read_flv(out) if tag.kind is TagKind.VIDEO and len(tag.payload) > 5]
    sent = [tag.payload for tag in clip if tag.kind is TagKind.VIDEO and len(tag.payload) > 5]
    assert frames == sent


async def test_our_own_client_publishes_and_plays(studio: Studio, server: Server, clip: list[Tag]) -> None:
    publisher = await publish(Endpoint.parse(url(server)))
    for tag in clip:
        publisher.send(tag)
    await publisher.close()
    assert await studio.ended.get() is None
    assert studio.tags == clip
    studio.programme = clip
    player = await play(Endpoint.parse(url(server)))
    assert [tag async for tag in player] == clip
    await player.close()


async def test_rtmps_in_and_out(studio: Studio, clip: list[Tag], tmp_path: Path, new_ffmpeg: str) -> None:
    issued = TestAuthority(tmp_path).issue("127.0.0.1")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(issued.certificate, issued.key)
    studio.programme = clip
    server = await studio.serve(ssl=context)
    endpoint = Endpoint.parse(url(server, scheme="rtmps"), ca_file=str(issued.authority))
    publisher = await publish(endpoint)
    for tag in clip:
        publisher.send(tag)
    await publisher.close()
    assert await studio.ended.get() is None
    assert studio.tags == clip
    player = await play(endpoint)
    assert [tag async for tag in player] == clip
    await player.close()
    arguments = ("-v", "error", "-tls_verify", "1", "-ca_file", str(issued.authority))
    status, out, log = await run(
        new_ffmpeg, *arguments, "-i", url(server, scheme="rtmps"), "-c", "copy", "-f", "flv", "pipe:1"
    )
    assert (status, log) == (0, "")
    assert len(media(read_flv(out))) >= len(media(clip)) - 2
    await server.close()
    assert server.connections == 0


@pytest.mark.parametrize(
    ("call", "key", "code"),
    [
        (publish, "bad", "rtmp.key_refused"),
        (publish, "taken", "rtmp.name_in_use"),
        (play, "bad", "rtmp.key_refused"),
        (play, "missing", "rtmp.stream_not_found"),
    ],
)
async def test_a_refusal_reaches_the_client(server: Server, call: Callable[..., Any], key: str, code: str) -> None:
    with pytest.raises(RtmpError) as caught:
        await call(Endpoint.parse(url(server, key)))
    assert caught.value.code == code


async def test_what_is_not_offered_is_refused(studio: Studio) -> None:
    server = await serve("127.0.0.1", 0, authorize=studio.authorize, publish=studio.publish)
    with pytest.raises(RtmpError) as caught:
        await play(Endpoint.parse(url(server)))
    assert caught.value.code == "rtmp.key_refused"
    await server.close()


async def test_a_publisher_that_is_lost_is_told_from_one_that_says_goodbye(studio: Studio, server: Server) -> None:
    publisher = await publish(Endpoint.parse(url(server)))
    publisher.send(Tag(TagKind.AUDIO, 0, b"\xaf\x01x"))
    await publisher.drained()
    publisher.abort()
    error = await asyncio.wait_for(studio.ended.get(), 5)
    assert error is not None
    assert error.code == "rtmp.closed"


async def test_a_silent_publisher_is_cut_off(studio: Studio) -> None:
    server = await studio.serve(timeouts=QUICK)
    publisher = await publish(Endpoint.parse(url(server)))
    error = await asyncio.wait_for(studio.ended.get(), 5)
    assert error is not None
    assert error.code == "rtmp.silent"
    assert (await publisher.closed) is not None
    await server.close()


async def test_a_slow_handler_holds_the_publisher_back(studio: Studio) -> None:
    server = await studio.serve(limits=Limits(queue_bytes=1_000_000))
    publisher = await publish(Endpoint.parse(url(server)), send_buffer=65536)
    studio.hold.clear()
    for number in range(200):
        publisher.send(Tag(TagKind.VIDEO, number, b"\x17\x01" + bytes(100_000)))
    held = asyncio.ensure_future(publisher.drained(1_000_000))
    assert not (await asyncio.wait({held}, timeout=0.3))[0]
    studio.hold.set()
    await asyncio.wait_for(held, 10)
    await publisher.close()
    assert await studio.ended.get() is None
    assert len(studio.tags) == 200
    await server.close()


async def test_a_player_that_reads_nothing_is_cut_off(studio: Studio) -> None:
    studio.programme = [Tag(TagKind.VIDEO, number, b"\x17\x01" + bytes(200_000)) for number in range(100)]
    server = await studio.serve(timeouts=QUICK)
    player = await play(Endpoint.parse(url(server)), limits=Limits(queue_bytes=100_000))
    while server.connections:
        await asyncio.sleep(0.05)
    player.abort()
    await player.closed
    await server.close()


async def test_a_handlers_own_error_is_reported_and_ends_only_its_session(
    studio: Studio, server: Server, clip: list[Tag]
) -> None:
    reported: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: reported.append(context))

    async def fails(stream: IncomingStream) -> None:
        raise ZeroDivisionError

    other = await serve("127.0.0.1", 0, authorize=studio.authorize, publish=fails)
    publisher = await publish(Endpoint.parse(url(other)))
    assert (await asyncio.wait_for(asyncio.shield(publisher.closed), 5)) is not None
    again = await publish(Endpoint.parse(url(other)))
    again.abort()
    await other.close()
    assert isinstance(reported[0]["exception"], ZeroDivisionError)


async def test_closing_the_server_ends_sessions_and_handlers(studio: Studio, clip: list[Tag]) -> None:
    server = await studio.serve()
    publisher = await publish(Endpoint.parse(url(server)))
    await server.close()
    assert (await asyncio.wait_for(asyncio.shield(publisher.closed), 5)) is not None
    assert server.connections == 0


async def open_raw(server: Server) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", server.port)


async def is_cut_off(reader: asyncio.StreamReader) -> bool:
    async with asyncio.timeout(5):
        try:
            while await reader.read(65536):
                pass
        except ConnectionError:
            pass
    return True


async def test_slow_and_silent_clients_are_cut_off(studio: Studio) -> None:
    server = await studio.serve(timeouts=QUICK)
    silent, silent_writer = await open_raw(server)
    slow, slow_writer = await open_raw(server)

    async def drip() -> None:
        for byte in Handshake(server=False).start():
            slow_writer.write(bytes((byte,)))
            await asyncio.sleep(0.05)

    dripping = asyncio.ensure_future(drip())
    assert await is_cut_off(silent)
    assert await is_cut_off(slow)
    dripping.cancel()
    silent_writer.close()
    slow_writer.close()
    await server.close()
    assert studio.requests == []


async def test_a_client_that_is_not_let_in_may_not_send_much(studio: Studio, server: Server) -> None:
    for flood in (bytes(100_000), pack(Message(20, bytes(80_000)), 3, 128)):
        reader, writer = await open_raw(server)
        writer.write(Handshake(server=False).start() + bytes(1536) + flood)
        assert await is_cut_off(reader)
        writer.close()


@pytest.mark.parametrize(
    "start", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\0", b"\x03" + bytes(1536 * 2) + b"\xff" * 100]
)
async def test_other_protocols_are_cut_off(server: Server, start: bytes) -> None:
    reader, writer = await open_raw(server)
    writer.write(start)
    assert await is_cut_off(reader)
    writer.close()


async def test_commands_out_of_order_are_cut_off(server: Server) -> None:
    for name in ("createStream", "publish", "play"):
        reader, writer = await open_raw(server)
        command = pack(Command(name, 1, (None, "good")).to_message(), 3, 128)
        writer.write(Handshake(server=False).start() + bytes(1536) + command)
        assert await is_cut_off(reader)
        writer.close()


async def test_connections_are_bounded_per_address_and_given_back(studio: Studio) -> None:
    server = await studio.serve(limits=Limits(connections_per_address=2))
    first = await publish(Endpoint.parse(url(server)))
    second = await publish(Endpoint.parse(url(server)))
    with pytest.raises(RtmpError) as caught:
        await publish(Endpoint.parse(url(server)))
    assert caught.value.code in ("rtmp.handshake_failed", "rtmp.refused")
    await first.close()
    while server.connections > 1:
        await asyncio.sleep(0.01)
    third = await publish(Endpoint.parse(url(server)))
    for publisher in (second, third):
        await publisher.close()
    await server.close()


async def test_a_client_without_tls_does_not_hold_a_place(studio: Studio, tmp_path: Path) -> None:
    issued = TestAuthority(tmp_path).issue("127.0.0.1")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(issued.certificate, issued.key)
    server = await studio.serve(ssl=context, timeouts=QUICK)
    reader, writer = await open_raw(server)
    while not server.connections:
        await asyncio.sleep(0.01)
    assert await is_cut_off(reader)
    writer.close()
    while server.connections:
        await asyncio.sleep(0.01)
    await server.close()


async def test_a_port_that_is_taken_is_a_coded_error(server: Server, studio: Studio) -> None:
    with pytest.raises(RtmpError) as caught:
        await serve("127.0.0.1", server.port, authorize=studio.authorize)
    assert caught.value.code == "rtmp.port_unavailable"
    assert caught.value.params["port"] == server.port


async def test_ipv6(studio: Studio) -> None:
    server = await serve("::1", 0, authorize=studio.authorize, publish=studio.publish)
    publisher = await publish(Endpoint.parse(f"rtmp://[::1]:{server.port}/live/good"))
    await publisher.close()
    assert await studio.ended.get() is None
    await server.close()


def conversation(key: str) -> bytes:
    """Return all that a publisher sends up to its first frames."""
    commands = [
        Command("connect", 1, ({"app": "live", "tcUrl": "rtmp://x/live"},)),
        Command("releaseStream", 2, (None, key)),
        Command("FCPublish", 3, (None, key)),
        Command("createStream", 4),
    ]
    data = b"".join(pack(command.to_message(), 3, 128) for command in commands)
    data += pack(Command("publish", 5, (None, key, "live")).to_message(1), 3, 128)
    return data + pack(Message(22, bytes(200), 1), 6, 128) + pack(Message(9, b"\x17\x01" + bytes(300), 1), 6, 128)


async def test_mutilated_conversations_harm_nobody_else(studio: Studio, clip: list[Tag]) -> None:
    trouble: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: trouble.append(context))
    server = await studio.serve(timeouts=QUICK)
    good = await publish(Endpoint.parse(url(server)))
    chance = random.Random(4711)
    for _ in range(150):
        data = bytearray(conversation("good"))
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        reader, writer = await open_raw(server)
        writer.write(Handshake(server=False).start() + bytes(1536) + data)
        writer.write_eof()
        assert await is_cut_off(reader)
        writer.close()
        good.send(clip[-1])
    await good.close()
    assert studio.tags.count(clip[-1]) == 150
    await server.close()
    assert trouble == []
