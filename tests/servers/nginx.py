"""A real nginx with the RTMP module, optionally with a TLS front (stream module), on free loopback ports.

    with NginxRtmp(tmp_path) as nginx:            # started; stopped at the end
        push to nginx.url("key"); await nginx.published("key")

Applications: ``live`` takes everybody, ``refuse`` turns every publisher down (``on_publish`` answers 403),
``guarded`` takes the key ``good-key`` alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from servers.tls import ServerCertificate

MODULES = Path("/usr/lib/nginx/modules")

_CONF = """
load_module {modules}/ngx_rtmp_module.so;
{load_stream}
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 256; }}
rtmp {{
  server {{
    listen 127.0.0.1:{port};
    chunk_size 4096;
    application live {{ live on; record off; }}
    application refuse {{ live on; record off; on_publish http://127.0.0.1:{http_port}/refuse; }}
    application guarded {{
      live on; record off; notify_method get; on_publish http://127.0.0.1:{http_port}/guarded;
    }}
  }}
}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{http_port};
    location /stat {{ rtmp_stat all; }}
    location /refuse {{ return 403; }}
    location /guarded {{ if ($arg_name = "good-key") {{ return 200; }} return 403; }}
  }}
}}
{stream}
"""

_STREAM = """
stream {{
  server {{
    listen 127.0.0.1:{tls_port} ssl;
    ssl_certificate {certificate}; ssl_certificate_key {key};
    proxy_pass 127.0.0.1:{port};
  }}
}}
"""

_PUBLISH_LINE = re.compile(r"publish: name='([^']*)'")


_PORTS = range(10_000, 32_000)
"""Below the range from which the kernel takes the ports of outgoing connections."""
_CHOICE = random.SystemRandom()


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return a loopback port that nothing uses at the moment, nor is likely to before its server listens."""
    while True:
        port = _CHOICE.choice(_PORTS)
        with socket.socket(socket.AF_INET, kind) as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class NginxRtmp:
    """One nginx process. Ports stay the same over ``stop``/``start``/``restart``; the log is kept."""

    host = "127.0.0.1"

    def __init__(self, folder: Path, *, tls: ServerCertificate | None = None) -> None:
        self._folder = folder / f"nginx-{time.monotonic_ns():x}"
        self._folder.mkdir(parents=True)
        self.port, self.http_port = free_port(), free_port()
        self.tls_port = free_port() if tls else 0
        self._process: subprocess.Popen[bytes] | None = None
        self._write_conf(tls)

    def _write_conf(self, tls: ServerCertificate | None) -> None:
        stream = (
            _STREAM.format(tls_port=self.tls_port, port=self.port, certificate=tls.certificate, key=tls.key)
            if tls
            else ""
        )
        (self._folder / "nginx.conf").write_text(
            _CONF.format(
                modules=MODULES,
                load_stream=f"load_module {MODULES}/ngx_stream_module.so;" if tls else "",
                folder=self._folder,
                port=self.port,
                http_port=self.http_port,
                stream=stream,
            )
        )

    def __enter__(self) -> NginxRtmp:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server and return once it accepts connections."""
        error_log = self._folder / "error.log"
        self._process = subprocess.Popen(
            ["nginx", "-p", str(self._folder), "-c", "nginx.conf", "-e", str(error_log)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 10
        while True:
            with contextlib.suppress(OSError):
                for port in filter(None, (self.port, self.http_port, self.tls_port)):
                    socket.create_connection((self.host, port), timeout=1).close()
                return
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"nginx does not come up: {self.log_text()[-2000:]}")
            time.sleep(0.01)

    def stop(self) -> None:
        """End the server as an administrator would; every session is cut."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the server without a word to anybody."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop and start on the same ports."""
        self.stop()
        self.start()

    def freeze(self) -> None:
        """Let the server accept (the kernel does) and never read or answer, until ``thaw``."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on after ``freeze``."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        self._signal(number)
        self._signal(signal.SIGCONT)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def url(self, key: str = "", *, app: str = "live") -> str:
        """Return the plain RTMP address; with an empty key, the address of the application."""
        return f"rtmp://{self.host}:{self.port}/{app}" + (f"/{key}" if key else "")

    def tls_url(self, key: str = "", *, app: str = "live", host: str = "localhost") -> str:
        """Return the RTMPS address of the TLS front."""
        return f"rtmps://{host}:{self.tls_port}/{app}" + (f"/{key}" if key else "")

    def log_text(self) -> str:
        """Return the error log, level info and up."""
        path = self._folder / "error.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def publishers(self, key: str | None = None) -> list[str]:
        """Return the publish names that ever asked (also those refused), oldest first."""
        names = _PUBLISH_LINE.findall(self.log_text())
        return [name for name in names if key is None or name == key]

    async def published(self, key: str, *, times: int = 1, within: float = 10.0) -> None:
        """Wait until ``key`` was asked for ``times`` times since the server's first start."""
        async with asyncio.timeout(within):
            while len(self.publishers(key)) < times:
                await asyncio.sleep(0.01)

    async def logged(self, text: str, *, times: int = 1, within: float = 10.0) -> None:
        """Wait until ``text`` stands in the log ``times`` times."""
        async with asyncio.timeout(within):
            while self.log_text().count(text) < times:
                await asyncio.sleep(0.01)

    def stat(self) -> ElementTree.Element:
        """Return the root of the module's statistics page."""
        with urllib.request.urlopen(f"http://{self.host}:{self.http_port}/stat", timeout=5) as answer:
            return ElementTree.fromstring(answer.read())

    def bytes_in(self, key: str, *, app: str = "live") -> int:
        """Return how many bytes the server has taken for a stream that is on now, else 0."""
        for application in self.stat().iter("application"):
            if application.findtext("name") != app:
                continue
            for stream in application.iter("stream"):
                if stream.findtext("name") == key:
                    return int(stream.findtext("bytes_in") or 0)
        return 0


def require_nginx(*, tls: bool = False) -> None:
    """Skip by name where nginx or a module of it is missing."""
    wanted = ["ngx_rtmp_module.so"] + (["ngx_stream_module.so"] if tls else [])
    if shutil.which("nginx") is None:
        pytest.skip("nginx is not installed")
    for module in wanted:
        if not (MODULES / module).exists():
            pytest.skip(f"{module} is not installed")


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[NginxRtmp]:
    """A running server without TLS. Import this name into a test module to use it."""
    require_nginx()
    with NginxRtmp(tmp_path) as server:
        yield server
