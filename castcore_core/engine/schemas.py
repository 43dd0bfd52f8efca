"""What the engine tells about a job."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

JobStateName = Literal[
    "stopped", "starting", "running", "degraded", "fallback", "reconnecting", "stopping", "paused", "failed"
]
OutputStateName = Literal["starting", "running", "reconnecting", "stopped", "failed"]
SourceStateName = Literal["connecting", "up", "lost", "ended"]
Params = dict[str, str | int | float | bool]


class Problem(BaseModel):
    """A code of the catalogues with its parameters."""

    code: str
    params: Params = {}


class Finding(Problem):
    """Something that is not as it should be, and what it costs the health score."""

    weight: int = Field(description="Points taken off the score of 100.")
    output: str | None = Field(default=None, description="The output it is about; null: the job.")


class Health(BaseModel):
    """How well a job does."""

    score: int | None = Field(description="0 to 100; null while it is stopped.")
    findings: list[Finding] = Field(description="Everything that took points off, the heaviest first.")


class EncoderStatus(BaseModel):
    """The encoder's figures; null where it says nothing."""

    frame: int | None = None
    fps: float | None = None
    speed: float | None = Field(default=None, description="1 is real time; below it the stream falls behind.")
    dropped: int | None = None
    duplicated: int | None = None
    restarts: int = 0


class SourceStatus(BaseModel):
    """Whether the source delivers."""

    state: SourceStateName
    since: float = Field(description="Unix time.")
    code: str = ""
    params: Params = {}
    retry_at: float | None = Field(default=None, description="Unix time of the next attempt.")


def _web(address: str | None) -> str | None:
    """Leave out what is no address of the web: pages make a link of it."""
    return address if address is not None and address.startswith(("https://", "http://")) else None


VerdictPhase = Literal["unknown", "ready", "live", "ended", "rejected"]


class Issue(Problem):
    """Something that the platform finds fault with."""

    severity: Literal["ok", "warning", "error"]


class Verdict(Problem):
    """What the platform says; the code is its worst issue, else the phase."""

    phase: VerdictPhase = Field(default="unknown", description="unknown: it cannot be asked at the moment.")
    severity: Literal["ok", "warning", "error"] = "ok"
    issues: list[Issue] = []
    viewers: int | None = None
    watch_url: Annotated[str | None, AfterValidator(_web)] = Field(default=None, description="Where people watch.")
    checked_at: float | None = Field(default=None, description="Unix time of the answer.")


class OutputStatus(BaseModel):
    """One destination as it really is."""

    id: str
    name: str = ""
    type: str = ""
    state: OutputStateName = "starting"
    since: float = Field(default=0.0, description="Unix time of the last change of state.")
    code: str = Field(default="", description="The last failure; empty while it is up.")
    params: Params = {}
    retry_at: float | None = Field(default=None, description="Unix time of the next attempt.")
    bytes: int = 0
    bitrate: float = Field(default=0.0, description="Kilobits per second over the last second.")
    dropped: int = Field(default=0, description="Tags thrown away since the job began.")
    dropped_ms: int = 0
    queue_ms: int = 0
    reconnects: int = 0
    seconds: float = Field(default=0.0, description="Seconds of programme delivered.")
    verdict: Verdict | None = Field(
        default=None, description="What the platform itself says, where its plugin can tell."
    )


class EncoderUse(BaseModel):
    """What one rendition is encoded with."""

    rendition: str
    encoder: str
    device: str | None = None
    instead_of: str = Field(default="", description="The encoder that the profile names, where it could not be had.")
    reason: Problem | None = None


class JobStatus(BaseModel):
    """One job as it really is."""

    job_id: str
    name: str = ""
    desired: Literal["stopped", "running", "paused"] = "stopped"
    state: JobStateName = "stopped"
    since: float = Field(default=0.0, description="Unix time of the last change of state.")
    code: str = Field(default="", description="Why it is in this state; empty where nothing is wrong.")
    params: Params = {}
    cause: Problem | None = Field(default=None, description="What lies behind the code.")
    attempt: int = Field(default=0, description="Failures in a row.")
    retry_at: float | None = Field(default=None, description="Unix time at which it is started again.")
    pending_restart: list[str] = Field(default=[], description="Changes that wait for a restart: job, profile.")
    started_at: float | None = Field(default=None, description="Unix time of this run's start.")
    seconds: float = Field(default=0.0, description="Length of the programme so far.")
    bitrate: float = Field(default=0.0, description="Kilobits per second that the encoder makes.")
    bytes: int = 0
    dropped: int = 0
    reconnects: int = 0
    encoder: EncoderStatus | None = None
    encoders: list[EncoderUse] = []
    source: SourceStatus | None = None
    outputs: list[OutputStatus] = []
    health: Health = Health(score=None, findings=[])


class Diagnosis(Finding):
    """A finding in the user's language."""

    message: str
    cause: str
    remedy: str
    docs: str


class JobStatusAnswer(JobStatus):
    """One job's status with its diagnosis."""

    diagnosis: list[Diagnosis] = []
