"""A small HTTP server on this machine, for plugins whose library brings its own client."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2 as httpx

from castcore_sdk.testing.fault import Answer

_LARGEST = 16 << 20
_BODILESS = frozenset({204, 304})


@contextmanager
def loopback(answer: Answer) -> Iterator[str]:
    """Serve what ``answer`` makes of each request and give the address, ``http://127.0.0.1:PORT``.

    Where ``answer`` raises ``httpx2.TransportError``, the connection is closed without a word. It runs in threads of
    its own, several at the same time.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # head and body are two writes
        timeout = 10

        def handle_any(self) -> None:
            length = min(int(self.headers.get("Content-Length") or 0), _LARGEST)
            url = f"http://{self.headers.get('Host', 'localhost')}{self.path}"
            content = self.rfile.read(length)
            try:
                given = answer(httpx.Request(self.command, url, headers=list(self.headers.items()), content=content))
            except httpx.TransportError:
                self.close_connection = True
                return
            body = b"" if given.status_code in _BODILESS else given.read()
            self.send_response(given.status_code)
            for name, value in given.headers.items():
                if name.lower() not in ("content-length", "transfer-encoding"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = handle_any  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Say nothing: clients that leave early are part of what is tested."""

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
