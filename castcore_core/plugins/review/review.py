"""The findings of a review, in the order in which an author reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from castcore_core.plugins.offer import Offer
from castcore_core.plugins.review.code import code_findings
from castcore_core.plugins.review.material import Material
from castcore_core.plugins.review.metadata import metadata_findings
from castcore_core.plugins.review.quality import quality_lines
from castcore_core.plugins.review.secret import secret_findings
from castcore_core.plugins.review.suite import suite_findings
from castcore_core.plugins.review.text import text_findings
from castcore_core.plugins.state import Reason
from castcore_sdk import CheckResult, Severity


def review(
    material: Material,
    offers: tuple[Offer, ...],
    notes: Sequence[Reason],
    before: Sequence[CheckResult],
    *,
    tests: bool,
) -> Iterator[CheckResult]:
    """Yield every finding, then the quality; ``before`` is what was found by metadata and trial.

    ``notes`` are what the trial said about configurations. ``tests`` runs the project's own.
    """
    lines = [*metadata_findings(material), *_noted(material, notes), *code_findings(material)]
    lines += [*secret_findings(material), *text_findings(material, offers)]
    if not any(line.severity is Severity.ERROR for line in lines):
        lines.append(material.finding("plugins.check_code", Severity.OK, files=str(len(material.modules))))
    if tests:
        lines += suite_findings(material)
    yield from lines
    yield from quality_lines(material, [*before, *lines])


def _noted(material: Material, notes: Sequence[Reason]) -> Iterator[CheckResult]:
    for note in notes:
        yield CheckResult(code=note.code, severity=Severity.ERROR, params=dict(note.params))
