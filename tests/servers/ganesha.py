"""A real nfs-ganesha on loopback, NFS 4 without a kernel; NFS 3 in a network of its own.

    with Ganesha() as nfs:
        backend with nfs.settings("media"); nfs.stop(); nfs.start(); nfs.freeze()

Exports: ``media``, ``fixed`` (read only), ``squashed`` (root is nobody), ``small`` (2 MiB after ``fill``, where the
test may mount), ``secured`` (Kerberos alone). Files of an export lie in ``nfs.folder(export)``.
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

EXPORTS = {
    "media": "Access_Type = RW; Squash = No_Root_Squash; SecType = sys;",
    "fixed": "Access_Type = RO; Squash = No_Root_Squash; SecType = sys;",
    "squashed": "Access_Type = RW; Squash = Root_Squash; SecType = sys;",
    "small": "Access_Type = RW; Squash = No_Root_Squash; SecType = sys;",
    "secured": "Access_Type = RW; Squash = No_Root_Squash; SecType = krb5;",
}
_CORE = """
NFS_CORE_PARAM {{ {core} Enable_NLM = false; Enable_RQUOTA = false; }}
NFS_KRB5 {{ Active_krb5 = false; }}
NFSv4 {{ RecoveryRoot = "{state}"; Graceless = true; Lease_Lifetime = 10; Grace_Period = 10; }}
MDCACHE {{ Dir_Chunk = 0; }}
LOG {{ Default_Log_Level = EVENT; }}
"""
_EXPORT = """
EXPORT {{
  Export_Id = {number}; Path = {path}; Pseudo = /{name}; Attr_Expiration_Time = 0; {options}
  FSAL {{ Name = VFS; }}
}}
"""
_NETWORK = """
ip link set lo up
rpcbind -w -f & rpc=$!
while ! rpcinfo -p 127.0.0.1 >/dev/null 2>&1; do sleep 0.02; done
"$1" -F -f "$2" -L "$3" -p "$4" -N NIV_EVENT & server=$!
shift 4
while ! rpcinfo -t 127.0.0.1 nfs 3 >/dev/null 2>&1; do sleep 0.05; kill -0 $server || exit 70; done
"$@"; code=$?
kill $server $rpc
exit $code
"""
"""What runs in the network of its own: the port mapper, which has one port for a whole machine, server and client."""


class Ganesha:
    """A server that a test may stop, freeze, and start again on the same port."""

    def __init__(self) -> None:
        (self._program,) = require("ganesha.nfsd")
        if os.geteuid() != 0:
            pytest.skip("nfs-ganesha has to be started as root")
        self.root = Path(tempfile.mkdtemp(prefix="nfs-", dir="/tmp"))
        self.state = self.root / "state"
        self.port = free_port()
        self._exports = dict(EXPORTS)
        self._process: subprocess.Popen[bytes] | None = None
        self._mounted = False

    def settings(self, export: str = "media", **other: Any) -> dict[str, Any]:
        """Return a configuration of castcore-nfs for an export, version 4."""
        return {"host": "127.0.0.1", "port": self.port, "export": f"/{export}", "timeout": 5, **other}

    def folder(self, export: str = "media") -> Path:
        """Return the folder whose files the export has."""
        return self.root / export

    def start(self) -> None:
        """Start it, or start it again."""
        config, log = self._write(f"Protocols = 4; NFS_Port = {self.port}; Bind_addr = 127.0.0.1;"), self.state / "log"
        argv = [
            self._program,
            "-F",
            "-f",
            str(config),
            "-L",
            str(log),
            "-p",
            str(self.state / "pid"),
            "-N",
            "NIV_EVENT",
        ]
        with (self.state / "out").open("ab") as output:
            self._process = subprocess.Popen(argv, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while not listens(self.port):
            if self._process.poll() is not None or time.monotonic() > until:
                pytest.fail(f"nfs-ganesha did not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Kill it with all of its connections."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Let it hang: connections stay, and nobody answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """End a freeze."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def fill(self) -> Path:
        """Mount a file system of 2 MiB for the export ``small``, start again, and return its folder."""
        self.stop()
        folder = self.folder("small")
        argv = ["mount", "-t", "tmpfs", "-o", "size=2m", "castcore-test", str(folder)]
        if subprocess.run(argv, capture_output=True, check=False, timeout=20).returncode != 0:
            pytest.skip("no file system can be mounted here")
        self._mounted = True
        self.start()
        return folder

    def withdraw(self, export: str) -> None:
        """Serve an export no more from the next start on."""
        del self._exports[export]

    def run_in_version_3(self, argv: Sequence[str], **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command where the exports are served in version 3 as well, on 127.0.0.1 and the usual ports."""
        (unshare, *_) = require("unshare", "ip", "rpcbind", "rpcinfo", "bash")
        config = self._write("Protocols = 3,4;")
        alone = [unshare, "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        if subprocess.run([*alone, "true"], capture_output=True, check=False, timeout=20).returncode != 0:
            pytest.skip("no network of its own can be made here")
        # rpcbind's socket lies in /run, which is the machine's.
        script = f"mount -t tmpfs castcore-test /run && {_NETWORK}"
        files = (self._program, str(config), str(self.state / "log3"), str(self.state / "pid3"))
        return subprocess.run(
            [*alone, "bash", "-c", script.replace("&& \n", "\n"), "bash", *files, *argv],
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
            env={**os.environ, **environment},
        )

    def __enter__(self) -> Ganesha:
        for name in ("state", *EXPORTS):
            (self.root / name).mkdir()
        self.root.chmod(0o755)
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        if self._mounted:
            subprocess.run(["umount", "-l", str(self.folder("small"))], check=False, capture_output=True, timeout=20)
        shutil.rmtree(self.root, ignore_errors=True)

    def _write(self, core: str) -> Path:
        lines = _CORE.format(core=core, state=self.state)
        for number, (name, options) in enumerate(self._exports.items(), 1):
            lines += _EXPORT.format(number=number, path=self.folder(name), name=name, options=options)
        config = self.state / "ganesha.conf"
        config.write_text(lines)
        return config


@pytest.fixture
def ganesha() -> Iterator[Ganesha]:
    """A server for one test. Import this name into a test module to use it."""
    with Ganesha() as server:
        yield server
