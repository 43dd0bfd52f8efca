"""A planted key is found nowhere: no output, no event, no file, no process."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psutil
import pytest

from castcore_core.rtmp import Endpoint, IncomingStream, Refusal, Request, publish, serve
from cli.program import Program, castcore
from servers.flv import read_flv
from servers.media import Clips
from servers.nginx import NginxRtmp, free_port, require_nginx
from servers.tls import TestAuthority

CANARY = "canary"
"""Stands in every secret of these tests and nowhere else."""
OUT_KEYS = [f"canary-out{number}?sig=canary-sig{number}&n=1" for number in range(5)]


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[NginxRtmp, Path]]:
    """A server with a TLS front, away from the folder that is searched, and its authority."""
    require_nginx(tls=True)
    folder = tmp_path_factory.mktemp("away")
    authority = TestAuthority(folder)
    with NginxRtmp(folder, tls=authority.issue("localhost")) as nginx:
        yield nginx, authority.ca_file


@contextlib.asynccontextmanager
async def echoing() -> AsyncIterator[int]:
    """A server that refuses everybody and repeats the key while it does so; gives its port."""

    async def refuse(request: Request) -> Refusal:
        return Refusal("name_in_use", f"{request.app}/{request.key} is already publishing")

    async def take(stream: IncomingStream) -> None:
        raise AssertionError("nobody is let in")

    server = await serve("127.0.0.1", 0, authorize=refuse, publish=take)
    try:
        yield server.port
    finally:
        await server.close(0.1)


@contextlib.asynccontextmanager
async def publishing(url: str, clip: Path) -> AsyncIterator[None]:
    """Publish a clip in real time, again and again."""

    async def send() -> None:
        loop, turn = asyncio.get_running_loop(), 0
        begun = loop.time()
        tags = read_flv(clip.read_bytes())
        while True:
            for tag in tags:
                at = turn * 5.0 + tag.timestamp / 1000
                await asyncio.sleep(max(0.0, begun + at - loop.time()))
                publisher.send(type(tag)(tag.kind, round(at * 1000), tag.payload))
            turn += 1

    publisher = await publish(Endpoint.parse(url))
    sending = asyncio.create_task(send())
    try:
        yield
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        await publisher.close(1.0)


def processes(program: Program) -> list[tuple[str, str]]:
    """Return what the world sees of the program and its children: where, and the text there."""
    own = psutil.Process(program.process.pid)
    seen = [("castcore cmdline", " ".join(own.cmdline()))]
    children = own.children(recursive=True)
    assert any("castcore_core.runner" in child.cmdline() for child in children)
    for child in children:
        for part in ("cmdline", "environ"):
            with contextlib.suppress(OSError):
                seen.append((f"{child.name()} {part}", Path(f"/proc/{child.pid}/{part}").read_bytes().decode()))
    return seen


def files(folder: Path, *but: Path) -> list[tuple[str, str]]:
    """Return the text of every file, and its name."""
    found = [one for one in folder.rglob("*") if one.is_file() and one not in but]
    return [(str(one), f"{one} {one.read_bytes().decode('latin-1')}") for one in found]


def clean(places: list[tuple[str, str]]) -> None:
    assert places
    assert [place for place, text in places if CANARY in text] == []


async def watched(program: Program, folder: Path, *but: Path) -> None:
    """Look everywhere while it runs, end it, and look once more."""
    clean(processes(program))
    clean(files(folder, *but))
    program.signal(signal.SIGINT)
    await program.ended()
    assert program.events(type="output.state", state="ended")
    clean([("stdout", "\n".join(program.out)), ("stderr", program.text), *files(folder, *but)])


async def test_keys_in_and_out(server: tuple[NginxRtmp, Path], clips: Clips, tmp_path: Path) -> None:
    nginx, ca_file = server
    port = free_port()
    source = f"listen:rtmp://127.0.0.1:{port}/live/{{env:IN_KEY}}"
    key_file = tmp_path / "keys.txt"
    key_file.write_text("\n".join(OUT_KEYS[1:]))
    async with echoing() as echo_port:
        targets = [
            f"{nginx.url()}/{{env:OUT_KEY}}",
            nginx.tls_url(),
            nginx.url(app="refuse"),
            f"rtmp://127.0.0.1:{echo_port}/live",
            f"rtmp://127.0.0.1:{free_port()}/live",
        ]
        options = [part for target in targets for part in ("--to", target)]
        options += ["--key-file", str(key_file), "--ca-file", str(ca_file), "--record", "film.mkv"]
        env = {"IN_KEY": "canary-in?pw=canary-pw", "OUT_KEY": OUT_KEYS[0]}
        async with castcore(tmp_path, "run", source, "--json", "-v", *options, env=env) as program:
            await program.until(lambda: program.events(type="notice", code="runner.listening"))
            async with publishing(f"rtmp://127.0.0.1:{port}/live/canary-in?pw=canary-pw", clips["flv"]):
                await program.up("out1", "out2", "out6")
                for output, code in (
                    ("out3", "rtmp.key_refused"),
                    ("out4", "rtmp.name_in_use"),
                    ("out5", "rtmp.refused"),
                ):
                    await program.until(
                        lambda output=output, code=code: program.events(type="output.state", output=output, code=code)
                    )
                with pytest.raises(Exception, match="rtmp"):
                    await publish(Endpoint.parse(f"rtmp://127.0.0.1:{port}/live/canary-wrong"))
                assert {name.partition("?")[0] for name in nginx.publishers()} >= {"canary-out0", "canary-out1"}
                await watched(program, tmp_path, key_file)


async def test_a_stream_that_is_pulled(server: tuple[NginxRtmp, Path], clips: Clips, tmp_path: Path) -> None:
    nginx, ca_file = server
    async with publishing(nginx.url("canary-pulled"), clips["flv"]):
        options = ["--to", f"{nginx.url()}/{{env:OUT_KEY}}", "--ca-file", str(ca_file)]
        env = {"IN_KEY": "canary-pulled", "OUT_KEY": OUT_KEYS[0]}
        source = f"{nginx.tls_url()}/{{env:IN_KEY}}"
        async with castcore(tmp_path, "run", source, "--json", "-v", *options, env=env) as program:
            await program.up("out1")
            await watched(program, tmp_path)


async def test_a_password(tmp_path: Path) -> None:
    """A server that asks for a login and turns it down."""
    async with echoing() as port:
        target = f"rtmp://castor:{{env:WORD}}@127.0.0.1:{port}/live/key"
        arguments = ["run", "test:320x180", "--json", "-v", "--to", target]
        async with castcore(tmp_path, *arguments, env={"WORD": "canary%2Fpass"}) as program:
            await program.until(
                lambda: program.messages("error") or program.events(type="output.state", code="rtmp.name_in_use")
            )
            clean(processes(program))
            program.signal(signal.SIGINT)
            await program.ended()
            clean([("stdout", "\n".join(program.out)), ("stderr", program.text), *files(tmp_path)])
