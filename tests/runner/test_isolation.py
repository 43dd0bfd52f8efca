"""One destination's trouble is its own: the code is exact, and the neighbour notices nothing."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from castcore_core.rtmp import Endpoint, TagKind, publish
from castcore_core.runner.event import OutputState
from castcore_core.runner.plan import RtmpEndpoint
from runner.scene import Run, Session, Sink, job, keys, rtmp, running
from servers.faulty import black_hole, hangs_at, scripted
from servers.nginx import NginxRtmp, free_port

Trouble = Callable[[NginxRtmp], contextlib.AbstractAsyncContextManager[str]]


@contextlib.asynccontextmanager
async def refused(nginx: NginxRtmp) -> AsyncIterator[str]:
    yield f"rtmp://127.0.0.1:{free_port()}/live"


@contextlib.asynccontextmanager
async def wrong_key(nginx: NginxRtmp) -> AsyncIterator[str]:
    yield nginx.url(app="guarded")


@contextlib.asynccontextmanager
async def tls_to_a_plain_port(nginx: NginxRtmp) -> AsyncIterator[str]:
    yield nginx.url().replace("rtmp://", "rtmps://")


@contextlib.asynccontextmanager
async def name_in_use(nginx: NginxRtmp) -> AsyncIterator[str]:
    other = await publish(Endpoint.parse(nginx.url(), stream_key="b"))
    try:
        yield nginx.url()
    finally:
        await other.close(1.0)


@contextlib.asynccontextmanager
async def silent(nginx: NginxRtmp) -> AsyncIterator[str]:
    async with scripted(hangs_at("accept")) as port:
        yield f"rtmp://127.0.0.1:{port}/live"


@contextlib.asynccontextmanager
async def black_holed(nginx: NginxRtmp) -> AsyncIterator[str]:
    with black_hole() as port:
        yield f"rtmp://127.0.0.1:{port}/live"


def assert_undisturbed(session: Session, run: Run) -> None:
    assert max(session.steps()) <= 50
    assert max(session.steps(TagKind.AUDIO)) <= 50
    assert len(run.all(OutputState, output="a", state="up")) == 1
    assert not run.all(OutputState, output="a", state="reconnecting")


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (refused, "rtmp.refused"),
        (wrong_key, "rtmp.key_refused"),
        (tls_to_a_plain_port, "rtmp.tls_to_plain_port"),
        (name_in_use, "rtmp.name_in_use"),
        (silent, "rtmp.handshake_timeout"),
        (black_holed, "rtmp.connect_timeout"),
    ],
)
async def test_trouble_of_one_destination(
    sink: Sink, nginx: NginxRtmp, folder: Path, trouble: Trouble, code: str
) -> None:
    async with trouble(nginx) as url:
        plan = job(rtmp("a", sink.url), replace(rtmp("b", url), endpoint=RtmpEndpoint(url=url, stream_key="key-b")))
        async with running(folder, plan, keys(plan)) as run:
            lost = await run.seen(OutputState, output="b", state="reconnecting", within=20)
            assert lost.code == code
            session = await sink.playing("a", 10)
            await sink.playing("a", len(session.media()) + 10)
            assert_undisturbed(session, run)


async def test_a_server_that_freezes_is_left_and_found_again(sink: Sink, nginx: NginxRtmp, folder: Path) -> None:
    plan = job(rtmp("a", sink.url), rtmp("b", nginx.url(), stall_seconds=1.0, queue_ms=1000))
    loud = {"300k": "20M", "testsrc2=s=160x90:r=30": "testsrc2=s=320x180:r=30,noise=alls=100:allf=t"}
    assert plan.encoder is not None
    plan = replace(
        plan,
        encoder=replace(plan.encoder, arguments=tuple(loud.get(str(one), one) for one in plan.encoder.arguments)),
    )
    async with running(folder, plan, keys(plan)) as run:
        await run.up("a", "b")
        nginx.freeze()
        lost = await run.seen(OutputState, output="b", state="reconnecting", within=20)
        assert lost.code in ("runner.output_stalled", "rtmp.silent")
        nginx.thaw()
        await run.seen(OutputState, output="b", state="up", times=2, within=20)
        assert_undisturbed(sink.of("a")[0], run)
