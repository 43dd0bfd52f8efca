"""Peers that misbehave: each gives its one code, in time, and leaves nothing open."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from castcore_core.rtmp import Endpoint, Limits, RtmpError, Tag, TagKind, Timeouts, play, publish
from castcore_core.rtmp.chunk import pack, pack_control
from castcore_core.rtmp.command import Command, status
from castcore_core.rtmp.message import Event, Kind, Message, peer_bandwidth, user_control, window_size
from servers.faulty import Dialogue, Phase, black_hole, closes_at, hangs_at, scripted, sends_garbage
from servers.nginx import free_port

KEY = "canary-key?token=canary-token"
QUICK = Timeouts(dns=2, connect=0.4, tls=0.4, handshake=0.4, answer=0.4, idle=0.4, stalled=0.4)


def endpoint(port: int, scheme: str = "rtmp") -> Endpoint:
    return Endpoint.parse(f"{scheme}://127.0.0.1:{port}/live", stream_key=KEY)


async def failure(port: int, scheme: str = "rtmp") -> RtmpError:
    """Return the error of an attempt, having checked its time, its text and its peer."""
    started = time.monotonic()
    with pytest.raises(RtmpError) as caught:
        await publish(endpoint(port, scheme), timeouts=QUICK)
    assert time.monotonic() - started < 4
    assert "canary" not in f"{caught.value} {caught.value!r} {caught.value.params} {caught.value.detail}"
    return caught.value


async def test_refused() -> None:
    error = await failure(free_port())
    assert error.code == "rtmp.refused"
    assert error.retryable


async def test_a_black_hole() -> None:
    with black_hole() as port:
        assert (await failure(port)).code == "rtmp.connect_timeout"


async def test_an_unknown_host() -> None:
    with pytest.raises(RtmpError) as caught:
        await publish(Endpoint.parse("rtmp://no-such-host.invalid/live/key"), timeouts=QUICK)
    assert caught.value.code == "rtmp.dns"


@pytest.mark.parametrize(
    ("phase", "code"),
    [
        ("accept", "rtmp.handshake_failed"),
        ("handshake", "rtmp.connect_rejected"),
        ("connect", "rtmp.connect_rejected"),
        ("createStream", "rtmp.key_refused"),
        ("publish", "rtmp.key_refused"),
    ],
)
async def test_a_server_that_closes(phase: Phase, code: str) -> None:
    async with scripted(closes_at(phase)) as port:
        assert (await failure(port)).code == code


async def test_a_server_that_closes_while_on_air() -> None:
    async with scripted(closes_at("media")) as port:
        publisher = await publish(endpoint(port), timeouts=QUICK)
        publisher.send(Tag(TagKind.AUDIO, 0, b"\xaf\x01x"))
        error = await asyncio.wait_for(asyncio.shield(publisher.closed), 5)
        assert error is not None
        assert error.code == "rtmp.closed"
        assert error.params["peer"] == f"127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("phase", "code"),
    [
        ("accept", "rtmp.handshake_timeout"),
        ("handshake", "rtmp.answer_timeout"),
        ("connect", "rtmp.answer_timeout"),
        ("createStream", "rtmp.answer_timeout"),
        ("publish", "rtmp.answer_timeout"),
    ],
)
async def test_a_server_that_never_answers(phase: Phase, code: str) -> None:
    async with scripted(hangs_at(phase)) as port:
        error = await failure(port)
        assert error.code == code
        assert error.retryable


async def test_a_server_that_never_answers_tls() -> None:
    async with scripted(hangs_at("accept")) as port:
        assert (await failure(port, "rtmps")).code == "rtmp.handshake_timeout"


async def test_a_server_that_closes_on_tls() -> None:
    async with scripted(closes_at("accept")) as port:
        assert (await failure(port, "rtmps")).code == "rtmp.tls_to_plain_port"


async def test_a_server_that_answers_tls_in_plain() -> None:
    async def script(dialogue: Dialogue) -> None:
        dialogue.writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await asyncio.Event().wait()

    async with scripted(script) as port:
        assert (await failure(port, "rtmps")).code == "rtmp.tls_to_plain_port"


async def test_a_server_that_answers_a_plain_handshake_with_a_tls_alert() -> None:
    async def script(dialogue: Dialogue) -> None:
        dialogue.writer.write(b"\x15\x03\x01\0\x02\x02\x46")
        await dialogue.writer.drain()

    async with scripted(script) as port:
        assert (await failure(port)).code == "rtmp.plain_to_tls_port"


async def test_a_server_that_reads_nothing_while_on_air() -> None:
    async def script(dialogue: Dialogue) -> None:
        await dialogue.up_to("media")
        dialogue.writer.transport.pause_reading()
        await asyncio.Event().wait()

    async with scripted(script) as port:
        publisher = await publish(endpoint(port), timeouts=QUICK, send_buffer=32768)
        for _ in range(10):
            publisher.send(Tag(TagKind.VIDEO, 0, bytes(2_000_000)))
        error = await asyncio.wait_for(asyncio.shield(publisher.closed), 5)
        assert error is not None
        assert error.code == "rtmp.stalled"


@pytest.mark.parametrize("phase", ["accept", "handshake", "connect", "createStream", "publish"])
async def test_garbage_is_a_typed_error(phase: Phase) -> None:
    async with scripted(sends_garbage(phase)) as port:
        assert (await failure(port)).code in (
            "rtmp.handshake_failed",
            "rtmp.protocol_error",
            "rtmp.limit_exceeded",
            "rtmp.answer_timeout",
        )


async def test_a_refusal_that_repeats_the_key_is_scrubbed() -> None:
    async def script(dialogue: Dialogue) -> None:
        await dialogue.up_to("publish")
        said = "stream canary-key?token=canary-token (canary-key, canary%2Dkey, canary-token) is not allowed\r\nX: y"
        dialogue.say(status("error", "NetStream.Publish.Denied", said), 1)
        await asyncio.Event().wait()

    async with scripted(script) as port:
        error = await failure(port)
        assert error.code == "rtmp.key_refused"
        assert error.params["answer"] == "NetStream.Publish.Denied: stream ••• (•••, •••, •••) is not allowed X: y"


async def test_a_rejected_connect_gives_the_servers_words() -> None:
    async def script(dialogue: Dialogue) -> None:
        await dialogue.handshake()
        connect = await dialogue.command("connect")
        info = {"code": "NetConnection.Connect.Rejected", "description": "no such app", "level": "error"}
        dialogue.say(Command("_error", connect.transaction, (None, info)))
        await asyncio.Event().wait()

    async with scripted(script) as port:
        error = await failure(port)
        assert error.code == "rtmp.connect_rejected"
        assert error.params["answer"] == "NetConnection.Connect.Rejected: no such app"


async def test_an_error_while_on_air_ends_the_session_with_the_servers_words() -> None:
    async def script(dialogue: Dialogue) -> None:
        await dialogue.up_to("media")
        dialogue.say(status("error", "NetStream.Publish.Denied", "canary-key was banned"), 1)
        await asyncio.Event().wait()

    async with scripted(script) as port:
        publisher = await publish(endpoint(port), timeouts=QUICK)
        error = await asyncio.wait_for(asyncio.shield(publisher.closed), 5)
        assert error is not None
        assert (error.code, error.detail) == ("rtmp.closed", "NetStream.Publish.Denied: ••• was banned")


async def test_pings_are_answered_and_windows_acknowledged() -> None:
    heard: dict[int, bytes] = {}
    done = asyncio.Event()

    async def script(dialogue: Dialogue) -> None:
        await dialogue.up_to("media")
        for message in (window_size(10_000), peer_bandwidth(7_000), user_control(Event.PING_REQUEST, 4711)):
            dialogue.writer.write(pack_control(message))
        dialogue.writer.write(pack(Message(99, bytes(12_000)), 5, 128))
        while set(heard) != {Kind.ACKNOWLEDGEMENT, Kind.USER_CONTROL, Kind.WINDOW_SIZE}:
            message = await dialogue.message()
            if message.kind in (Kind.ACKNOWLEDGEMENT, Kind.USER_CONTROL, Kind.WINDOW_SIZE):
                heard[message.kind] = message.payload
        done.set()
        await asyncio.Event().wait()

    async with scripted(script) as port:
        publisher = await publish(endpoint(port), timeouts=QUICK)
        await asyncio.wait_for(done.wait(), 5)
        publisher.abort()
        assert await publisher.closed is None
    assert heard[Kind.USER_CONTROL] == b"\0\x07" + (4711).to_bytes(4, "big")
    assert heard[Kind.WINDOW_SIZE] == (7000).to_bytes(4, "big")
    assert int.from_bytes(heard[Kind.ACKNOWLEDGEMENT], "big") > 12_000


async def test_a_flood_of_pings_that_is_never_read_does_not_pile_up() -> None:
    flooded = asyncio.Event()

    async def script(dialogue: Dialogue) -> None:
        await dialogue.up_to("media")
        dialogue.writer.transport.pause_reading()
        for _ in range(40):
            dialogue.writer.write(pack_control(user_control(Event.PING_REQUEST, 1)) * 10_000)
            await dialogue.writer.drain()
        flooded.set()
        await asyncio.Event().wait()

    async with scripted(script) as port:
        publisher = await publish(endpoint(port), timeouts=Timeouts(), send_buffer=4096)
        await asyncio.wait_for(flooded.wait(), 20)
        assert publisher.unsent < 400_000
        publisher.abort()
        await publisher.closed


async def test_a_play_session_that_falls_silent_ends() -> None:
    async def script(dialogue: Dialogue) -> None:
        await dialogue.handshake()
        dialogue.accept(await dialogue.command("connect"))
        dialogue.accept(await dialogue.command("createStream"), 1.0)
        await dialogue.command("play")
        dialogue.say(status("status", "NetStream.Play.Start", "go"), 1)
        await asyncio.Event().wait()

    async with scripted(script) as port:
        player = await play(endpoint(port), timeouts=QUICK)
        with pytest.raises(RtmpError) as caught:
            await anext(player)
        assert caught.value.code == "rtmp.silent"


async def test_a_play_session_ends_where_the_server_says_so() -> None:
    async def script(dialogue: Dialogue) -> None:
        await dialogue.handshake()
        dialogue.accept(await dialogue.command("connect"))
        dialogue.accept(await dialogue.command("createStream"), 1.0)
        await dialogue.command("play")
        dialogue.writer.write(pack(Message(9, b"\x17\x01x", 1, 5), 6, 128))
        dialogue.say(status("status", "NetStream.Play.UnpublishNotify", "over"), 1)
        await asyncio.Event().wait()

    async with scripted(script) as port:
        player = await play(endpoint(port), timeouts=QUICK)
        assert [tag async for tag in player] == [Tag(TagKind.VIDEO, 5, b"\x17\x01x")]
        await player.close(0.2)
        assert player.closed.result() is None


@pytest.mark.parametrize(
    ("code", "expected"),
    [("NetStream.Play.StreamNotFound", "rtmp.stream_not_found"), ("NetStream.Play.Failed", "rtmp.key_refused")],
)
async def test_a_stream_that_cannot_be_played(code: str, expected: str) -> None:
    async def script(dialogue: Dialogue) -> None:
        await dialogue.handshake()
        dialogue.accept(await dialogue.command("connect"))
        dialogue.accept(await dialogue.command("createStream"), 1.0)
        await dialogue.command("play")
        dialogue.say(status("error", code, "canary-key"), 1)
        await asyncio.Event().wait()

    async with scripted(script) as port:
        with pytest.raises(RtmpError) as caught:
            await play(endpoint(port), timeouts=QUICK)
        assert caught.value.code == expected
        assert "canary" not in str(caught.value)


async def test_oversized_messages_end_the_session() -> None:
    async def script(dialogue: Dialogue) -> None:
        await dialogue.up_to("media")
        dialogue.writer.write(pack(Message(9, bytes(60_000)), 6, 128))
        await asyncio.Event().wait()

    async with scripted(script) as port:
        publisher = await publish(endpoint(port), timeouts=QUICK, limits=Limits(message_bytes=50_000))
        error = await asyncio.wait_for(asyncio.shield(publisher.closed), 5)
        assert error is not None
        assert error.code == "rtmp.limit_exceeded"


async def test_an_ipv6_address_is_reached_and_a_dead_family_does_not_hinder(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo
    async with scripted(closes_at("media")) as port:

        def both(host: str, service: int, **options: int) -> list[object]:
            return [*real("::1", service, **options), *real("127.0.0.1", service, **options)]

        monkeypatch.setattr(socket, "getaddrinfo", both)
        publisher = await publish(Endpoint.parse(f"rtmp://both.example:{port}/live/key"), timeouts=QUICK)
        await publisher.close(1)
