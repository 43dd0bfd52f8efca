"""Which files are media, by their names first and by what they hold later."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Literal

from castcore_core.media.info import MediaInfo

Kind = Literal["video", "audio", "image"]

_SUFFIXES: Mapping[Kind, str] = {
    "video": "3g2 3gp asf avi divx f4v flv gxf m1v m2t m2ts m2v m4v mj2 mkv mov mp4 mpe mpeg mpg mts mxf nut ogm ogv "
    "qt rm rmvb tod ts vob webm wmv wtv y4m",
    "audio": "aac ac3 aif aifc aiff amr ape au caf dts eac3 flac m4a m4b mka mp2 mp3 mpa oga ogg opus ra tta w64 wav "
    "wma wv",
    "image": "avif bmp gif heic heif jfif jpeg jpg png tif tiff webp",
}
_KINDS = {f".{suffix}": kind for kind, suffixes in _SUFFIXES.items() for suffix in suffixes.split()}
_SYSTEM = frozenset({"@eadir", "#recycle", "$recycle.bin", "system volume information", "lost+found"})
"""Folders that network storages and systems keep for themselves."""

RISKY_CODECS = frozenset({"magicyuv"})
"""Decoders with a known hole in builds that are still in use: CVE-2026-8461, mended in release 8.1.2."""


def kind_of(path: str) -> Kind | None:
    """Return what a path promises; None for what is no media, is hidden, or belongs to a system."""
    parts = path.lower().split("/")
    if any(part.startswith(".") or part in _SYSTEM for part in parts):
        return None
    return _KINDS.get(PurePosixPath(parts[-1]).suffix)


def kind_in(info: MediaInfo) -> Kind:
    """Return what media is."""
    if info.still:
        return "image"
    return "video" if info.video else "audio"


def flags_of(info: MediaInfo) -> list[str]:
    """Return the codes of what a person should know before it is played."""
    codecs = {each.codec for each in info.video} | {each.codec for each in info.audio} | set(info.others)
    risky = ["media.risky_codec"] if codecs & RISKY_CODECS else []
    hdr = ["media.hdr"] if any(each.hdr for each in info.video) else []
    return [*info.warnings, *hdr, *risky]


def is_streamable(info: MediaInfo) -> bool:
    """Say whether a job with the default profile can play it: there is a picture, and no decoder with a known hole."""
    return bool(info.video) and "media.risky_codec" not in flags_of(info)
