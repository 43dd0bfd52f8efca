"""A recording: one file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from castcore_core.builtin.address import validator
from castcore_core.builtin.foreseen import Foreseen
from castcore_core.builtin.place import absolute_path, path_from_url, require_folder
from castcore_sdk import (
    BroadcastRequest,
    CheckResult,
    ConfigurationError,
    Destination,
    ExtensionConfig,
    PluginContext,
    PublishProtocol,
    PublishTarget,
    Severity,
    StreamLimits,
    ui,
)

FORMATS = {
    ".flv": "flv",
    ".m4a": "mp4",
    ".mka": "matroska",
    ".mkv": "matroska",
    ".mp4": "mp4",
    ".ts": "mpegts",
}
"""Extension → ffmpeg's muxer; each can be read up to its last moment after a crash (MP4 is written in fragments)."""
AUDIO_ONLY = frozenset({".m4a", ".mka"})


def recording_path(text: str) -> str:
    """Check an absolute path whose extension says the format. Raise ConfigurationError."""
    path = absolute_path(text)
    extension = Path(path).suffix.lower()
    if text.endswith("/") or path == "/":
        raise ConfigurationError("destinations.is_directory", params={"path": path})
    if extension not in FORMATS:
        params = {"extension": extension, "known": " ".join(sorted(FORMATS))}
        raise ConfigurationError("destinations.extension_unknown", params=params)
    return path


class FileConfig(ExtensionConfig):
    """Where the recording goes."""

    path: Annotated[str, validator(recording_path), Field(json_schema_extra=ui(widget="path"))]
    """Absolute path of the file. Its extension chooses the format: .mp4, .mkv, .ts, .flv; .m4a, .mka for sound."""
    overwrite: bool = False
    """Write over a file that is there already."""


class FileDestination(Destination[FileConfig], Foreseen):
    """A recording on a disk of this machine."""

    id = "file"
    protocols = frozenset({PublishProtocol.FILE})
    url_schemes = frozenset({"file"})
    limits = StreamLimits(
        video_codecs=frozenset({"h264", "hevc", "av1", "vp9"}),
        audio_codecs=frozenset({"aac", "mp3", "opus", "flac", "ac3", "eac3"}),
    )

    def __init__(self, config: FileConfig, context: PluginContext) -> None:
        super().__init__(config, context)
        self._opened: set[str] = set()
        """Broadcasts whose own file is no obstacle when they are opened again."""

    @classmethod
    def config_from_url(cls, url: str, /) -> Mapping[str, Any]:
        """Read ``file:PATH`` or ``file:///PATH``; relative paths start at the current folder."""
        _, _, text = url.partition(":")
        path = path_from_url(url, "file")
        return {"path": recording_path(f"{path}/" if text.endswith("/") else path)}

    async def open_broadcast(self, request: BroadcastRequest, /) -> PublishTarget:
        """Name the file. Raise ConfigurationError where it cannot be written or exists and must not be overwritten."""
        await self.context.run_blocking(self._require_place, again=request.broadcast_id in self._opened)
        self._opened.add(request.broadcast_id)
        return self.target(request.broadcast_id)

    def target(self, reference: str) -> PublishTarget:
        """Return what follows from the configuration."""
        extension = Path(self.config.path).suffix.lower()
        options = {"format": FORMATS[extension]}
        if self.config.overwrite:
            options["overwrite"] = "1"
        if extension in AUDIO_ONLY:
            options["audio_only"] = "1"
        return PublishTarget(reference=reference, protocol=PublishProtocol.FILE, url=self.config.path, options=options)

    async def close_broadcast(self, reference: str, /) -> None:
        """Do nothing: the file is complete when its writer ends."""

    async def check(self) -> Sequence[CheckResult]:
        """See whether the file could be written, and leave nothing behind."""
        try:
            await self.context.run_blocking(self._require_place, again=False)
        except ConfigurationError as error:
            return [CheckResult(code=error.code, severity=Severity.ERROR, params=error.params, config_field="path")]
        return [CheckResult(code="destinations.writable", severity=Severity.OK, params={"path": self.config.path})]

    def _require_place(self, *, again: bool) -> None:
        path = Path(self.config.path)
        require_folder(path.parent)
        if path.is_dir():
            raise ConfigurationError("destinations.is_directory", field="path", params={"path": str(path)})
        if os.path.lexists(path) and not (self.config.overwrite or again):
            raise ConfigurationError("destinations.file_exists", field="path", params={"path": str(path)})
