"""A real smbd on loopback: shares of several kinds, users of its own, and everything that may go wrong with it.

    with Samba(tmp_path) as samba:
        backend with samba.settings("media"); samba.stop(); samba.start(); samba.password("studio", "new")

Shares: ``media`` (anybody signed in), ``fixed`` (read only), ``sealed`` (encrypted only), ``private`` (``other``
alone), ``guests`` (no password), ``links`` (a DFS root), ``owned`` (the rights of Debian's user count), ``small``
(2 MiB after ``fill``, where the test may mount). Files of a share lie in ``samba.folder(share)``.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from servers.process import free_port, listens, require

PASSWORD = "samba-canary-password"
USERS = {"studio": "games", "other": "news"}
"""User of the share → user of Debian that it is: every Debian has them."""

_GLOBAL = """
[global]
 server role = standalone server
 smb ports = {port}
 interfaces = 127.0.0.1
 bind interfaces only = yes
 private dir = {state}
 lock directory = {state}
 state directory = {state}
 cache directory = {state}
 pid directory = {state}
 ncalrpc dir = {state}/rpc
 passdb backend = smbpasswd:{state}/smbpasswd
 username map = {state}/users
 log file = {state}/log
 disable netbios = yes
 load printers = no
 printcap name = /dev/null
 disable spoolss = yes
 map to guest = Bad User
 {options}
"""
_SHARE = """
[{name}]
 path = {path}
 read only = no
 force user = root
 {options}
"""
SHARES = {
    "media": ("",),
    "fixed": ("read only = yes",),
    "sealed": ("server smb encrypt = required",),
    "private": ("valid users = news",),
    "guests": ("guest ok = yes",),
    "links": ("msdfs root = yes",),
    "small": ("",),
    "owned": ("force user =",),
}


class Samba:
    """A server that a test may stop, freeze, and start again on the same port."""

    def __init__(self, options: Sequence[str] = ()) -> None:
        self._smbd, self._smbpasswd, self._control = require("smbd", "smbpasswd", "smbcontrol")
        if os.geteuid() != 0:
            pytest.skip("smbd has to be started as root")
        # Its sockets need a short path.
        self.root = Path(tempfile.mkdtemp(prefix="smb-", dir="/tmp"))
        self.state = self.root / "state"
        self.port = free_port()
        self._options = options
        self._shares = dict(SHARES)
        self._process: subprocess.Popen[bytes] | None = None
        self._mounted = False

    def settings(self, share: str = "media", **other: Any) -> dict[str, Any]:
        """Return a configuration of castcore-smb for a share."""
        found = {"host": "127.0.0.1", "port": self.port, "share": share, "timeout": 5}
        return {**found, "username": "studio", "password": PASSWORD, **other}

    def folder(self, share: str = "media") -> Path:
        """Return the folder whose files the share has."""
        return self.root / share

    def start(self) -> None:
        """Start it, or start it again."""
        with (self.state / "out").open("ab") as output:
            self._process = subprocess.Popen(
                [self._smbd, "--foreground", "--no-process-group", "-s", str(self._config), "-l", str(self.state)],
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        until = time.monotonic() + 20
        while not listens(self.port):
            if self._process.poll() is not None or time.monotonic() > until:
                pytest.fail(f"smbd did not start: {(self.state / 'out').read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Kill it with all of its connections."""
        if self._process is not None:
            self._signal(signal.SIGCONT)
            self._signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Let it hang: connections stay, and nobody answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """End a freeze."""
        self._signal(signal.SIGCONT)

    def password(self, user: str, password: str) -> None:
        """Give a user a password."""
        argv = [self._smbpasswd, "-L", "-c", str(self._config), "-s", "-a", USERS[user]]
        lines = f"{password}\n{password}\n".encode()
        subprocess.run(argv, input=lines, check=True, capture_output=True, timeout=20)

    def remove_share(self, share: str) -> None:
        """Take a share away, with the connections to it."""
        del self._shares[share]
        self._write()
        self._tell("smbd", "reload-config")
        self._tell("smbd", "close-share", share)

    def add_share(self, share: str) -> None:
        """Bring a share back."""
        self._shares[share] = SHARES[share]
        self._write()
        self._tell("smbd", "reload-config")

    def fill(self) -> Path:
        """Return the folder of the share ``small`` after a file system of 2 MiB was mounted there."""
        folder = self.folder("small")
        argv = ["mount", "-t", "tmpfs", "-o", "size=2m", "castcore-test", str(folder)]
        if subprocess.run(argv, capture_output=True, check=False, timeout=20).returncode != 0:
            pytest.skip("no file system can be mounted here")
        self._mounted = True
        return folder

    def __enter__(self) -> Samba:
        for name in ("state", *self._shares):
            (self.root / name).mkdir()
        self.root.chmod(0o755)
        (self.state / "users").write_text("".join(f"{unix} = {name}\n" for name, unix in USERS.items()))
        self._write()
        for user in USERS:
            self.password(user, PASSWORD)
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        if self._mounted:
            subprocess.run(["umount", "-l", str(self.folder("small"))], check=False, capture_output=True, timeout=20)
        shutil.rmtree(self.root, ignore_errors=True)

    @property
    def _config(self) -> Path:
        return self.state / "smb.conf"

    def _write(self) -> None:
        lines = _GLOBAL.format(port=self.port, state=self.state, options="\n ".join(self._options))
        for name, options in self._shares.items():
            lines += _SHARE.format(name=name, path=self.folder(name), options="\n ".join(options))
        self._config.write_text(lines)

    def _tell(self, *message: str) -> None:
        argv = [self._control, "-s", str(self._config), *message]
        subprocess.run(argv, check=True, capture_output=True, timeout=20)

    def _signal(self, number: int) -> None:
        """Send a signal to the server and its processes for each connection."""
        if self._process is not None:
            os.killpg(self._process.pid, number)


@pytest.fixture
def samba() -> Iterator[Samba]:
    """A server for one test. Import this name into a test module to use it."""
    with Samba() as server:
        yield server
