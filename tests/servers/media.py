"""Small clips made with the bundled ffmpeg, each once per session and only when asked for.

``from servers.media import clips`` in a conftest gives the fixture; ``clips["av"]`` is the path of a clip.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import imageio_ffmpeg
import pytest

BUNDLED: str = imageio_ffmpeg.get_ffmpeg_exe()
SYSTEM: str | None = shutil.which("ffmpeg")

_PICTURE = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=5"]
_TONE = ["-f", "lavfi", "-i", "sine=f=440:r=48000:d=5"]
_X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "30", "-bf", "0", "-pix_fmt", "yuv420p"]
_AAC = ["-c:a", "aac", "-b:a", "64k", "-ac", "2"]
_LONG = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=10", "-f", "lavfi", "-i", "sine=f=440:r=48000:d=10"]
_FIELDS = ["-vf", "tinterlace=interleave_top,fieldorder=tff"]
_FIELD_CODING = ["-flags", "+ilme+ildct", "-x264-params", "tff=1"]
_SECOND_TONE = ["-f", "lavfi", "-i", "sine=f=880:r=44100:d=5", "-map", "0:v", "-map", "1:a", "-map", "2:a"]
_TRACK_NAMES = [
    *("-metadata:s:a:0", "language=eng", "-metadata:s:a:0", "title=Main"),
    *("-metadata:s:a:1", "language=deu", "-metadata:s:a:1", "title=Kommentar"),
]
_SCREEN = ["-vf", "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"]

RECIPES: Mapping[str, tuple[str, list[str]]] = {
    # name: (file name, arguments without the output)
    "av": ("av.mp4", [*_PICTURE, *_TONE, *_SCREEN, *_X264, *_AAC]),
    "mkv": ("av.mkv", [*_PICTURE, *_TONE, *_SCREEN, *_X264, *_AAC]),
    "ts": ("av.ts", [*_PICTURE, *_TONE, *_SCREEN, *_X264, *_AAC]),
    "flv": ("av.flv", [*_PICTURE, *_TONE, *_SCREEN, *_X264, *_AAC, "-flvflags", "no_duration_filesize"]),
    "b-frames": ("bframes.mp4", [*_PICTURE, *_TONE, *_X264, "-bf", "3", "-preset", "veryfast", *_AAC]),
    "faststart": ("faststart.mp4", [*_PICTURE, *_TONE, *_SCREEN, *_X264, *_AAC, "-movflags", "+faststart"]),
    "interlaced": (
        "interlaced.ts",
        ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=50:d=5", *_TONE, *_FIELDS, *_X264, *_FIELD_CODING, *_AAC],
    ),
    "no-audio": ("no-audio.mp4", [*_PICTURE, *_X264]),
    "audio-only": ("audio-only.m4a", [*_TONE, *_AAC]),
    "mp3": ("tone.mp3", [*_TONE, "-c:a", "libmp3lame", "-b:a", "64k"]),
    "hevc": ("hevc.mp4", [*_PICTURE, *_TONE, "-c:v", "libx265", "-preset", "ultrafast", "-g", "30", *_AAC]),
    "av1": ("av1.mp4", [*_PICTURE, *_TONE, "-c:v", "libsvtav1", "-preset", "12", "-g", "30", *_AAC]),
    "vp8-vorbis": ("vp8.webm", [*_PICTURE, *_TONE, "-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libvorbis"]),
    "opus": ("opus.mkv", [*_PICTURE, *_TONE, *_X264, "-c:a", "libopus", "-b:a", "64k"]),
    "ten-bit": ("ten-bit.mp4", [*_PICTURE, *_TONE, *_X264, "-pix_fmt", "yuv420p10le", *_AAC]),
    "sar": ("sar.mp4", [*_PICTURE, *_TONE, "-vf", "scale=240:180,setsar=4/3", *_X264, *_AAC]),
    "odd": (
        "odd.mkv",
        [*_PICTURE, *_TONE, "-vf", "scale=321:181,format=yuv444p", *_X264, "-pix_fmt", "yuv444p", *_AAC],
    ),
    "vfr": (
        "vfr.mp4",
        [*_PICTURE, *_TONE, "-vf", r"select=gt(mod(n\,7)\,2)+lt(n\,60)", "-fps_mode", "vfr", *_X264, *_AAC],
    ),
    "two-audio": (
        "two-audio.mkv",
        [*_PICTURE, *_TONE, *_SECOND_TONE, *_X264, *_AAC, "-ac:a:1", "1", *_TRACK_NAMES],
    ),
    "still": ("still.png", ["-f", "lavfi", "-i", "testsrc2=s=320x180:d=1", "-frames:v", "1"]),
    "logo": ("logo.png", ["-f", "lavfi", "-i", "color=c=red:s=64x32,format=rgba", "-frames:v", "1"]),
    "ten-seconds": (
        "ten-seconds.mp4",
        [*_LONG, *_SCREEN, *_X264, "-g", "60", *_AAC],
    ),
}


class Clips:
    """The clips by name; ``clips[name]`` makes the clip on first use and returns its path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._special: Mapping[str, Callable[[], Path]] = {
            "rotated": self._rotated,
            "truncated": lambda: self._cut("faststart", "truncated.mp4"),
            "no-moov": lambda: self._cut("av", "no-moov.mp4"),
            "text": lambda: self._bytes("text.mp4", b"This is not a film at all.\n" * 50),
            "empty": lambda: self._bytes("empty.mp4", b""),
            "zeros": lambda: self._bytes("zeros.mp4", bytes(10_000)),
        }
        self._made: dict[str, Path] = {}

    def __getitem__(self, name: str) -> Path:
        if name not in self._made:
            special = self._special.get(name)
            self._made[name] = special() if special else self._encoded(*RECIPES[name])
        return self._made[name]

    def _encoded(self, file: str, arguments: list[str]) -> Path:
        path = self.folder / file
        command = [BUNDLED, "-nostdin", "-hide_banner", "-loglevel", "error", "-y", *arguments, str(path)]
        subprocess.run(command, check=True, timeout=60, capture_output=True)
        return path

    def _rotated(self) -> Path:
        """A phone's video: stored 320x180, shown 180x320."""
        path = self.folder / "rotated.mp4"
        arguments = ["-display_rotation", "90", "-i", str(self["av"]), "-c", "copy", str(path)]
        subprocess.run(
            [BUNDLED, "-nostdin", "-loglevel", "error", "-y", *arguments], check=True, timeout=60, capture_output=True
        )
        return path

    def _cut(self, whole: str, file: str) -> Path:
        data = self[whole].read_bytes()
        return self._bytes(file, data[: len(data) * 6 // 10])

    def _bytes(self, file: str, data: bytes) -> Path:
        path = self.folder / file
        path.write_bytes(data)
        return path


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    """Give the clips, made when first asked for."""
    return Clips(tmp_path_factory.mktemp("clips"))


@pytest.fixture(params=["bundled", "system"])
def ffmpeg(request: pytest.FixtureRequest) -> str:
    """Give the path of an ffmpeg: the test runs with the bundled one, then with the system's."""
    path: str | None = BUNDLED if request.param == "bundled" else SYSTEM
    if path is None:
        pytest.skip("ffmpeg is not installed on this system")
    return path
