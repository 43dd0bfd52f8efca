"""The demo's clip: a moving picture with a clock, and a tone that swells."""

from __future__ import annotations

from pathlib import Path

from castcore_core.ffmpeg.build import FFmpegBuild
from castcore_core.ffmpeg.process import run
from castcore_sdk import PermanentError

_SECONDS = 20


async def make_clip(build: FFmpegBuild, path: Path) -> None:
    """Make the clip, whole or not at all. Raises PermanentError ``cli.demo_clip``."""
    unfinished = path.with_suffix(".part.mp4")
    outcome = await run(
        [
            *(build.path, "-hide_banner", "-nostdin", "-loglevel", "error", "-y"),
            *("-f", "lavfi", "-i", f"testsrc2=s=1280x720:r=30:d={_SECONDS}"),
            *("-f", "lavfi", "-i", f"aevalsrc=0.1*sin(440*2*PI*t)*(0.6+0.4*sin(PI*t)):s=48000:d={_SECONDS}"),
            *("-c:v", "libx264", "-preset", "veryfast", "-b:v", "3M", "-pix_fmt", "yuv420p", "-g", "60"),
            *("-c:a", "aac", "-b:a", "128k", "-ac", "2", "-movflags", "+faststart", str(unfinished)),
        ],
        timeout=120.0,
    )
    if outcome.status != 0:
        raise PermanentError("cli.demo_clip", params={"path": str(path)}, detail=outcome.log)
    unfinished.replace(path)
