"""RTMPS against nginx's TLS front and an authority of our own; certificates are always checked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from castcore_core.runner.event import OutputState
from castcore_sdk import CastCoreError
from delivery.scene import TEST_PICTURE, Stage, viewing
from servers.nginx import NginxRtmp, require_nginx
from servers.tls import TestAuthority


@pytest.fixture
def authority(tmp_path: Path) -> TestAuthority:
    """The authority that the server's certificate comes from."""
    return TestAuthority(tmp_path)


@pytest.fixture
def server(authority: TestAuthority, tmp_path: Path) -> Iterator[NginxRtmp]:
    """A server whose certificate is for ``localhost`` alone."""
    require_nginx(tls=True)
    with NginxRtmp(tmp_path, tls=authority.issue("localhost")) as nginx:
        yield nginx


async def test_a_stream_arrives(stage: Stage, server: NginxRtmp, authority: TestAuthority) -> None:
    async with stage.running(TEST_PICTURE, server.tls_url("key"), ca_file=authority.ca_file) as run:
        await run.up("out1")
        async with viewing(server.url("key")) as viewer:
            await viewer.sees(45)
        assert max(viewer.session.steps()) <= 50
        await run.client.stop()
        last = await run.end()
    assert last.totals["out1"].sessions == 1
    assert server.publishers() == ["key"]
    await server.logged("deleteStream")


@pytest.mark.parametrize("case", ["another authority", "the system's authorities", "another name"])
async def test_a_certificate_that_is_not_trusted(
    stage: Stage, server: NginxRtmp, authority: TestAuthority, tmp_path: Path, case: str
) -> None:
    (tmp_path / "other").mkdir()
    ca_file = {
        "another authority": TestAuthority(tmp_path / "other").ca_file,
        "the system's authorities": None,
        "another name": authority.ca_file,
    }[case]
    url = server.tls_url("key", host="127.0.0.1" if case == "another name" else "localhost")
    async with stage.running(TEST_PICTURE, url, ca_file=ca_file) as run:
        state = await run.seen(OutputState, state="reconnecting")
    assert state.code == "rtmp.certificate_invalid"
    assert state.params["reason"]
    assert server.publishers() == []


async def test_a_certificate_that_has_expired(stage: Stage, authority: TestAuthority, tmp_path: Path) -> None:
    require_nginx(tls=True)
    with NginxRtmp(tmp_path, tls=authority.issue("localhost", days=-1)) as server:
        async with stage.running(TEST_PICTURE, server.tls_url("key"), ca_file=authority.ca_file) as run:
            state = await run.seen(OutputState, state="reconnecting")
    assert (state.code, "expired" in str(state.params["reason"])) == ("rtmp.certificate_invalid", True)


async def test_a_source_that_is_not_trusted(stage: Stage, server: NginxRtmp) -> None:
    with pytest.raises(CastCoreError) as caught:
        await stage.prepare(server.tls_url("key"), server.url("out"))
    assert caught.value.code == "rtmp.certificate_invalid"
