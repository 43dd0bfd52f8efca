"""Find the ffmpeg to use and know which one it is."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import imageio_ffmpeg

from castcore_core.ffmpeg.process import run
from castcore_sdk import CheckResult, ConfigurationError, Severity

Origin = Literal["configured", "bundled", "system"]

SAFE_VERSION = (8, 1, 2)
"""The first release without CVE-2026-8461 (MagicYUV)."""

CLASSIC_CODECS = frozenset({"h264", "aac"})
ENHANCED_FLV_VERSION = (8,)
"""Builds below read and write the classic pair alone in FLV."""

_RELEASE = re.compile(r"^ffmpeg version n?(\d+(?:\.\d+){1,3})", re.MULTILINE)
_LABEL = re.compile(r"^ffmpeg version (\S+)", re.MULTILINE)
_LIBAVUTIL = re.compile(r"^\s*libavutil\s+(\d+)\.", re.MULTILINE)
_LIBAVUTIL_OFFSET = 52
"""Release N carries libavutil N + 52 since release 5."""
_ANSWER_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FFmpegBuild:
    """One ffmpeg on this machine."""

    path: str
    origin: Origin
    version: tuple[int, ...]
    """The release; for builds between releases the one their libraries belong to."""
    label: str
    """What the build calls itself: ``n9.0.2-17-g2a571b6068``, ``5.1.9-0+deb12u1``, ``N-12345-g0123abc``."""
    size: int
    modified_ns: int

    @property
    def identity(self) -> str:
        """Return what changes whenever the file is another one: the key of what was learnt about it."""
        return f"{self.path}:{self.size}:{self.modified_ns}"

    @property
    def vulnerable(self) -> bool:
        """Say whether the release is older than the mend of CVE-2026-8461; a distributor may have mended it himself."""
        return self.version < SAFE_VERSION

    @property
    def enhanced_flv(self) -> bool:
        """Say whether the build carries more than H.264 and AAC in FLV."""
        return self.version >= ENHANCED_FLV_VERSION

    def warnings(self) -> tuple[CheckResult, ...]:
        """Return what a user should know about the build."""
        if not self.vulnerable:
            return ()
        params = {"version": self.label, "safe": ".".join(map(str, SAFE_VERSION))}
        return (CheckResult(code="ffmpeg.vulnerable", severity=Severity.WARNING, params=params),)


def parse_version(text: str) -> tuple[tuple[int, ...], str]:
    """Read release and label from ``ffmpeg -version``. Raises ValueError where ffmpeg did not write it."""
    label = _LABEL.search(text)
    if label is None:
        raise ValueError("not the version of an ffmpeg")
    if release := _RELEASE.search(text):
        return tuple(int(part) for part in release[1].split(".")), label[1]
    library = _LIBAVUTIL.search(text)
    return (int(library[1]) - _LIBAVUTIL_OFFSET,) if library else (0,), label[1]


async def inspect_build(path: str, origin: Origin) -> FFmpegBuild:
    """Ask the file at ``path`` for its version.

    Raises ConfigurationError: ``ffmpeg.missing``, ``ffmpeg.not_executable``, ``ffmpeg.not_ffmpeg``.
    """
    params = {"path": path}
    try:
        status = await asyncio.to_thread(os.stat, path)
        outcome = await run([path, "-version"], timeout=_ANSWER_SECONDS)
        version, label = parse_version(outcome.output.decode("utf-8", "replace"))
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigurationError("ffmpeg.missing", params=params) from None
    except PermissionError:
        raise ConfigurationError("ffmpeg.not_executable", params=params) from None
    except (OSError, ValueError):  # a file of another kind, or another program
        raise ConfigurationError("ffmpeg.not_ffmpeg", params=params) from None
    return FFmpegBuild(
        path=path,
        origin=origin,
        version=version,
        label=label,
        size=status.st_size,
        modified_ns=status.st_mtime_ns,
    )


async def find_builds() -> list[FFmpegBuild]:
    """Return the bundled and the system's build, as far as they work, the newest first."""
    candidates: list[tuple[str, Origin]] = []
    with contextlib.suppress(RuntimeError):  # no binary for this platform
        candidates.append((imageio_ffmpeg.get_ffmpeg_exe(), "bundled"))
    if system := shutil.which("ffmpeg"):
        candidates.append((system, "system"))
    found = await asyncio.gather(*(inspect_build(*each) for each in candidates), return_exceptions=True)
    builds = [each for each in found if isinstance(each, FFmpegBuild)]
    return sorted(builds, key=lambda build: build.version, reverse=True)


async def find_build(configured: Path | None = None) -> FFmpegBuild:
    """Return the build to use: the configured one as it is, otherwise the newest of the bundled and the system's.

    Raises ConfigurationError as ``inspect_build`` does.
    """
    if configured is not None:
        return await inspect_build(os.path.join(os.getcwd(), configured), "configured")  # noqa: PTH109, PTH118
    builds = await find_builds()
    if not builds:
        raise ConfigurationError("ffmpeg.missing", params={"path": "ffmpeg"})
    return builds[0]
