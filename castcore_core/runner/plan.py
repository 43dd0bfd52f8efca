"""The job plan: everything a runner must know, as versioned JSON without a single secret in it.

Secrets stand beside the plan as ``name → value`` and are referred to by name.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

PLAN_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """A place in an argument that the runner fills in when it starts the process.

    ========  =============================  ==========================================================
    kind      name                           becomes
    ========  =============================  ==========================================================
    secret    a name in the job's secrets    the secret's value
    pipe      ``progress`` or a rendition    ``pipe:FD``, the write end of that pipe
    seek      (empty)                        nothing at first; after a restart ``-ss SECONDS`` (two arguments)
    value     ``width height fps``           what the encoder's ``onMetaData`` said (slates only)
    value     ``part``                       empty for an output's first process, ``-2``, ``-3`` … afterwards
    ========  =============================  ==========================================================
    """

    kind: Literal["secret", "pipe", "seek", "value"]
    name: str = ""


Argument = str | Ref | tuple[str | Ref, ...]
"""One ffmpeg argument: a literal, a reference, or a concatenation of both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RtmpEndpoint:
    """An RTMP or RTMPS address: ``scheme://host[:port]/app`` without its stream key."""

    url: str
    stream_key: str | None = None
    """Name of the secret that holds the key (the publish name), which may carry a query."""
    username: str | None = None
    password: str | None = None
    """Name of the secret that holds the password, for servers that ask for one."""
    ca_file: str | None = None
    """PEM file of trusted authorities; None: the system's."""
    verify: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePlan:
    """Where the stream comes from.

    ``ffmpeg``: the encoder opens it itself. ``rtmp_pull``: the runner plays ``endpoint``.
    ``rtmp_push``: the runner listens on ``endpoint`` and takes the one publisher that knows the key.
    """

    kind: Literal["ffmpeg", "rtmp_pull", "rtmp_push"]
    name: str
    """What to call it towards people; never holds credentials."""
    live: bool
    """A live source that ends is awaited again; any other ends the job."""
    endpoint: RtmpEndpoint | None = None
    up_within: float | None = 10.0
    """Seconds until the first tag, else the job fails with ``runner.source_not_up``; None: no limit."""
    awaited: bool = False
    """Not live, but at the other end of a line: what breaks off is gone on with as often and as late as it must be."""
    length: float | None = None
    """Seconds of an awaited source from its beginning: what ends before them has broken off. None: unknown, or it is
    repeated without end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderPlan:
    """The one ffmpeg that reads the source and writes each rendition as FLV to its own pipe."""

    arguments: tuple[Argument, ...]
    stdin: bool = False
    """The runner feeds the tags of an RTMP source to its standard input, as FLV."""
    resume: bool = False
    """The source can be seeked: after a crash it goes on where it was (see ``Ref`` kind ``seek``)."""
    start_at: float = 0.0
    """Seconds into the source at which the first process starts; a resume adds to it."""
    nice: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SlatePlan:
    """How to make the 2-second picture (and one silent AAC frame) that is shown while the source is silent."""

    arguments: tuple[Argument, ...]
    """Same encoder arguments as the rendition; writes FLV to ``pipe:1``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenditionPlan:
    """One encoded version of the programme; outputs name it by ``id``."""

    id: str
    video: bool = True
    audio: bool = True
    slate: SlatePlan | None = None
    """None for copied streams."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackoffPlan:
    """How long to wait before the next attempt, in seconds; doubled each time, with jitter."""

    first: float = 1.0
    most: float = 30.0
    reset_after: float = 60.0
    """Good seconds after which the wait starts at ``first`` again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputPlan:
    """One destination."""

    id: str
    name: str
    rendition: str
    kind: Literal["rtmp", "ffmpeg"]
    """``rtmp``: published in process. ``ffmpeg``: a child that copies FLV from its standard input."""
    revision: str = ""
    endpoint: RtmpEndpoint | None = None
    backup: RtmpEndpoint | None = None
    """Taken in turn with ``endpoint`` after each failure."""
    arguments: tuple[Argument, ...] = ()
    queue_ms: int = 5000
    """Milliseconds of stream kept for a destination that is slow; beyond it everything up to the next keyframe goes."""
    stall_seconds: float = 10.0
    """A destination that takes nothing for so long is cut off and tried again."""
    backoff: BackoffPlan = field(default_factory=BackoffPlan)

    def to_json(self) -> dict[str, Any]:
        """Return the output as JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> OutputPlan:
        """Read an output. Raise PlanError where it is not one that this runner understands."""
        output = _read(cls, data, "output")
        assert isinstance(output, OutputPlan)
        return output


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPlan:
    """All a runner needs to carry one job."""

    job_id: str
    name: str
    ffmpeg: str
    """Absolute path of the build to use."""
    source: SourcePlan
    encoder: EncoderPlan | None
    """None: an RTMP source goes on the bus as it is."""
    renditions: tuple[RenditionPlan, ...]
    outputs: tuple[OutputPlan, ...]
    version: int = PLAN_VERSION
    lifetime: Literal["attached", "detached"] = "attached"
    revisions: Mapping[str, str] = field(default_factory=dict)
    """Revision of the job, profile, source and each destination that this plan was made from."""
    duration: float | None = None
    """Seconds on air after which the job ends by itself."""
    stop_at: float | None = None
    """Unix time at which the job ends by itself."""
    give_up_after: float | None = None
    """Seconds in which at least one output must have been up, else the job fails; None: never give up."""
    slate_after: float = 0.6
    """Seconds without a tag after which the slate takes over."""

    def to_json(self) -> dict[str, Any]:
        """Return the plan as JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> JobPlan:
        """Read a plan. Raise PlanError where it is not one that this runner understands."""
        if data.get("version") != PLAN_VERSION:
            raise PlanError(f"plan version {data.get('version')!r}, this runner reads {PLAN_VERSION}")
        plan = _read(cls, data, "plan")
        assert isinstance(plan, JobPlan)
        return plan


class PlanError(ValueError):
    """The plan does not have the shape that this runner reads."""


def _read(annotation: Any, value: Any, where: str) -> Any:
    """Turn JSON values into the annotated type, strictly."""
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
        return _read_dataclass(annotation, value, where)
    if origin in (types.UnionType, typing.Union):
        return _read_union(args, value, where)
    if origin is tuple and isinstance(value, (list, tuple)):
        return tuple(_read(args[0], item, f"{where}[{index}]") for index, item in enumerate(value))
    if origin is typing.Literal and value in args:
        return value
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping) and isinstance(value, dict):
        return {str(key): _read(args[1], item, f"{where}.{key}") for key, item in value.items()}
    if annotation is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if isinstance(annotation, type) and type(value) is annotation:
        return value
    raise PlanError(f"{where}: {value!r} does not fit")


def _read_dataclass(annotation: type, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise PlanError(f"{where}: an object is wanted")
    hints = typing.get_type_hints(annotation)
    if unknown := set(value) - set(hints):
        raise PlanError(f"{where}: unknown {', '.join(sorted(unknown))}")
    try:
        return annotation(**{name: _read(hints[name], item, f"{where}.{name}") for name, item in value.items()})
    except TypeError as error:
        raise PlanError(f"{where}: {error}") from None


def _read_union(options: tuple[Any, ...], value: Any, where: str) -> Any:
    for option in options:
        if option is type(None):
            if value is None:
                return None
            continue
        try:
            return _read(option, value, where)
        except PlanError:
            continue
    raise PlanError(f"{where}: {value!r} does not fit")
