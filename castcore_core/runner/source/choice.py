"""Choose the source that a plan asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from castcore_core.runner.error import RunnerError
from castcore_core.runner.plan import JobPlan
from castcore_core.runner.rendition import Rendition
from castcore_core.runner.report import Reporter
from castcore_core.runner.source.ingest import Ingest
from castcore_core.runner.source.source import Source
from castcore_core.runner.source.transcode import Transcode


def open_source(
    plan: JobPlan, renditions: Sequence[Rendition], secrets: Mapping[str, str], reporter: Reporter
) -> Source:
    """Return the source of a plan. Raise RunnerError (``runner.plan_invalid``)."""
    if plan.source.kind != "ffmpeg":
        return Ingest(plan, renditions, secrets, reporter)
    if plan.encoder is None:
        raise RunnerError("runner.plan_invalid", detail="a source without an encoder")
    return Transcode(plan.ffmpeg, plan.source, plan.encoder, renditions, secrets, reporter)
