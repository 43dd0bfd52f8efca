"""A short H.264 + AAC clip as tags, and both ffmpeg builds."""

from __future__ import annotations

import shutil
import subprocess

import imageio_ffmpeg
import pytest

from castcore_core.rtmp.tag import Tag
from servers.flv import read_flv

SOURCE = "-v error -f lavfi -i testsrc=s=320x180:r=25 -f lavfi -i sine=r=44100 -t 2"
ENCODER = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 25 -c:a aac -b:a 64k"
OUTPUT = "-flvflags no_duration_filesize -f flv pipe:1"


@pytest.fixture(scope="session")
def system_ffmpeg() -> str:
    """The distribution's ffmpeg."""
    path = shutil.which("ffmpeg")
    if path is None:
        pytest.skip("ffmpeg is not installed")
    return path


@pytest.fixture(scope="session")
def new_ffmpeg() -> str:
    """The bundled ffmpeg, which speaks Enhanced RTMP."""
    return str(imageio_ffmpeg.get_ffmpeg_exe())


@pytest.fixture(scope="session")
def clip(new_ffmpeg: str) -> list[Tag]:
    """Two seconds of picture and tone: metadata, sequence headers, frames."""
    made = subprocess.run([new_ffmpeg, *f"{SOURCE} {ENCODER} {OUTPUT}".split(" ")], capture_output=True, check=True)
    return read_flv(made.stdout)
