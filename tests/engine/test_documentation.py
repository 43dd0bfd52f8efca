"""The page about the engine says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from castcore_core.engine.diagnosis import DOCS, explain
from castcore_core.engine.health import WEIGHTS
from castcore_core.engine.schemas import Finding, Health, JobStatus

_ROOT = Path(__file__).parents[2]


def test_every_finding_stands_there_with_its_weight_and_its_link_leads_there() -> None:
    page = (_ROOT / DOCS.partition("#")[0]).read_text(encoding="utf-8")
    rows = re.findall(r'<a id="([\w-]+)"></a>`(health\.\w+)` \| (\d+) \|', page)
    assert {code: int(weight) for _, code, weight in rows} == dict(WEIGHTS)
    findings = [Finding(code=code, weight=weight) for code, weight in WEIGHTS.items()]
    said = explain(JobStatus(job_id="x", health=Health(score=0, findings=findings)), "en")
    assert [each.docs.partition("#")[2] for each in said] == [anchor for anchor, _, _ in rows]
