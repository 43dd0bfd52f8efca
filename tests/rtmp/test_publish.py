"""Our client against nginx: what is published is played back, and every ending."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from castcore_core.rtmp import (
    Endpoint,
    Player,
    RejectedError,
    RtmpError,
    SetupError,
    Tag,
    TagKind,
    Timeouts,
    decode_metadata,
    play,
    publish,
)
from servers.nginx import NginxRtmp, nginx, require_nginx
from servers.tls import TestAuthority

__all__ = ["nginx"]


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[NginxRtmp, str]]:
    """A server behind TLS for ``localhost``, and the file of its authority."""
    require_nginx(tls=True)
    authority = TestAuthority(tmp_path)
    with NginxRtmp(tmp_path, tls=authority.issue("localhost")) as server:
        yield server, str(authority.ca_file)


async def taken(player: Player, until: Tag) -> list[Tag]:
    """Return the media tags up to ``until``, then end the session."""
    got: list[Tag] = []
    async with asyncio.timeout(10):
        async for tag in player:
            got.append(tag)
            if tag == until:
                break
    await player.close()
    return got


async def carry(endpoint: Endpoint, tags: list[Tag]) -> list[Tag]:
    """Publish ``tags`` and return what a player gets."""
    publisher = await publish(endpoint)
    player = await play(endpoint)
    for tag in tags:
        publisher.send(tag)
    got = await taken(player, tags[-1])
    await publisher.close()
    assert publisher.closed.result() is None
    return got


def media(tags: list[Tag], kind: TagKind) -> list[Tag]:
    return [tag for tag in tags if tag.kind is kind]


async def test_what_is_published_is_played_back_byte_for_byte(nginx: NginxRtmp, clip: list[Tag]) -> None:
    got = await carry(Endpoint.parse(nginx.url("key")), clip)
    for kind in (TagKind.VIDEO, TagKind.AUDIO):
        assert media(got, kind) == media(clip, kind)
    metadata = [values for tag in got if (values := decode_metadata(tag))]
    assert metadata[0]["width"] == 320.0
    assert nginx.publishers() == ["key"]


async def test_the_same_over_tls_with_verification(secure: tuple[NginxRtmp, str], clip: list[Tag]) -> None:
    server, ca_file = secure
    got = await carry(Endpoint.parse(server.tls_url("key"), ca_file=ca_file), clip)
    assert media(got, TagKind.VIDEO) == media(clip, TagKind.VIDEO)


async def test_times_beyond_the_extended_limit_and_over_the_wrap_arrive(nginx: NginxRtmp, clip: list[Tag]) -> None:
    for start in (0xFFFFFF - 500, 2**32 - 500):
        moved = [replace(tag, timestamp=(tag.timestamp + start) % 2**32) for tag in clip if tag.kind != TagKind.DATA]
        got = await carry(Endpoint.parse(nginx.url(f"key{start}")), moved)
        assert media(got, TagKind.VIDEO) == media(moved, TagKind.VIDEO)


async def test_large_frames_arrive_whole(nginx: NginxRtmp, clip: list[Tag]) -> None:
    tags = [tag for tag in clip if tag.is_sequence_header]
    tags.append(Tag(TagKind.VIDEO, 40, b"\x17\x01\0\0\0" + bytes(range(256)) * 4000))
    assert (await carry(Endpoint.parse(nginx.url("big")), tags))[-1] == tags[-1]


async def code_of(endpoint: Endpoint, timeouts: Timeouts | None = None) -> RtmpError:
    with pytest.raises(RtmpError) as caught:
        await publish(endpoint, timeouts=timeouts or Timeouts())
    return caught.value


@pytest.mark.parametrize(
    ("app", "key", "code"),
    [
        ("refuse", "canary", "rtmp.key_refused"),
        ("guarded", "canary", "rtmp.key_refused"),
        ("nowhere", "canary", "rtmp.connect_rejected"),
    ],
)
async def test_a_refusal_is_named(nginx: NginxRtmp, app: str, key: str, code: str) -> None:
    error = await code_of(Endpoint.parse(nginx.url(key, app=app)))
    assert error.code == code
    assert isinstance(error, RejectedError)
    assert not error.retryable
    assert error.params["peer"] == f"127.0.0.1:{nginx.port}"


async def test_the_right_key_is_taken(nginx: NginxRtmp) -> None:
    publisher = await publish(Endpoint.parse(nginx.url("good-key", app="guarded")))
    await publisher.close()


async def test_a_name_in_use_is_named_and_worth_another_try(nginx: NginxRtmp) -> None:
    endpoint = Endpoint.parse(nginx.url("key"))
    first = await publish(endpoint)
    error = await code_of(endpoint)
    assert error.code == "rtmp.name_in_use"
    assert error.retryable
    await first.close()
    second = await publish(endpoint)
    await second.close()


async def test_a_goodbye_reaches_the_server(nginx: NginxRtmp, clip: list[Tag]) -> None:
    publisher = await publish(Endpoint.parse(nginx.url("key")))
    for tag in clip:
        publisher.send(tag)
    await publisher.close()
    await nginx.logged("deleteStream", times=2)
    sent = publisher.bytes_sent
    publisher.send(clip[-1])
    await publisher.close()
    assert publisher.bytes_sent == sent > sum(len(tag.payload) for tag in clip)


async def test_a_server_that_dies_ends_the_session(nginx: NginxRtmp) -> None:
    publisher = await publish(Endpoint.parse(nginx.url("key")))
    nginx.kill()
    error = await asyncio.wait_for(asyncio.shield(publisher.closed), 5)
    assert error is not None
    assert error.code == "rtmp.closed"
    assert error.retryable


async def test_a_frozen_server_shows_as_stalled_and_close_keeps_its_deadline(nginx: NginxRtmp, clip: list[Tag]) -> None:
    stalling = await publish(Endpoint.parse(nginx.url("one")), timeouts=Timeouts(stalled=0.5), send_buffer=65536)
    closing = await publish(Endpoint.parse(nginx.url("two")), send_buffer=65536)
    nginx.freeze()
    big = Tag(TagKind.VIDEO, 0, b"\x17\x01" + bytes(20_000_000 // 4))
    for publisher in (stalling, closing):
        for _ in range(4):
            publisher.send(big)
        assert publisher.unsent > 1_000_000
    started = time.monotonic()
    await closing.close(timeout=0.3)
    assert 0.2 < time.monotonic() - started < 1.0
    error = await asyncio.wait_for(asyncio.shield(stalling.closed), 5)
    assert error is not None
    assert error.code == "rtmp.stalled"
    nginx.thaw()


@pytest.mark.parametrize("tls", [False, True])
async def test_drained_tells_when_the_kernel_has_taken_enough(secure: tuple[NginxRtmp, str], tls: bool) -> None:
    server, ca_file = secure
    url = server.tls_url("key") if tls else server.url("key")
    publisher = await publish(Endpoint.parse(url, ca_file=ca_file), send_buffer=65536)
    server.freeze()
    for time_ms in range(8):
        publisher.send(Tag(TagKind.VIDEO, time_ms, b"\x17\x01" + bytes(1_000_000)))
    waiting = asyncio.ensure_future(publisher.drained(below=500_000))
    assert not (await asyncio.wait({waiting}, timeout=0.1))[0]
    server.thaw()
    await asyncio.wait_for(waiting, 5)
    assert publisher.unsent < 500_000
    await publisher.drained()
    assert publisher.unsent == 0
    await publisher.close()


async def test_tls_to_a_plain_port_is_told_from_silence(nginx: NginxRtmp) -> None:
    plain = nginx.url("key").replace("rtmp:", "rtmps:")
    error = await code_of(Endpoint.parse(plain), Timeouts(tls=0.3))
    assert (error.code, type(error)) == ("rtmp.tls_to_plain_port", SetupError)


async def test_plain_to_a_tls_port_is_no_rtmp(secure: tuple[NginxRtmp, str]) -> None:
    server, _ = secure
    error = await code_of(Endpoint.parse(server.tls_url("key").replace("rtmps:", "rtmp:")))
    assert error.code in ("rtmp.handshake_failed", "rtmp.plain_to_tls_port")


async def test_certificates_are_checked(secure: tuple[NginxRtmp, str], tmp_path: Path) -> None:
    server, ca_file = secure
    unknown = await code_of(Endpoint.parse(server.tls_url("key")))
    wrong_name = await code_of(Endpoint.parse(server.tls_url("key", host="127.0.0.1"), ca_file=ca_file))
    for error in (unknown, wrong_name):
        assert error.code == "rtmp.certificate_invalid"
        assert not error.retryable
    assert "127.0.0.1" in str(wrong_name.params["reason"])
    unchecked = await publish(Endpoint.parse(server.tls_url("key", host="127.0.0.1"), verify=False))
    await unchecked.close()
    missing = await code_of(Endpoint.parse(server.tls_url("key"), ca_file=str(tmp_path / "none.pem")))
    assert missing.code == "rtmp.ca_unreadable"
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing\n")
    assert (await code_of(Endpoint.parse(server.tls_url("key"), ca_file=str(empty)))).code == "rtmp.ca_unreadable"


async def test_an_expired_certificate_is_refused(tmp_path: Path) -> None:
    require_nginx(tls=True)
    authority = TestAuthority(tmp_path)
    with NginxRtmp(tmp_path, tls=authority.issue("localhost", days=-1)) as server:
        error = await code_of(Endpoint.parse(server.tls_url("key"), ca_file=str(authority.ca_file)))
    assert error.code == "rtmp.certificate_invalid"
    assert "expired" in str(error.params["reason"])


async def test_a_cancelled_attempt_leaves_nothing_behind(nginx: NginxRtmp) -> None:
    nginx.freeze()
    attempt = asyncio.ensure_future(publish(Endpoint.parse(nginx.url("key"))))
    await asyncio.wait({attempt}, timeout=0.1)
    attempt.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attempt
    nginx.thaw()
    await nginx.logged("client connected")
    assert nginx.publishers() == []
