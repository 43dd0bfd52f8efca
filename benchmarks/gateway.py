"""How fast a file comes through the gateway of a storage worker, against the backend's own client."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from figure import Figure

from castcore_core.ffmpeg.build import FFmpegBuild
from castcore_core.storage.client import Worker
from castcore_core.storage.worker.order import Order

_MEGABYTES = 400
_ROUNDS = 3
_NAME = "big.bin"
_ENOUGH = 200.0
"""MB/s."""
_SHARE = 0.8
"""Of what the backend's own client reads, where that is less."""

_OWN: Mapping[str, str] = {
    "local": """
with open(job["config"]["root"] + "/" + job["name"], "rb", buffering=0) as file:
    while piece := file.read(1 << 20):
        count += len(piece)
""",
    "smb": """
import smbclient
c = job["config"]
smbclient.register_session(c["host"], username=c["username"], password=c["password"], port=c["port"])
place = chr(92) * 2 + c["host"] + chr(92) + c["share"] + chr(92) + job["name"]
begun = time.perf_counter()
with smbclient.open_file(place, mode="rb", buffering=0, port=c["port"]) as file:
    while piece := file.read(1 << 20):
        count += len(piece)
""",
    "nfs": """
import libnfs
c = job["config"]
mount = libnfs.NFS(f"nfs://{c['host']}{c['export']}?version=4&nfsport={c['port']}")
begun = time.perf_counter()
file = mount.open("/" + job["name"], mode="rb")
while piece := file.read(1 << 20):
    count += len(piece)
""",
    "s3": """
from obstore.store import S3Store
c = job["config"]
store = S3Store(c["bucket"], endpoint=c["endpoint"], access_key_id=c["access_key_id"], region="us-east-1",
                secret_access_key=c["secret_access_key"], client_options={"allow_http": True})
begun = time.perf_counter()
for piece in store.get(job["name"]).stream(min_chunk_size=1 << 20):
    count += len(piece)
""",
}
"""How each library's own users read a file."""
_FRAME = """
import json, sys, time
job, count = json.load(sys.stdin), 0
begun = time.perf_counter()
{body}
print(json.dumps([count, time.perf_counter() - begun]))
"""


@dataclass(frozen=True)
class _Backend:
    """One backend on a real server."""

    plugin: str
    module: str
    extension: str
    config: Mapping[str, object]


async def measure(build: FFmpegBuild, folder: Path) -> list[Figure]:
    """Return the figures of this area: for every backend whose server is installed."""
    data = folder / _NAME
    with data.open("wb") as file:
        for _ in range(_MEGABYTES):
            file.write(os.urandom(1 << 20))
    figures = []
    for name, opened in (("local", _local), ("smb", _smb), ("nfs", _nfs), ("s3", _s3)):
        with opened(data) as backend:
            if backend is not None:
                figures.append(await _compare(name, backend, folder))
    data.unlink()
    return figures


async def _compare(name: str, backend: _Backend, folder: Path) -> Figure:
    order = Order(
        source=name,
        plugin=backend.plugin,
        module=backend.module,
        extension=backend.extension,
        revision="1",
        data=str(folder / "plugins"),
        path=tuple(os.path.abspath(each) for each in sys.path if each),
        config=backend.config,
    )
    worker = await Worker.start(folder / "run", order)
    try:
        ours, theirs = [], []
        for _ in range(_ROUNDS):  # in turn, so that whatever slows the machine slows both
            ours.append(await asyncio.to_thread(_through_gateway, worker.base + _NAME))
            theirs.append(await asyncio.to_thread(_own, name, backend.config))
    finally:
        await worker.drain(0.0)
    own = statistics.median(theirs)
    return Figure(
        name=f"{name}: a file of {_MEGABYTES} MB through the gateway",
        value=statistics.median(ours),
        unit="MB/s",
        reference=own,
        reference_name="the backend's own client",
        bound=min(_ENOUGH, round(_SHARE * own, 1)),
        sense="min",
    )


def _through_gateway(url: str) -> float:
    """Return MB/s of one plain reader."""
    parts = urlsplit(url)
    buffer = bytearray(1 << 20)
    begun = time.perf_counter()
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60) as connection:
        connection.sendall(f"GET {parts.path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        count = 0
        while got := connection.recv_into(buffer):
            count += got
    if count < _MEGABYTES << 20:
        raise RuntimeError(f"{url}: {count} bytes")
    return count / 1e6 / (time.perf_counter() - begun)


def _own(name: str, config: Mapping[str, object]) -> float:
    """Return MB/s of the library in a process of its own."""
    program = _FRAME.format(body=_OWN[name])
    told = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps({"config": dict(config), "name": _NAME}),
        capture_output=True,
        text=True,
        check=True,
    )
    count, seconds = json.loads(told.stdout)
    if count != _MEGABYTES << 20:
        raise RuntimeError(f"{name}: {count} bytes")
    return float(count / 1e6 / seconds)


@contextmanager
def _local(data: Path) -> Iterator[_Backend | None]:
    yield _Backend("builtin", "castcore_core.builtin.plugin", "local", {"root": str(data.parent)})


@contextmanager
def _smb(data: Path) -> Iterator[_Backend | None]:
    if shutil.which("smbd") is None and not Path("/usr/sbin/smbd").exists():
        yield None
        return
    from servers.samba import Samba

    with Samba() as server:
        _give(data, server.folder())
        yield _Backend("smb", "castcore_smb.plugin", "smb", server.settings())


@contextmanager
def _nfs(data: Path) -> Iterator[_Backend | None]:
    # The reference is the libnfs binding, which is published as source alone: who has a compiler installs it by hand.
    if shutil.which("ganesha.nfsd") is None or find_spec("libnfs") is None:
        yield None
        return
    from servers.ganesha import Ganesha

    with Ganesha() as server:
        _give(data, server.folder())
        yield _Backend("nfs", "castcore_nfs.plugin", "nfs", server.settings())


@contextmanager
def _s3(data: Path) -> Iterator[_Backend | None]:
    if not Path("/usr/lib/python3/dist-packages/swift").exists():
        yield None
        return
    from servers.s3 import BUCKET, S3Server

    with S3Server(data.parent) as server:
        server.client().upload_file(str(data), BUCKET, _NAME)
        yield _Backend("s3", "castcore_s3.plugin", "s3", server.config())


def _give(data: Path, folder: Path) -> None:
    shutil.copyfile(data, folder / _NAME)
    (folder / _NAME).chmod(0o644)
