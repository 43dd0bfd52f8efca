"""The server as a process: how it starts, stops, and says why it cannot."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import ssl
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, closing
from pathlib import Path

import httpx2 as httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from servers.castcore import server, start, wait_ready
from servers.process import free_port
from servers.tls import TestAuthority


def test_a_first_start_makes_a_closed_folder_and_answers(tmp_path: Path) -> None:
    with server(tmp_path / "data", CASTCORE_DATABASE_URL="") as running:
        answer = httpx.get(f"{running.address}/api/v1/system/health")
        assert answer.json()["status"] == "ok"
        assert "server" not in answer.headers
        for path, mode in ((".", 0o700), ("run", 0o700), ("castcore.db", 0o600), ("keys.json", 0o600)):
            assert stat.S_IMODE((tmp_path / "data" / path).stat().st_mode) == mode, path
        assert running.stop() < 1
        assert running.process.returncode == 0
    events = [json.loads(line)["event"] for line in running.log.read_text().splitlines()]
    assert events[-2:] == ["stopping", "stopped"]
    assert set(events[:-2]) <= {"redis connected"}


async def _close_code(connection: ClientConnection) -> int | None:
    try:
        while True:
            await connection.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_open_clients_do_not_hold_the_stop(tmp_path: Path, number: int) -> None:
    with server(tmp_path / "data", module="servers.stage") as running:
        async with AsyncExitStack() as stack:
            sockets = [
                await stack.enter_async_context(connect(f"{running.socket_address}/api/v1/ws/system")) for _ in range(5)
            ]
            for each in sockets:
                await each.recv()
            # One that never reads: its buffers are full, and its close frame cannot be delivered.
            await stack.enter_async_context(
                connect(
                    f"{running.socket_address}/api/v1/stage/flood/2000/300000",
                    compression=None,
                    max_queue=1,
                    close_timeout=0.1,
                )
            )
            client = await stack.enter_async_context(httpx.AsyncClient(base_url=running.address, timeout=5))
            stream = await stack.enter_async_context(client.stream("GET", "/api/v1/stage/events"))
            lines = stream.aiter_lines()
            assert await anext(lines) == "retry: 2000"
            await asyncio.sleep(0.3)
            assert await asyncio.to_thread(running.stop, number) < 1
            assert [line async for line in lines if line] == []
            for each in sockets:
                assert await _close_code(each) == 1001
        assert running.process.returncode == 0
        assert "Traceback" not in running.log.read_text()


def test_three_servers_start_at_once_on_one_folder(tmp_path: Path) -> None:
    # One engine, and two that serve the web alone.
    started = [start(tmp_path / "data", CASTCORE_ROLE=role) for role in ("all", "web", "web")]
    try:
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(wait_ready, started))
        for each in started:
            assert httpx.get(f"{each.address}/api/v1/system/health").json()["status"] == "ok"
            each.stop()
        assert [each.process.returncode for each in started] == [0, 0, 0]
    finally:
        for each in started:
            each.process.kill()
            each.process.communicate()


def _refused(folder: Path, **environment: str) -> tuple[str, int, float]:
    begun = time.monotonic()
    started = start(folder, **environment)
    output, _ = started.process.communicate(timeout=20)
    return json.loads(output)["error"]["code"], started.process.returncode, time.monotonic() - begun


def test_a_database_that_cannot_be_opened_ends_the_server_at_once(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0), backlog=0)) as silent:
        hanging = silent.getsockname()[1]
        for url, code in (
            (f"postgresql://u:p@127.0.0.1:{free_port()}/x", "database.unreachable"),
            (f"postgresql://u:p@127.0.0.1:{hanging}/x", "database.unreachable"),
            (f"sqlite:///{tmp_path}/", "database.file_unusable"),
            ("postgresql://u:p@127.0.0.1:x/y", "database.url_invalid"),
        ):
            found, status, seconds = _refused(tmp_path / "data", CASTCORE_DATABASE_URL=url)
            # 2 s for the database, and the time that Python takes to come up.
            assert (found, status, seconds < 3.5) == (code, 7, True), (url, seconds)


def test_a_damaged_database_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "data/castcore.db").write_bytes(b"no database " * 1000)
    assert _refused(tmp_path / "data", CASTCORE_DATABASE_URL="")[:2] == ("database.file_unusable", 7)


def test_redis_port_and_configuration_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert _refused(folder, CASTCORE_REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")[:2] == ("events.unreachable", 7)
    assert _refused(folder, CASTCORE_PORT="none")[:2] == ("configuration.invalid", 3)
    assert _refused(folder, CASTCORE_HOST="192.0.2.1")[:2] == ("server.address_unusable", 7)
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        assert _refused(folder, CASTCORE_PORT=str(taken.getsockname()[1]))[:2] == ("server.port_in_use", 7)


def test_systemd_hears_ready_watchdog_and_stopping(tmp_path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(10)
        environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "100000"}
        with server(tmp_path / "data", **environment) as running:
            heard = {manager.recv(100) for _ in range(4)}
            assert heard == {b"READY=1", b"WATCHDOG=1"}
            running.stop()
            manager.settimeout(0.5)
            while (last := manager.recv(100)) == b"WATCHDOG=1":
                pass
            assert last == b"STOPPING=1"


def test_tls_is_served_from_given_files(tmp_path: Path) -> None:
    authority = TestAuthority(tmp_path)
    certificate = authority.issue("127.0.0.1")
    environment = {"CASTCORE_TLS_CERTIFICATE": str(certificate.certificate), "CASTCORE_TLS_KEY": str(certificate.key)}
    with server(tmp_path / "data", **environment) as running:
        assert running.address.startswith("https://127.0.0.1:")
        answer = httpx.get(
            f"{running.address}/api/v1/system/health", verify=ssl.create_default_context(cafile=authority.ca_file)
        )
        assert answer.status_code == 200
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_the_listening_socket_is_not_inherited(tmp_path: Path) -> None:
    with server(tmp_path / "data") as running:
        descriptors = Path(f"/proc/{running.process.pid}/fdinfo")
        links = Path(f"/proc/{running.process.pid}/fd")
        sockets = [fd for fd in links.iterdir() if os.readlink(fd).startswith("socket:")]
        assert sockets
        for fd in sockets:
            flags = int((descriptors / fd.name).read_text().split("flags:")[1].split()[0], 8)
            assert flags & os.O_CLOEXEC, fd
