"""Make the plan of a job: source + profile + destinations → ``JobPlan``. Pure: no I/O, no clock, no randomness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, cast

from castcore_core.ffmpeg import arguments as encoding
from castcore_core.ffmpeg.address import conceal
from castcore_core.ffmpeg.build import FFmpegBuild
from castcore_core.ffmpeg.profile import Profile
from castcore_core.ffmpeg.slate import SlateLook
from castcore_core.ffmpeg.source import (
    DeviceSource,
    FileSource,
    NetworkSource,
    PatternSource,
    PipeSource,
    StoredSource,
)
from castcore_core.ffmpeg.source import Source as EncoderInput
from castcore_core.ffmpeg.video import Rendition, VideoEncoder
from castcore_core.media.info import MediaInfo
from castcore_core.rtmp.address import Endpoint
from castcore_core.runner.plan import Argument, EncoderPlan, JobPlan, Ref, RenditionPlan, RtmpEndpoint, SourcePlan
from castcore_core.streams.encoder import EncoderChoice
from castcore_core.streams.output import plan_output
from castcore_core.streams.secret import SecretBook
from castcore_core.streams.source import Source
from castcore_sdk import CheckResult, PublishTarget, Severity

RENDITION = "main"

_LIVE_SILENCE = 0.6
_FILE_SILENCE = 2.0
"""Seconds until the slate comes. A file loses nothing while a busy machine pauses; the slate costs it up to a GOP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One destination that was opened."""

    id: str
    name: str
    """For people; holds no secret."""
    target: PublishTarget
    revision: str = ""
    rendition: str = RENDITION
    """Id of the rendition that it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """Everything that a plan is made from."""

    job_id: str
    source: Source
    media: MediaInfo | None
    """None where the source tells nothing before it runs."""
    profile: Profile
    encoder: VideoEncoder | None
    """None where no picture is encoded."""
    further: Sequence[Rendition] = ()
    """Renditions beside the main one."""
    deliveries: Sequence[Delivery]
    font: str
    ca_file: str
    """PEM file of trusted authorities."""
    still: FileSource | None = None
    audio_track: int = 0
    no_audio: bool = False
    loop: bool = False
    start_at: float = 0.0
    duration: float | None = None
    source_within: float | None = 10.0
    """Seconds in which the source must be up; None: no limit."""
    give_up_after: float | None = None
    lifetime: Literal["attached", "detached"] = "attached"
    slate: SlateLook = field(default_factory=SlateLook)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan, the secrets it names, and what a person should know about it."""

    plan: JobPlan
    secrets: Mapping[str, str] = field(repr=False)
    notices: Sequence[CheckResult]
    choices: Sequence[EncoderChoice] = ()
    """What each rendition with a picture is encoded with."""


def plan_job(programme: Programme, build: FFmpegBuild) -> Planned:
    """Return the plan. Raises ConfigurationError and PermanentError: ``ffmpeg.…``, ``media.…``, ``streams.…``."""
    secrets = SecretBook()
    profile = programme.profile.model_copy(update={"audio": None}) if programme.no_audio else programme.profile
    source = _source(programme, secrets)
    notices: list[CheckResult] = []
    encoder: EncoderPlan | None = None
    renditions: tuple[RenditionPlan, ...] = (RenditionPlan(id=RENDITION),)
    codecs = {RENDITION: _source_codecs(programme.media)}
    if programme.further or not _needs_no_ffmpeg(source, profile):
        made = encoding.build_encoding(
            build,
            _encoder_input(programme, secrets),
            [Rendition(id=RENDITION, profile=profile, encoder=programme.encoder), *programme.further],
            encoding.Extras(
                font=programme.font,
                audio_track=programme.audio_track,
                silence=not programme.no_audio,
                still=programme.still,
                slate=programme.slate,
            ),
        )
        encoder, renditions, codecs = made.encoder, made.renditions, dict(made.codecs)
        notices += made.notices
    by_id = {each.id: each for each in renditions}
    outputs = tuple(
        plan_output(
            each.id,
            each.name,
            each.target,
            by_id[each.rendition],
            secrets,
            codecs=codecs[each.rendition],
            ca_file=programme.ca_file,
            revision=each.revision,
        )
        for each in programme.deliveries
    )
    if secrets.in_argv:
        notices.append(CheckResult(code="security.secret_in_argv", severity=Severity.WARNING))
    plan = JobPlan(
        job_id=programme.job_id,
        name=programme.source.name,
        ffmpeg=build.path,
        source=source,
        encoder=encoder,
        renditions=renditions,
        outputs=outputs,
        lifetime=programme.lifetime,
        revisions={each.id: each.revision for each in programme.deliveries if each.revision},
        duration=programme.duration,
        give_up_after=programme.give_up_after,
        slate_after=_LIVE_SILENCE if source.live else _FILE_SILENCE,
    )
    return Planned(plan=plan, secrets=secrets.values, notices=tuple(notices))


def _needs_no_ffmpeg(source: SourcePlan, profile: Profile) -> bool:
    """Say whether the tags of an RTMP source go on the bus as they are."""
    return source.kind != "ffmpeg" and profile.copy_mode == "all" and None not in (profile.video, profile.audio)


def _source(programme: Programme, secrets: SecretBook) -> SourcePlan:
    source = programme.source
    if source.kind not in ("pull", "push"):
        stored = source.kind == "stored"
        known = programme.media is not None and not programme.loop
        return SourcePlan(
            kind="ffmpeg",
            name=source.name,
            live=_is_live(programme),
            up_within=programme.source_within,
            awaited=stored,
            length=programme.media.duration if stored and known and programme.media else None,
        )
    address = Endpoint.parse(source.location)
    endpoint = RtmpEndpoint(
        url=address.url,
        stream_key=secrets.add("source.stream_key", address.stream_key),
        username=address.username,
        password=secrets.add("source.password", address.password),
        ca_file=programme.ca_file,
    )
    if source.kind == "push":
        return SourcePlan(
            kind="rtmp_push", name=source.name, live=True, endpoint=endpoint, up_within=programme.source_within
        )
    return SourcePlan(
        kind="rtmp_pull", name=source.name, live=True, endpoint=endpoint, up_within=programme.source_within
    )


def _is_live(programme: Programme) -> bool:
    """Say whether the source is awaited again: an address with a known length is a film, not a feed."""
    if programme.source.kind == "url" and programme.media is not None:
        return programme.media.duration is None
    return programme.source.live


def _encoder_input(programme: Programme, secrets: SecretBook) -> EncoderInput:
    source, media = programme.source, programme.media
    match source.kind:
        case "file":
            assert media is not None
            return FileSource(path=source.location, media=media, loop=programme.loop, start_at=programme.start_at)
        case "stored":
            return StoredSource(
                address=_gateway_address(source.location, secrets),
                media=media,
                loop=programme.loop,
                start_at=programme.start_at,
            )
        case "url":
            address, hidden = conceal(source.location, "source")
            secrets.take(hidden, in_argv=True)
            scheme = source.location.partition(":")[0].lower()
            return NetworkSource(
                scheme=cast(Literal["http", "https", "srt", "rtsp", "rtsps", "udp"], scheme),
                address=address,
                media=media,
                live=_is_live(programme),
                ca_file=programme.ca_file,
            )
        case "test":
            return PatternSource(
                width=source.width, height=source.height, fps=Fraction(source.fps).limit_denominator(1001)
            )
        case "device":
            return DeviceSource(video=source.location)
        case "pull" | "push":
            return PipeSource(media=media)


def _gateway_address(url: str, secrets: SecretBook) -> Argument:
    """Return the address with its token as a reference; whoever reads it in an argument list can do nothing with it."""
    scheme, _, host, token, path = url.split("/", 4)
    return (f"{scheme}//{host}/", Ref(kind="secret", name=secrets.add("source.token", token) or ""), f"/{path}")


def _source_codecs(media: MediaInfo | None) -> frozenset[str]:
    """Return the codecs of a source that passes through; none where it tells nothing before it runs."""
    if media is None:
        return frozenset()
    return frozenset([*(each.codec for each in media.video[:1]), *(each.codec for each in media.audio[:1])])
