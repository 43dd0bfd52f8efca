"""What a person asks for with ``castcore run``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """One run. ``input`` and ``targets`` may hold secrets and are never printed."""

    input: str
    targets: tuple[str, ...]
    profile: str = "source"
    """Name of a preset, ``copy``, or the path of a TOML file."""
    encoder: str | None = None
    """Instead of the profile's."""
    record: Path | None = None
    overwrite: bool = False
    loop: bool = False
    start_at: float = 0.0
    """Seconds into the input."""
    duration: float | None = None
    """Seconds on air."""
    audio_track: int = 0
    no_audio: bool = False
    still: Path | None = None
    key_file: Path | None = None
    source_within: float | None = 10.0
    """Seconds in which the source must be up; None: no limit."""
    give_up_after: float | None = 15.0
    ca_file: Path | None = None
    ffmpeg: Path | None = None
    typed: bool = True
    """A person typed it, so secrets in it stand in a command line."""

    def __repr__(self) -> str:
        return f"RunRequest(profile={self.profile!r}, targets={len(self.targets)})"
