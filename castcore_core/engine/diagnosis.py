"""Put findings into words: what it means, what lies behind it, what helps."""

from __future__ import annotations

from castcore_core.engine.schemas import Diagnosis, Finding, JobStatus
from castcore_core.i18n import translate

DOCS = "docs/explanation/engine.md#"


def explain(status: JobStatus, language: str) -> list[Diagnosis]:
    """Return the findings of a status in ``language``, the heaviest first; the codes are those of its health."""
    return [_explained(finding, status, language) for finding in status.health.findings]


def _explained(finding: Finding, status: JobStatus, language: str) -> Diagnosis:
    text = translate(finding.code, finding.params, language=language)
    code = _behind(finding, status)
    if code:
        behind = translate(code, _params_of(code, finding, status), language=language)
        cause = " ".join(part for part in (behind.message, behind.cause) if part)
        return _diagnosis(finding, text.message, cause, behind.remedy or text.remedy)
    return _diagnosis(finding, text.message, text.cause, text.remedy)


def _diagnosis(finding: Finding, message: str, cause: str, remedy: str) -> Diagnosis:
    docs = DOCS + finding.code.partition(".")[2].replace("_", "-")
    return Diagnosis(**finding.model_dump(), message=message, cause=cause, remedy=remedy, docs=docs)


def _behind(finding: Finding, status: JobStatus) -> str:
    """Return the code that lies behind a finding."""
    if finding.code in ("health.failed", "health.reconnecting") and status.cause is not None:
        return status.cause.code
    return str(finding.params.get("reason", ""))


def _params_of(code: str, finding: Finding, status: JobStatus) -> dict[str, str | int | float | bool]:
    """Return the parameters with which the job tells of ``code``, at the output that the finding is about first."""
    about = [(output.code, output.params) for output in status.outputs if output.id == finding.output]
    told = [*about, (status.code, status.params), *((output.code, output.params) for output in status.outputs)]
    if status.cause is not None:
        told.append((status.cause.code, status.cause.params))
    if status.source is not None:
        told.append((status.source.code, status.source.params))
    return next((dict(params) for known, params in told if known == code), {})
