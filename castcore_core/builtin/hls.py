"""An HLS playlist with its segments in a folder of this machine."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from castcore_core.builtin.address import validator
from castcore_core.builtin.foreseen import Foreseen
from castcore_core.builtin.place import absolute_path, nearest_folder, path_from_url, require_folder
from castcore_sdk import (
    BroadcastRequest,
    CheckResult,
    ConfigurationError,
    Destination,
    ExtensionConfig,
    PublishProtocol,
    PublishTarget,
    Severity,
    StreamLimits,
    ui,
)

_END = "#EXT-X-ENDLIST"
"""RFC 8216, 4.3.3.4."""


class HlsConfig(ExtensionConfig):
    """Where the playlist goes and how long it is."""

    folder: Annotated[str, validator(absolute_path), Field(json_schema_extra=ui(widget="path"))]
    """Absolute path of the folder; it is made where it does not exist."""
    playlist: str = Field(default="index.m3u8", pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,95}\.m3u8$")
    """File name of the playlist."""
    segment_seconds: int = Field(default=2, ge=1, le=30, json_schema_extra=ui(widget="duration"))
    """Length of a segment; at least the keyframe interval."""
    list_size: int = Field(default=6, ge=3, le=1000)
    """Segments in the playlist; older ones are deleted."""
    segment_type: Literal["mpegts", "fmp4"] = Field(default="mpegts", json_schema_extra=ui(advanced=True))
    """``mpegts`` plays everywhere; HEVC and AV1 need ``fmp4``."""


class HlsDestination(Destination[HlsConfig], Foreseen):
    """HLS that any web server can hand out."""

    id = "hls"
    protocols = frozenset({PublishProtocol.HLS})
    url_schemes = frozenset({"hls"})
    limits = StreamLimits(
        video_codecs=frozenset({"h264", "hevc", "av1"}), audio_codecs=frozenset({"aac", "mp3", "ac3", "eac3"})
    )

    @classmethod
    def config_from_url(cls, url: str, /) -> Mapping[str, Any]:
        """Read ``hls:FOLDER`` or ``hls:///FOLDER``; relative paths start at the current folder."""
        return {"folder": path_from_url(url, "hls")}

    async def open_broadcast(self, request: BroadcastRequest, /) -> PublishTarget:
        """Make the folder. Raise ConfigurationError where that or writing to it is not possible."""
        await self.context.run_blocking(self._make_folder)
        return self.target(request.broadcast_id)

    def target(self, reference: str) -> PublishTarget:
        """Return what follows from the configuration."""
        config = self.config
        return PublishTarget(
            reference=reference,
            protocol=PublishProtocol.HLS,
            url=config.folder,
            options={
                "playlist": config.playlist,
                "hls_time": str(config.segment_seconds),
                "hls_list_size": str(config.list_size),
                "hls_segment_type": config.segment_type,
            },
        )

    async def close_broadcast(self, reference: str, /) -> None:
        """Mark the playlist as ended, so that players stop waiting. No error where there is none."""
        await self.context.run_blocking(self._end_playlist)

    async def check(self) -> Sequence[CheckResult]:
        """See whether the folder could be made or written, and leave nothing behind."""
        try:
            await self.context.run_blocking(lambda: require_folder(nearest_folder(Path(self.config.folder))))
        except ConfigurationError as error:
            return [CheckResult(code=error.code, severity=Severity.ERROR, params=error.params, config_field="folder")]
        return [CheckResult(code="destinations.writable", severity=Severity.OK, params={"path": self.config.folder})]

    def _end_playlist(self) -> None:
        """The writer leaves the list open, because another process may go on with it."""
        playlist = Path(self.config.folder) / self.config.playlist
        unfinished = playlist.with_name(f".{playlist.name}.end")
        with contextlib.suppress(OSError):
            text = playlist.read_text("utf-8")
            if _END not in text:
                unfinished.write_text(f"{text.rstrip()}\n{_END}\n", "utf-8")
                unfinished.replace(playlist)

    def _make_folder(self) -> None:
        folder = Path(self.config.folder)
        require_folder(nearest_folder(folder))
        require_folder(folder, make=True)
