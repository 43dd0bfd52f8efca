"""Run pip: a list of arguments, a time limit, and of the admin's settings those that say which indexes to ask."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from castcore_core.plugins.installer.environment import Environment
from castcore_sdk import TemporaryError

LIMIT = 900.0
"""Seconds for one run: a plugin may bring large libraries over a slow line."""
REPORT = "report.json"
LOG = "pip.log"
"""Everything that pip considered; its output is a part of that."""
_KEPT = ("HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR", "SSL_CERT_FILE")
_KEPT_TOO = ("TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "all_proxy", "http_proxy", "https_proxy", "no_proxy")
_CONFIGURATION = (
    *("PIP_CACHE_DIR", "PIP_CERT", "PIP_CLIENT_CERT", "PIP_CONFIG_FILE", "PIP_DEFAULT_TIMEOUT", "PIP_EXTRA_INDEX_URL"),
    *("PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_NO_INDEX", "PIP_PROXY", "PIP_RETRIES", "PIP_TIMEOUT", "PIP_TRUSTED_HOST"),
)
"""What of pip's settings counts: where packages come from. Never where they go, and never other constraints."""


def environment_of(given: Mapping[str, str]) -> dict[str, str]:
    """Return what pip may see of the environment."""
    names = {*_KEPT, *_KEPT_TOO, *(name.upper() for name in _KEPT_TOO), *_CONFIGURATION}
    return {name: value for name, value in given.items() if name in names}


class Pip:
    """The pip of an environment."""

    def __init__(self, environment: Environment, *, limit: float = LIMIT) -> None:
        self._python = environment.python
        self._limit = limit

    def install(
        self,
        requirements: Sequence[str],
        pinned: Mapping[str, str],
        *,
        plan: Path | None = None,
        upgrade: bool = False,
        build: bool = False,
    ) -> tuple[int, str]:
        """Install, or only write to the folder ``plan`` what that would change; return status and output.

        In that folder are `REPORT` and `LOG` then. Without ``build`` only wheels count: building a source distribution
        runs its code, even to learn what it needs.
        """
        with tempfile.NamedTemporaryFile("w", prefix="castcore-pins-", suffix=".txt", encoding="utf-8") as constraints:
            constraints.writelines(f"{name}=={version}\n" for name, version in pinned.items())
            constraints.flush()
            options = ["--constraint", constraints.name, "--progress-bar", "off"]
            options += [] if build else ["--only-binary", ":all:"]
            options += ["--dry-run", "--report", str(plan / REPORT), "--log", str(plan / LOG)] if plan else []
            options += ["--upgrade", "--upgrade-strategy", "only-if-needed"] if upgrade else []
            return self._run("install", *options, "--", *requirements)

    def uninstall(self, names: Sequence[str]) -> tuple[int, str]:
        """Remove distributions; return status and output."""
        return self._run("uninstall", "--yes", "--", *names)

    def _run(self, command: str, *arguments: str) -> tuple[int, str]:
        words = ["-I", "-m", "pip", command, "--no-input", "--no-color", "--disable-pip-version-check", *arguments]
        process = subprocess.Popen(
            [str(self._python), *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment_of(os.environ),
            cwd="/",
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=self._limit)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            if isinstance(error, subprocess.TimeoutExpired):
                raise TemporaryError("plugins.install_timeout", params={"seconds": round(self._limit)}) from None
            raise
        return process.returncode, output.decode("utf-8", "replace")
