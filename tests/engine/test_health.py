"""State, health and diagnosis by value."""

from __future__ import annotations

import time

import pytest

from castcore_core.engine.diagnosis import explain
from castcore_core.engine.health import WEIGHTS, judge
from castcore_core.engine.picture import Picture
from castcore_core.engine.schemas import EncoderStatus, JobStatus, OutputStatus, Problem, SourceStatus
from castcore_core.engine.state import name_state
from castcore_core.i18n import LANGUAGES, catalogue
from castcore_core.runner.event import BusStatistics, JobState, OutputState, OutputStatistics, Progress, SourceState


def _picture(*outputs: str, state: str = "running", source: str | None = None) -> Picture:
    picture = Picture()
    picture.enter(state)
    for number, one in enumerate(outputs):
        picture.outputs[str(number)] = OutputStatus(id=str(number), state=one, code="rtmp.refused" * (one != "running"))  # type: ignore[arg-type]
    if source is not None:
        picture.source = SourceStatus(state=source, since=1.0, code="runner.source_stalled")  # type: ignore[arg-type]
    return picture


@pytest.mark.parametrize(
    ("picture", "state"),
    [
        (_picture(), "running"),
        (_picture("running", "running"), "running"),
        (_picture("running", "starting"), "running"),
        (_picture("starting"), "starting"),
        (_picture("running", "reconnecting"), "degraded"),
        (_picture("running", "failed"), "degraded"),
        (_picture("reconnecting", "starting"), "reconnecting"),
        (_picture("failed"), "reconnecting"),
        (_picture("running", "stopped"), "running"),
        (_picture("running", state="starting"), "starting"),
        (_picture("running", state="paused"), "paused"),
        (_picture("running", state="fallback", source="lost"), "fallback"),
        (_picture("running", source="lost"), "reconnecting"),
        (_picture("running", state="stopping"), "stopping"),
        (_picture("running", state="failed"), "stopping"),
    ],
)
def test_a_running_job_is_named_by_what_it_shows_and_whom_it_serves(picture: Picture, state: str) -> None:
    assert name_state("live", picture, None, None).state == state


def test_the_engines_own_phases_have_their_names() -> None:
    reason = Problem(code="engine.runner_gone")
    assert name_state("waiting", Picture(), reason, None).state == "reconnecting"
    assert name_state("waiting", Picture(), reason, None).code == "engine.runner_gone"
    assert name_state("failed", Picture(), reason, None).state == "failed"
    assert name_state("stopped", Picture(), None, None).state == "stopped"


def test_a_score_is_what_the_findings_leave() -> None:
    picture = _picture("running", "reconnecting")
    picture.encoder = EncoderStatus(speed=0.8, restarts=2)
    picture.buses = {"main": BusStatistics(seconds=60.0)}
    picture.outputs["0"].dropped_ms = 400
    health = judge("degraded", None, picture)
    codes = [finding.code for finding in health.findings]
    assert codes == ["health.slow_encoder", "health.output_down", "health.dropping", "health.encoder_restarts"]
    assert health.score == 100 - sum(WEIGHTS[code] for code in codes)


def test_a_slow_start_is_no_slow_encoder() -> None:
    picture = _picture("running")
    picture.encoder = EncoderStatus(speed=0.5)
    picture.buses = {"main": BusStatistics(seconds=3.0)}
    assert judge("running", None, picture).score == 100


def test_what_is_stopped_has_no_score_and_a_failure_leaves_nothing() -> None:
    assert judge("stopped", None, _picture("failed")).score is None
    assert judge("failed", Problem(code="engine.gave_up"), Picture()).score == 0
    assert judge("reconnecting", Problem(code="engine.runner_gone"), Picture()).score == 40
    assert judge("running", None, _picture("running"), silent=12).findings[0].code == "health.runner_silent"


def test_every_finding_has_its_words_in_every_language() -> None:
    for language in LANGUAGES:
        assert {f"health.{name}" for name in _names(language)} == set(WEIGHTS)


def _names(language: str) -> list[str]:
    return [code.partition(".")[2] for code in catalogue(language) if code.startswith("health.")]


def test_the_diagnosis_tells_what_lies_behind_each_finding() -> None:
    picture = _picture("reconnecting")
    named = name_state("live", picture, None, None)
    health = judge(named.state, Problem(code=named.code), picture)
    status = JobStatus(job_id="x", state=named.state, code=named.code, cause=named.cause, health=health)
    (said,) = explain(status, "en")
    assert said.code == "health.no_output_up"
    assert catalogue("en")["rtmp.refused"]["message"].partition("{")[0] in said.cause


def test_events_and_figures_paint_the_picture() -> None:
    picture = Picture()
    picture.keep_outputs([("o", "Name", "rtmp")])
    picture.take(JobState(state="running", at=1.0))
    picture.take(OutputState(output="o", state="reconnecting", code="rtmp.refused", at=5.0, retry_in=2.0))
    assert picture.outputs["o"].retry_at == 7.0
    picture.take(OutputState(output="o", state="connecting", at=7.0))
    assert (picture.outputs["o"].state, picture.outputs["o"].since) == ("reconnecting", 5.0)
    picture.take(Progress(outputs={"o": OutputStatistics(state="up", since=8.0, bytes=10, reconnects=1)}))
    assert (picture.outputs["o"].state, picture.outputs["o"].code, picture.outputs["o"].bytes) == ("running", "", 10)
    picture.take(SourceState(state="lost", code="runner.source_stalled", at=9.0, retry_in=1.0))
    picture.take(SourceState(state="connecting", at=10.0))
    picture.take(SourceState(state="lost", code="runner.source_stalled", at=11.0))
    assert picture.source is not None
    assert (picture.source.state, picture.source.since) == ("lost", 9.0)
    picture.keep_outputs([])
    assert "o" in picture.outputs
    picture.take(OutputState(output="o", state="ended", at=12.0))
    picture.keep_outputs([])
    assert picture.outputs == {}
    assert picture.delivering_since is not None
    assert picture.delivering_since <= time.monotonic()
