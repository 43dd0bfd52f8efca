"""S3 servers on loopback: a real one (OpenStack Swift, which checks signatures and stores on disk), and moto's.

Swift is Debian's package ``python3-swift``, run by Debian's own Python.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from servers.process import free_port, listens, running
from servers.tls import ServerCertificate

KEY_ID = "studio:operator"
SECRET = "s3-canary-secret-9d41b0"
OTHER_KEY_ID, OTHER_SECRET = "studio:viewer", "s3-canary-viewer-77ac02"
BUCKET = "media"
_PYTHON = Path("/usr/bin/python3")
_SCRIPT = Path(__file__).with_name("swift") / "server.py"


class S3Server:
    """``with S3Server(folder) as s3: s3.config()``: started with one bucket; a test may stop it and start it again.

    ``OTHER_KEY_ID`` may not do anything in the bucket. With a ``certificate`` it speaks TLS alone.
    """

    def __init__(self, folder: Path, certificate: ServerCertificate | None = None) -> None:
        _require_swift()
        self._folder = folder / "swift"
        self._folder.mkdir()
        self._certificate = certificate
        self._process: subprocess.Popen[bytes] | None = None
        self.port, *self._ports = (free_port() for _ in range(4))
        self.users = _users()

    @property
    def url(self) -> str:
        """The address, without the bucket."""
        return f"{'https' if self._certificate else 'http'}://127.0.0.1:{self.port}"

    def config(self, **changes: object) -> dict[str, Any]:
        """Return the configuration of castcore-s3 for the bucket."""
        config = {"provider": "other", "endpoint": self.url, "bucket": BUCKET, "allow_http": not self._certificate}
        return {**config, "access_key_id": KEY_ID, "secret_access_key": SECRET, **changes}

    def client(self, **changes: Any) -> Any:
        """Return boto3's client, to prepare what a test needs."""
        return _boto3(self.url, KEY_ID, SECRET, **changes)

    def start(self) -> None:
        """Start it, or start it again with the same contents and the keys in ``users``."""
        secrets = self._folder / "keys"
        lines = [f"user_{name.replace(':', '_')} = {secret}" for name, secret in self.users.items()]
        secrets.write_text("\n".join(lines))
        argv = [str(_PYTHON), str(_SCRIPT), str(self._folder), str(self.port), *map(str, self._ports), str(secrets)]
        if self._certificate:
            argv += [str(self._certificate.certificate), str(self._certificate.key)]
        log = self._folder / "log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                argv, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True
            )
        until = time.monotonic() + 30
        while not all(listens(port) for port in (self.port, *self._ports)):
            if self._process.poll() is not None or time.monotonic() > until:
                pytest.fail(f"swift did not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)

    def fill(self, prefix: str, count: int) -> None:
        """Let listings show ``count`` objects ``PREFIX000000.mp4`` …, which do not exist."""
        argv = [str(_PYTHON), str(_SCRIPT.with_name("fill.py")), str(self._folder), BUCKET, prefix, str(count)]
        subprocess.run(argv, check=True)

    def restore(self) -> None:
        """Have it run with the keys and the bucket that it began with, whatever a test did."""
        if self._process is None or self.users != _users():
            self.kill()
            self.users = _users()
            self.start()
        buckets = self.client().list_buckets()["Buckets"]
        if BUCKET not in [bucket["Name"] for bucket in buckets]:
            self.client().create_bucket(Bucket=BUCKET)

    def kill(self) -> None:
        """Kill it at once; what is on disk stays."""
        process, self._process = self._process, None
        if process is not None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def __enter__(self) -> S3Server:
        try:
            self.start()
            if not self._certificate:
                self.client().create_bucket(Bucket=BUCKET)
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


@dataclass(frozen=True)
class MotoServer:
    """moto's server: much of what AWS answers, without signatures and in memory."""

    url: str

    def config(self, **changes: object) -> Mapping[str, Any]:
        """Return the configuration of castcore-s3 for the bucket."""
        config = {"provider": "other", "endpoint": self.url, "bucket": BUCKET, "allow_http": True}
        return {**config, "access_key_id": "moto", "secret_access_key": SECRET, **changes}

    def client(self, **changes: Any) -> Any:
        """Return boto3's client, to prepare what a test needs."""
        return _boto3(self.url, "moto", SECRET, **changes)


@contextmanager
def moto_server(folder: Path) -> Iterator[MotoServer]:
    """Run moto's server with one bucket."""
    pytest.importorskip("moto.server")
    port = free_port()
    argv = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with running(argv, lambda: listens(port), folder / "moto.log"):
        server = MotoServer(f"http://127.0.0.1:{port}")
        server.client().create_bucket(Bucket=BUCKET)
        yield server


def _users() -> dict[str, str]:
    return {KEY_ID: f"{SECRET} .admin", OTHER_KEY_ID: OTHER_SECRET}


def _require_swift() -> None:
    found = (
        _PYTHON.exists()
        and not subprocess.run(
            [str(_PYTHON), "-c", "import swift.proxy.server"], capture_output=True, check=False
        ).returncode
    )
    if not found:
        pytest.skip("not installed: python3-swift")


def _boto3(url: str, key_id: str, secret: str, **changes: Any) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        region_name="us-east-1",
        config=Config(proxies={}, s3={"addressing_style": "path"}, **changes),
    )
