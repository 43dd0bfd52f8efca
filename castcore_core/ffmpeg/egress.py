"""Build the children that carry a rendition where RTMP does not go: FLV on standard input, copied into a container."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePath

from castcore_core.ffmpeg.slate import START
from castcore_core.runner.plan import Argument, Ref, RenditionPlan
from castcore_sdk import ConfigurationError

_INPUT = ("-probesize", "100000", "-analyzeduration", "100000", "-fpsprobesize", "0", "-f", "flv", "-i", "pipe:0")
"""The runner sends headers first, so nothing has to be probed; ``nobuffer`` would lose the first GOP."""

_CARRIES: Mapping[str, frozenset[str]] = {
    "mpegts": frozenset({"h264", "hevc", "aac", "mp3", "ac3", "eac3", "opus"}),
    "flv": frozenset({"h264", "hevc", "av1", "vp9", "aac", "mp3", "opus", "flac", "ac3", "eac3"}),
    "mp4": frozenset({"h264", "hevc", "av1", "vp9", "aac", "mp3", "opus", "flac", "ac3", "eac3"}),
    "matroska": frozenset({"h264", "hevc", "av1", "vp9", "aac", "mp3", "opus", "flac", "ac3", "eac3"}),
}
_RECORDING: Mapping[str, tuple[str, ...]] = {
    # each of them can be read up to its last moment after a crash
    "mp4": ("-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-frag_duration", "2000000"),
    "matroska": ("-cluster_time_limit", "2000"),
    "mpegts": (),
    "flv": ("-flvflags", "no_duration_filesize"),
}
_PATTERN = re.compile(r"%\d*[A-Za-z]")
"""What the HLS muxer replaces in names, without a way to escape it."""
_HLS_FLAGS = "delete_segments+independent_segments+program_date_time+omit_endlist+append_list+temp_file"
"""``append_list``: a process that follows another goes on where it ended, after a discontinuity."""


def check_container(container: str, codecs: frozenset[str]) -> None:
    """Raise ConfigurationError ``ffmpeg.codec_not_in_container`` for a codec that ``container`` cannot carry."""
    for codec in sorted(codecs - _CARRIES[container]):
        raise ConfigurationError("ffmpeg.codec_not_in_container", params={"codec": codec, "container": container})


def transport_stream(
    url: str,
    rendition: RenditionPlan,
    *,
    options: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
) -> tuple[Argument, ...]:
    """Return a child that sends MPEG-TS to ``srt://…`` or ``udp://…``.

    ``options`` are the protocol's own and go into the query; ``secrets`` name the secrets for ``passphrase`` and
    ``streamid``. SRT takes them as options, since it does not decode what a query would have to encode.
    """
    query = "&".join(f"{name}={value}" for name, value in (options or {}).items())
    hidden: list[Argument] = []
    for option, name in (secrets or {}).items():
        hidden += [_SRT_SECRETS[option], Ref(kind="secret", name=name)]
    address = f"{url}{'&' if '?' in url else '?'}{query}" if query else url
    linger = ("-linger", SRT_LINGER_SECONDS) if url.startswith("srt:") else ()
    return (*_copy(rendition), *hidden, *linger, "-flush_packets", "1", "-f", "mpegts", address)


SRT_LINGER_SECONDS = "1"
"""How long a closing sender waits for what is in flight; without it the last frames are lost."""
_SRT_SECRETS = {"passphrase": "-passphrase", "streamid": "-srt_streamid"}


def hls_folder(
    folder: str, rendition: RenditionPlan, *, playlist: str = "index.m3u8", options: Mapping[str, str] | None = None
) -> tuple[Argument, ...]:
    """Return a child that keeps an HLS playlist and its segments in ``folder``, an absolute path that exists.

    ``options`` are those of the HLS muxer without the dash (``hls_time``, ``hls_list_size``, ``hls_segment_type``).
    Raises ConfigurationError ``ffmpeg.folder_name`` for a folder whose name ffmpeg would take for a pattern.
    """
    chosen = {"hls_time": "2", "hls_list_size": "6", "hls_segment_type": "mpegts", **(options or {})}
    if _PATTERN.search(folder):
        raise ConfigurationError("ffmpeg.folder_name", params={"folder": folder})
    stem = playlist.removesuffix(".m3u8")
    fragments = chosen["hls_segment_type"] == "fmp4"
    # An absolute path is no address; with file: before it the muxer does not find the segments that it is to delete.
    pattern = f"{folder}/{stem}-%05d.{'m4s' if fragments else 'ts'}"
    names = ["-hls_segment_filename", pattern]
    if fragments:
        names += ["-hls_fmp4_init_filename", f"{stem}-init.mp4"]
    settings = [part for name, value in chosen.items() for part in (f"-{name}", value)]
    target = f"file:{folder}/{playlist}"
    return (*_copy(rendition), "-f", "hls", *settings, "-hls_flags", _HLS_FLAGS, *names, target)


def recording(path: str, rendition: RenditionPlan, *, container: str, overwrite: bool = False) -> tuple[Argument, ...]:
    """Return a child that writes a file; a later process writes a file of its own, ``NAME-2.EXT``.

    ``container`` is ``mp4`` (in fragments), ``matroska``, ``mpegts`` or ``flv``. Without ``overwrite`` a file that is
    there already stays, and ffmpeg ends with ``ffmpeg.file_exists``.
    """
    name = PurePath(path)
    target = (f"file:{name.with_suffix('')}", Ref(kind="value", name="part"), name.suffix)
    clobber = "-y" if overwrite else "-n"
    return (clobber, *_copy(rendition), *_RECORDING[container], "-flush_packets", "1", "-f", container, target)


def _copy(rendition: RenditionPlan) -> tuple[Argument, ...]:
    picture = ("-map", "0:v:0") if rendition.video else ()
    sound = ("-map", "0:a:0") if rendition.audio else ()
    telemetry = ("-progress", Ref(kind="pipe", name="progress"), "-stats_period", "0.5")
    return (*START, *telemetry, *_INPUT, *picture, *sound, "-c", "copy")
