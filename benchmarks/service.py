"""The real server as ``castcore serve`` starts it, on a data folder of its own, and an operator who calls its API."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import psutil

from castcore_core.ffmpeg.profile import COPY

_API = "/api/v1"
_PASSWORD = "correct horse battery staple"
_STOP_S = 20.0
_SERVE = "from castcore_core.cli import main; main()"
"""What the script ``castcore`` does; it is not on every path."""


class Service:
    """One server after the other on the same folder. The first admin is made at the first start."""

    def __init__(self, folder: Path, *command: str, **environment: str) -> None:
        """``command`` replaces ``castcore serve``; ``environment`` is added to the process's."""
        self.folder = folder
        self.began = 0.0
        """Monotonic time of the last exec."""
        self._command = command or (sys.executable, "-c", _SERVE, "serve", "--json")
        self._environment = environment
        self._token = ""
        self._copy = ""
        self._connection: http.client.HTTPConnection | None = None
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Service:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the server, then its streams."""
        self.end(signal.SIGTERM)
        for runner in self.runners():
            runner.terminate()
        _, alive = psutil.wait_procs(self.runners(), _STOP_S)
        for runner in alive:
            runner.kill()

    @property
    def pid(self) -> int:
        """The server's process."""
        assert self._process is not None
        return self._process.pid

    @property
    def socket_address(self) -> str:
        """Where its WebSockets are."""
        assert self._connection is not None
        return f"ws://{self._connection.host}:{self._connection.port}{_API}"

    @property
    def authorization(self) -> dict[str, str]:
        """The header of the signed-in admin."""
        return {"Authorization": f"Bearer {self._token}"}

    def start(self) -> None:
        """Start the server, wait until it answers, and sign in where nobody is yet."""
        log = self.folder.with_name(f"{self.folder.name}.log").open("a")
        surrounding = {name: value for name, value in os.environ.items() if not name.startswith("CASTCORE_")}
        surrounding |= {"CASTCORE_DATA_DIR": str(self.folder), "CASTCORE_PORT": "0", **self._environment}
        self.began = time.monotonic()
        with log:
            self._process = subprocess.Popen(
                self._command, stdout=subprocess.PIPE, stderr=log, env=surrounding, text=True
            )
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        if not said:
            raise RuntimeError(Path(log.name).read_text()[-2000:])
        told = json.loads(said)
        place = urlsplit(told["address"])
        self._connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
        for announced in told["announcements"]:
            if announced["code"] == "setup.token":
                self._make_admin(announced["params"]["token"])

    def wait_healthy(self) -> float:
        """Return the seconds from the exec to the first healthy answer."""
        while self.ask("GET", "/system/health")["status"] != "ok":
            time.sleep(0.01)
        return time.monotonic() - self.began

    def end(self, number: int) -> None:
        """End the server by a signal; its streams go on."""
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(_STOP_S)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Call the API as admin and return the answer. Raises RuntimeError for a refusal."""
        assert self._connection is not None
        headers = {"Content-Type": "application/json"} | (self.authorization if self._token else {})
        self._connection.request(method, _API + path, None if body is None else json.dumps(body), headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {content.decode()}")
        return json.loads(content) if content else None

    def add_job(
        self, name: str, url: str, clip: Path | None = None, *, copy: bool = False, fallback: str = "still"
    ) -> str:
        """Keep a job that sends the clip, or the test picture, to one RTMP address; return its id."""
        application, _, key = url.rpartition("/")
        config = {"url": application, "stream_key": key}
        destination = self.ask("POST", "/destinations", {"name": name, "type": "rtmp", "config": config})
        picture = {"kind": "test", "width": 320, "height": 180, "fps": 15}
        job = {
            "name": name,
            "source": {"kind": "file", "path": str(clip), "loop": True} if clip else picture,
            "outputs": [{"destination_id": destination["id"]}],
            "profile_id": self._copy_profile() if copy else None,
            "fallback": {"kind": fallback},
        }
        return str(self.ask("POST", "/stream-jobs", job)["id"])

    def command(self, job: str, word: str) -> None:
        """Give a job a command: ``start``, ``stop`` …"""
        self.ask("POST", f"/stream-jobs/{job}/{word}")

    def wait_for(self, job: str, state: str, *, within: float = 60.0) -> None:
        """Wait until a job has a state."""
        deadline = time.monotonic() + within
        while (found := self.ask("GET", f"/stream-jobs/{job}/status")["state"]) != state:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{job} is {found} instead of {state}")
            time.sleep(0.02)

    def runners(self) -> list[psutil.Process]:
        """Return the runners of this data folder."""
        found = []
        for process in psutil.process_iter(["cmdline"]):
            line = process.info["cmdline"] or []
            if "castcore_core.runner" in line and str(self.folder) in " ".join(line):
                found.append(process)
        return found

    def _make_admin(self, token: str) -> None:
        admin = {"username": "admin", "password": _PASSWORD, "token": token}
        self._token = self.ask("POST", "/setup/step/admin", admin)["access_token"]

    def _copy_profile(self) -> str:
        if not self._copy:
            settings = COPY.model_dump(mode="json", exclude={"name"})
            self._copy = self.ask("POST", "/ffmpeg-profiles", {"name": "copy", **settings})["id"]
        return self._copy


@contextmanager
def busy_cores(encoder: str) -> Iterator[None]:
    """Keep two cores busy with encodes as fast as they go."""
    command = [
        *(encoder, "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=s=640x360:r=30"),
        *("-c:v", "libx264", "-threads", "1", "-f", "null", "-"),
    ]
    processes = [subprocess.Popen(command) for _ in range(2)]
    try:
        time.sleep(0.5)
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()
