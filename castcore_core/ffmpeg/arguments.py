"""Build the encoder of a job: one ffmpeg that decodes once and writes every rendition. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from castcore_core.ffmpeg.build import CLASSIC_CODECS, FFmpegBuild
from castcore_core.ffmpeg.feed import STILL_RATE, Feed, open_source, pace, picture_input, still_input
from castcore_core.ffmpeg.graph import Branch, Graph, picture_branches, picture_chain, sound_branches
from castcore_core.ffmpeg.profile import Profile
from castcore_core.ffmpeg.slate import FLV, START, SlateLook, build_slate
from castcore_core.ffmpeg.sound import silent_input, sound_options
from castcore_core.ffmpeg.source import FileSource, Source
from castcore_core.ffmpeg.video import Rendition, VideoPlan, plan_video
from castcore_core.runner.plan import Argument, EncoderPlan, Ref, RenditionPlan
from castcore_sdk import CheckResult, ConfigurationError, PermanentError, Severity

PROGRESS_PERIOD = "0.5"
"""Seconds between blocks of progress."""

_BUFFERED_SHORTEST = (6,)
BUS_CODECS = CLASSIC_CODECS | {"hevc", "av1", "vp9", "opus", "flac", "ac3", "eac3", "mp3"}
"""What FLV carries; beyond the classic pair it takes a build of release 8 or later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """The encoder and its renditions, with what a user should know about them."""

    encoder: EncoderPlan
    renditions: tuple[RenditionPlan, ...]
    codecs: Mapping[str, frozenset[str]]
    """Codecs of each rendition by its id; a copied stream of unknown codec is left out."""
    notices: tuple[CheckResult, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What a job adds to its source."""

    font: str
    """Path of the font for text."""
    audio_track: int = 0
    silence: bool = True
    """Add silent sound to a source without any."""
    still: FileSource | None = None
    """Picture for a source without any."""
    slate: SlateLook = field(default_factory=SlateLook)


@dataclass(slots=True, kw_only=True)
class _Draft:
    """The encoder while it is being put together."""

    feed: Feed
    inputs: list[Argument]
    count: int
    picture: Graph = field(default_factory=Graph)
    sound: Graph = field(default_factory=Graph)
    """A graph of its own: in one with the picture, build 5.1 would ask endless silence for more and never end."""
    ending: tuple[str, ...] = ()
    """Options that end the output with its source, where something endless was added."""
    notices: list[CheckResult] = field(default_factory=list)

    def add(self, arguments: Sequence[Argument]) -> int:
        self.inputs += arguments
        self.count += 1
        return self.count - 1

    def warn(self, code: str, **params: str | int) -> None:
        self.notices.append(CheckResult(code=code, severity=Severity.WARNING, params=params))


def build_encoding(build: FFmpegBuild, source: Source, renditions: Sequence[Rendition], extras: Extras) -> Encoding:
    """Return the encoder for ``source`` and ``renditions``.

    Raises PermanentError ``media.no_video``, ``ffmpeg.no_such_track``, ``ffmpeg.codec_not_on_bus``;
    ConfigurationError ``ffmpeg.too_old_for_codec`` and what an encoder objects to.
    """
    feed = open_source(source, build, extras.audio_track)
    draft = _Draft(feed=feed, inputs=list(feed.arguments), count=feed.inputs)
    _complete(draft, build, [each.profile for each in renditions], extras, _length(source))
    if isinstance(source, FileSource):
        _describe(draft, source, extras.audio_track, [each.profile for each in renditions])
    plans = {each.id: plan_video(each, draft.feed.picture) for each in renditions if each.encoder is not None}
    codecs = {each.id: _codecs(each, plans.get(each.id), draft.feed) for each in renditions}
    for each in codecs.values():
        _check_codecs(each, build)
    outputs = _outputs(draft, renditions, plans, extras)
    front = tuple(dict.fromkeys(plan.encoder.input_options for plan in plans.values()))
    arguments = (
        *(*START, "-progress", Ref(kind="pipe", name="progress"), "-stats_period", PROGRESS_PERIOD),
        *(option for options in front for option in options),
        *draft.inputs,
        *draft.picture.argument,
        *draft.sound.argument,
        *outputs,
    )
    return Encoding(
        encoder=EncoderPlan(arguments=arguments, stdin=feed.stdin, resume=feed.resume, start_at=feed.start_at),
        renditions=tuple(_rendition(each, plans.get(each.id), draft.feed, extras) for each in renditions),
        codecs=codecs,
        notices=tuple(draft.notices),
    )


def _length(source: Source) -> float | None:
    """Return the seconds that the source lasts, None where it is unknown or has no end."""
    if not isinstance(source, FileSource) or source.loop or source.media.duration is None:
        return None
    return max(0.0, source.media.duration - source.start_at)


def _ending(build: FFmpegBuild) -> tuple[str, ...]:
    """Return what ends an output with its shortest stream; later builds wait up to 10 s for a stream that lags."""
    return ("-shortest", "-shortest_buf_duration", "0.5") if build.version >= _BUFFERED_SHORTEST else ("-shortest",)


def _complete(
    draft: _Draft, build: FFmpegBuild, profiles: Sequence[Profile], extras: Extras, length: float | None
) -> None:
    """Add silence to a source without sound, a still to one without picture."""
    if draft.feed.video is None and any(profile.video is not None for profile in profiles):
        if extras.still is None or not extras.still.media.video:
            raise PermanentError("media.no_video")
        number = draft.add((*pace(build), *still_input(extras.still.path, STILL_RATE, length)))
        picture = replace(extras.still.media.video[0], fps=STILL_RATE)
        draft.feed = replace(draft.feed, video=f"{number}:v:0", picture=picture)
        draft.ending = _ending(build) if draft.feed.ends else ()
    sound = [each.audio for each in profiles if each.audio is not None and not each.copies_audio]
    if draft.feed.audio is None and sound and extras.silence:
        number = draft.add(silent_input(sound[0]))
        draft.feed = replace(draft.feed, audio=f"{number}:a:0", sound_codec=None)
        draft.ending = _ending(build) if draft.feed.ends else ()
        draft.warn("ffmpeg.silence_added")


def _describe(draft: _Draft, source: FileSource, track: int, profiles: Sequence[Profile]) -> None:
    """Say what of the media does not reach the stream as it is."""
    copies_video = any(profile.copies_video for profile in profiles)
    copies_audio = any(profile.copies_audio for profile in profiles)
    if (tracks := len(source.media.audio)) > 1:
        draft.warn("ffmpeg.tracks_left_out", track=track, tracks=tracks)
    if copies_video and source.media.video and source.media.video[0].rotation:
        draft.warn("ffmpeg.rotation_lost", degrees=source.media.video[0].rotation)
    if copies_audio and not source.media.audio:
        draft.warn("media.no_audio")
    if source.media.video and source.media.video[0].hdr:
        draft.warn("ffmpeg.hdr_source")
    for code in source.media.warnings:
        if code == "media.cut_short":
            draft.warn(code)


def _outputs(
    draft: _Draft, renditions: Sequence[Rendition], plans: Mapping[str, VideoPlan], extras: Extras
) -> list[Argument]:
    maps = {each.id: _copied(each, draft.feed) for each in renditions}
    labels = {each.id: number for number, each in enumerate(renditions)}
    _draw(draft, renditions, plans, extras)
    heard = [each for each in renditions if _encodes_sound(each.profile, draft.feed)]
    if heard and draft.feed.audio is not None:
        settings = [each.profile.audio for each in heard if each.profile.audio is not None]
        sound_branches(draft.sound, draft.feed.audio, settings, [f"a{labels[each.id]}" for each in heard])
    forced = len({plan.gop for plan in plans.values()}) > 1 or any(plan.gop is None for plan in plans.values())
    outputs: list[Argument] = []
    for each in renditions:
        number = labels[each.id]
        outputs += maps[each.id]
        if plan := plans.get(each.id):
            keyframes = plan.forced_keyframes() if forced else ()
            outputs += ["-map", f"[v{number}]", *plan.encoder.output_options, *keyframes]
        if each in heard and each.profile.audio is not None:
            outputs += ["-map", f"[a{number}]", *sound_options(each.profile.audio)]
        outputs += ["-map_metadata", "-1", "-map_chapters", "-1", "-max_muxing_queue_size", "1024"]
        outputs += [*draft.ending, *FLV, Ref(kind="pipe", name=each.id)]
    return outputs


def _draw(draft: _Draft, renditions: Sequence[Rendition], plans: Mapping[str, VideoPlan], extras: Extras) -> None:
    """Add the picture of each rendition that encodes one."""
    drawn = [(number, each) for number, each in enumerate(renditions) if each.id in plans]
    if not drawn or draft.feed.video is None:
        return
    stream = draft.feed.picture
    pads = picture_branches(draft.picture, draft.feed.video, stream, [plans[each.id] for _, each in drawn])
    for pad, (number, each) in zip(pads, drawn, strict=True):
        filters = each.profile.filters
        logo = f"{draft.add(picture_input(filters.logo.path))}:v:0" if filters.logo else ""
        branch = Branch(source=pad, target=f"v{number}", filters=filters, font=extras.font, logo=logo)
        picture_chain(draft.picture, branch, plans[each.id], stream)


def _copied(rendition: Rendition, feed: Feed) -> list[str]:
    maps: list[str] = []
    if rendition.profile.copies_video and feed.video is not None:
        maps += ["-map", feed.video, "-c:v", "copy"]
    if rendition.profile.copies_audio and feed.audio is not None:
        maps += ["-map", feed.audio, "-c:a", "copy"]
    return maps


def _encodes_sound(profile: Profile, feed: Feed) -> bool:
    return profile.audio is not None and not profile.copies_audio and feed.audio is not None


def _codecs(rendition: Rendition, plan: VideoPlan | None, feed: Feed) -> frozenset[str]:
    profile = rendition.profile
    video = plan.codec if plan else (feed.picture.codec if profile.copies_video and feed.picture else None)
    audio = feed.sound_codec if profile.copies_audio else None
    if _encodes_sound(profile, feed) and profile.audio is not None:
        audio = profile.audio.codec
    return frozenset(codec for codec in (video, audio) if codec is not None)


def _check_codecs(codecs: frozenset[str], build: FFmpegBuild) -> None:
    for codec in sorted(codecs):
        if codec not in BUS_CODECS:
            raise PermanentError("ffmpeg.codec_not_on_bus", params={"codec": codec})
        if codec not in CLASSIC_CODECS and not build.enhanced_flv:
            params = {"codec": codec, "version": build.label}
            raise ConfigurationError("ffmpeg.too_old_for_codec", params=params)


def _rendition(rendition: Rendition, plan: VideoPlan | None, feed: Feed, extras: Extras) -> RenditionPlan:
    profile = rendition.profile
    heard = _encodes_sound(profile, feed)
    copied = bool(_copied(rendition, feed))
    slate = None if copied else build_slate(plan, profile.audio if heard else None, extras.slate, extras.font)
    return RenditionPlan(
        id=rendition.id,
        video=plan is not None or (profile.copies_video and feed.video is not None),
        audio=heard or (profile.copies_audio and feed.audio is not None),
        slate=slate,
    )
