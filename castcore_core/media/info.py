"""What a probe found out about one piece of media."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoStream:
    """One video stream; ``width`` and ``height`` are the stored pixels, before rotation and pixel aspect."""

    index: int
    """The stream's number among all streams of the media."""
    codec: str
    """FFmpeg's codec name: ``h264``, ``hevc``, ``av1`` …"""
    width: int
    height: int
    profile: str | None = None
    fps: Fraction | None = None
    """Frames per second, on average or the rate that all pictures fit; None where the media does not say."""
    variable_rate: bool = False
    sar: Fraction = Fraction(1)
    """Width of a pixel over its height."""
    rotation: int = 0
    """Degrees counter-clockwise by which the picture is shown turned: 0, 90, 180 or 270."""
    pixel_format: str | None = None
    interlaced: bool = False
    full_range: bool = False
    matrix: str | None = None
    """Colour matrix by FFmpeg's name (``bt709``, ``smpte170m`` …); None where the media does not say."""
    transfer: str | None = None
    bitrate: int | None = None
    language: str | None = None
    title: str | None = None

    @property
    def displayed(self) -> tuple[int, int]:
        """Return width and height in square pixels as a viewer sees them."""
        width = max(1, round(self.width * self.sar))
        return (self.height, width) if self.rotation % 180 else (width, self.height)

    @property
    def hdr(self) -> bool:
        """Say whether the picture has a high-dynamic-range transfer (PQ or HLG)."""
        return self.transfer in ("smpte2084", "arib-std-b67")


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioStream:
    """One audio stream."""

    index: int
    codec: str
    channels: int
    sample_rate: int
    profile: str | None = None
    bitrate: int | None = None
    language: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaInfo:
    """One piece of media: its container and streams, cover pictures left out."""

    container: str
    """FFmpeg's name of the format, such as ``mov,mp4,m4a,3gp,3g2,mj2``."""
    duration: float | None = None
    """Seconds; None for live sources and where the media does not say."""
    size: int | None = None
    """Bytes."""
    bitrate: int | None = None
    still: bool = False
    """A single picture."""
    video: tuple[VideoStream, ...] = ()
    audio: tuple[AudioStream, ...] = ()
    others: tuple[str, ...] = ()
    """Codecs of the streams that are neither: subtitles, data."""
    warnings: tuple[str, ...] = ()
    """Codes: ``media.cut_short``, ``media.no_video``, ``media.no_audio``."""

    def to_json(self) -> dict[str, Any]:
        """Return the description as JSON values."""
        data = asdict(self)
        for stream in data["video"]:
            stream["fps"] = None if stream["fps"] is None else str(stream["fps"])
            stream["sar"] = str(stream["sar"])
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> MediaInfo:
        """Read what ``to_json`` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        video = [
            VideoStream(**{**each, "fps": None if each["fps"] is None else Fraction(each["fps"])})
            for each in ({**each, "sar": Fraction(each["sar"])} for each in data["video"])
        ]
        rest = {name: value for name, value in data.items() if name not in ("video", "audio", "others", "warnings")}
        return cls(
            **rest,
            video=tuple(video),
            audio=tuple(AudioStream(**each) for each in data["audio"]),
            others=tuple(data["others"]),
            warnings=tuple(data["warnings"]),
        )
