"""Build the input half of the encoder's arguments."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import singledispatch

from castcore_core.ffmpeg.build import FFmpegBuild
from castcore_core.ffmpeg.source import (
    DeviceSource,
    FileSource,
    NetworkSource,
    PatternSource,
    PipeSource,
    Source,
    StoredSource,
)
from castcore_core.media.info import MediaInfo, VideoStream
from castcore_core.runner.plan import Argument, Ref
from castcore_sdk import PermanentError

BURST_SECONDS = 0.5
"""What is read of a file at once at the start, so that the first picture is out early; builds from 6.1 on."""
_BURST_VERSION = (6, 1)
STILL_RATE = Fraction(30)
"""Frames per second of a picture that is shown as a programme."""
_LIVE_PROBING = ("-analyzeduration", "1000000", "-probesize", "1000000")
_NETWORK_WAIT_US = "3000000"
"""A live peer that says nothing for so long has gone; the slate bridges it meanwhile."""
_HTTP_WAIT_US = "10000000"
_RECONNECT = ("-reconnect", "1", "-reconnect_on_network_error", "1")
_GATEWAY = (
    *("-protocol_whitelist", "http,tcp,crypto", "-rw_timeout", _HTTP_WAIT_US),
    # ffmpeg takes what it cannot read for the end of the file. It waits longer than the runner does, which then starts
    # another one where this one was.
    *(*_RECONNECT, "-reconnect_on_http_error", "429,5xx", "-reconnect_delay_max", "30"),
)
"""A worker that is started anew is back within seconds; until then nothing listens, or 503 is the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """The inputs of one ffmpeg and what they bring."""

    arguments: tuple[Argument, ...]
    inputs: int = 1
    video: str | None = "0:V:0"
    """Stream specifier; capital V leaves cover pictures out. None: it brings no picture."""
    audio: str | None = "0:a:0"
    """None: it brings no sound."""
    picture: VideoStream | None = None
    """None where it is unknown."""
    sound_codec: str | None = None
    live: bool = False
    ends: bool = True
    """The main input ends by itself."""
    stdin: bool = False
    resume: bool = False
    start_at: float = 0.0


@singledispatch
def open_source(source: Source, build: FFmpegBuild, audio_track: int) -> Feed:
    """Return the feed of ``source``; ``audio_track`` counts from 0.

    Raises PermanentError ``ffmpeg.no_such_track`` where the media has fewer tracks.
    """
    raise TypeError(f"{type(source).__name__} is no source")


@open_source.register
def _file(source: FileSource, build: FFmpegBuild, audio_track: int) -> Feed:
    if source.media.still:
        shown = (*pace(build), *still_input(source.path, STILL_RATE))
        picture = replace(source.media.video[0], fps=STILL_RATE)
        return Feed(arguments=shown, audio=None, picture=picture, ends=False)
    return _played(source, (*pace(build),), f"file:{source.path}", audio_track)


@open_source.register
def _stored(source: StoredSource, build: FFmpegBuild, audio_track: int) -> Feed:
    if source.media is not None and source.media.still:
        # A picture is opened anew for each of its frames.
        raise PermanentError("ffmpeg.stored_still")
    return _played(source, (*pace(build), *_GATEWAY), source.address, audio_track)


def _played(source: FileSource | StoredSource, options: tuple[str, ...], location: Argument, track: int) -> Feed:
    start = ("-ss", f"{source.start_at:.3f}") if source.start_at else ()
    loop = ("-stream_loop", "-1") if source.loop else ()
    seek = () if source.loop else (Ref(kind="seek"),)
    return replace(
        _described(source.media, track),
        arguments=(*options, *_pinned(source.media), *loop, *start, *seek, "-i", location),
        ends=not source.loop,
        resume=not source.loop,
        start_at=source.start_at,
    )


def _pinned(media: MediaInfo | None) -> tuple[str, ...]:
    """Return what lets ffmpeg open this container alone.

    Another file may have taken the place of the one that was looked into; a playlist would lead ffmpeg to whatever it
    names. ``None`` is never played: it is what a preview knows.
    """
    return () if media is None else ("-format_whitelist", media.container)


@open_source.register
def _network(source: NetworkSource, build: FFmpegBuild, audio_track: int) -> Feed:
    probing = ("-fflags", "+nobuffer", *_LIVE_PROBING) if source.live else ()
    seek: tuple[Argument, ...] = () if source.live else (*pace(build), Ref(kind="seek"))
    trust = ("-tls_verify", "1", *(("-ca_file", source.ca_file) if source.ca_file else ()))
    secure = trust if source.scheme in ("https", "rtsps") else ()
    return replace(
        _described(source.media, audio_track),
        arguments=(*probing, *_transport(source), *secure, *seek, "-i", source.address),
        live=source.live,
        resume=not source.live,
    )


def _transport(source: NetworkSource) -> tuple[str, ...]:
    """Return time-outs, and what reconnects by itself, in the options of each protocol."""
    if source.scheme in ("rtsp", "rtsps"):
        return ("-rtsp_transport", "tcp", "-timeout", _NETWORK_WAIT_US)
    if source.scheme == "srt":
        return ("-connect_timeout", "3000", "-rw_timeout", _NETWORK_WAIT_US)
    if source.scheme == "udp":
        return ("-timeout", _NETWORK_WAIT_US, "-overrun_nonfatal", "1")
    wait = ("-rw_timeout", _HTTP_WAIT_US)
    reconnect = (*_RECONNECT, "-reconnect_delay_max", "5")
    hls = source.media is not None and source.media.container == "hls"
    return wait if hls else (*wait, *reconnect)  # the HLS demuxer fetches each piece anew by itself


@open_source.register
def _pipe(source: PipeSource, build: FFmpegBuild, audio_track: int) -> Feed:
    # no nobuffer here: it throws away what was read to probe, and with it the first keyframe
    probing = ("-probesize", "500000", "-analyzeduration", "500000")
    return replace(
        _described(source.media, audio_track),
        arguments=(*probing, "-f", "flv", "-i", "pipe:0"),
        live=True,
        stdin=True,
    )


@open_source.register
def _pattern(source: PatternSource, build: FFmpegBuild, audio_track: int) -> Feed:
    picture = f"testsrc2=s={source.width}x{source.height}:r={source.fps}"
    tone = "sine=f=440:r=48000:samples_per_frame=1024"
    return Feed(
        arguments=(*pace(build), "-f", "lavfi", "-i", picture, *pace(build), "-f", "lavfi", "-i", tone),
        inputs=2,
        audio="1:a:0",
        picture=_generated(source.width, source.height, source.fps),
        ends=False,
    )


@open_source.register
def _device(source: DeviceSource, build: FFmpegBuild, audio_track: int) -> Feed:
    size = ("-framerate", str(source.fps), "-video_size", f"{source.width}x{source.height}")
    wanted = ("-input_format", source.pixel_format) if source.pixel_format and source.video_kind == "v4l2" else ()
    video = ("-thread_queue_size", "64", "-f", source.video_kind, *wanted, *size, "-i", source.video)
    audio: tuple[str, ...] = ()
    if source.audio is not None:
        shape = ("-sample_rate", "48000", "-channels", "2")
        audio = ("-thread_queue_size", "1024", "-f", source.audio_kind, *shape, "-i", source.audio)
    return Feed(
        arguments=(*video, *audio),
        inputs=2 if audio else 1,
        audio="1:a:0" if audio else None,
        picture=_generated(source.width, source.height, source.fps),
        live=True,
    )


def _generated(width: int, height: int, fps: Fraction) -> VideoStream:
    return VideoStream(index=0, codec="rawvideo", width=width, height=height, fps=fps, matrix="bt709")


def pace(build: FFmpegBuild) -> tuple[str, ...]:
    """Return what makes ffmpeg read at the media's own speed.

    Builds from 6.1 on read ``BURST_SECONDS`` ahead at the start and so report a speed above 1 for a while: no fault.
    """
    if build.version >= _BURST_VERSION:
        return ("-readrate", "1", "-readrate_initial_burst", str(BURST_SECONDS))
    return ("-re",)


def still_input(path: str, fps: Fraction, seconds: float | None = None) -> tuple[str, ...]:
    """Return an input that repeats one picture, without end or for ``seconds``; its name is no pattern."""
    length = () if seconds is None else ("-t", f"{seconds:.3f}")
    form = ("-f", "image2", "-pattern_type", "none", "-loop", "1", "-framerate", str(fps))
    return (*form, *length, "-i", f"file:{path}")


def picture_input(path: str) -> tuple[str, ...]:
    """Return an input of a single picture, such as a logo."""
    return ("-f", "image2", "-pattern_type", "none", "-i", f"file:{path}")


def _described(media: MediaInfo | None, track: int) -> Feed:
    """Return a feed without arguments: which streams it brings; where nothing is known, one of each."""
    if media is None:
        return Feed(arguments=())
    if media.audio and track >= len(media.audio):
        raise PermanentError("ffmpeg.no_such_track", params={"track": track, "tracks": len(media.audio)})
    return Feed(
        arguments=(),
        video="0:V:0" if media.video else None,
        audio=f"0:a:{track}" if media.audio else None,
        picture=media.video[0] if media.video else None,
        sound_codec=media.audio[track].codec if media.audio else None,
    )
