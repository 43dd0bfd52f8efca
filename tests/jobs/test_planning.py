"""The plan of a stored job: destinations that fail fail alone, broadcasts are opened and closed once."""

from __future__ import annotations

from pathlib import Path

import pytest

from castcore_core.streams.broadcast import Broadcasts
from castcore_core.streams.models import JobOutput
from castcore_core.streams.planning import JobPlanner
from castcore_sdk import ConfigurationError, NotFoundError
from servers.house import KEY, make_destination, make_job, make_profile
from servers.staff import Staff, Visitor


@pytest.fixture
def planner(house: Staff) -> JobPlanner:
    return house.core.get(JobPlanner)


async def file_destination(visitor: Visitor, path: Path) -> str:
    body = {"name": path.name, "type": "file", "config": {"path": str(path)}}
    return str((await visitor("POST", "/destinations", body)).body["id"])


async def test_the_plan_carries_revisions_and_keeps_secrets_apart(operator: Visitor, planner: JobPlanner) -> None:
    job = await make_job(operator, to=(await make_destination(operator))["id"])
    planned = await planner.plan(job["id"])
    assert (planned.plan.job_id, planned.plan.name, planned.plan.lifetime) == (job["id"], "Morning show", "detached")
    assert dict(planned.plan.revisions) == dict(planned.wanted.revisions)
    (output,) = planned.plan.outputs
    assert planned.plan.revisions[output.id] == output.revision
    assert KEY not in str(planned.plan.to_json())
    assert KEY not in repr(planned)
    assert KEY in planned.secrets.values()


async def test_a_destination_that_refuses_is_left_out_alone(
    operator: Visitor, planner: JobPlanner, house: Staff
) -> None:
    there = house.core.folder.media / "there.mp4"
    there.write_bytes(b"x")
    refusing = await file_destination(operator, there)
    job = await make_job(operator, to=refusing)
    with pytest.raises(ConfigurationError) as caught:
        await planner.plan(job["id"])
    assert caught.value.code == "destinations.file_exists"
    outputs = [{"destination_id": refusing}, {"destination_id": (await make_destination(operator))["id"]}]
    job = (await operator("PATCH", f"/stream-jobs/{job['id']}", {"outputs": outputs})).body
    planned = await planner.plan(job["id"])
    first, second = (each["id"] for each in job["outputs"])
    assert [each.id for each in planned.plan.outputs] == [second]
    assert {key: error.code for key, error in planned.refused.items()} == {first: "destinations.file_exists"}


async def test_broadcasts_are_noted_until_they_are_released(
    operator: Visitor, planner: JobPlanner, house: Staff
) -> None:
    job = await make_job(operator, to=(await make_destination(operator))["id"])
    await operator("POST", f"/stream-jobs/{job['id']}/start")
    await planner.plan(job["id"])
    row = await JobOutput.get(job_id=job["id"])
    assert row.broadcast == f"{row.id}.1"
    await planner.plan(job["id"])
    assert (await JobOutput.get(job_id=job["id"])).broadcast == f"{row.id}.1", "the same start, the same broadcast"
    await house.core.get(Broadcasts).aclose()
    await planner.release(job["id"])
    assert (await JobOutput.get(job_id=job["id"])).broadcast is None
    await planner.release(job["id"])


async def test_outputs_with_a_profile_of_their_own_get_a_rendition(operator: Visitor, planner: JobPlanner) -> None:
    one, two = await make_destination(operator, "One"), await make_destination(operator, "Two")
    profile = await make_profile(operator)
    outputs = [{"destination_id": one["id"]}, {"destination_id": two["id"], "profile_id": profile["id"]}]
    planned = await planner.plan((await make_job(operator, outputs=outputs))["id"])
    own = f"profile-{profile['id']}"
    assert [each.id for each in planned.plan.renditions] == ["main", own]
    assert [each.rendition for each in planned.plan.outputs] == ["main", own]


async def test_the_fallback_says_what_is_shown_and_when(operator: Visitor, planner: JobPlanner) -> None:
    destination = await make_destination(operator)
    job = await make_job(
        operator, to=destination["id"], fallback={"kind": "color", "color": "#aa0000", "after_ms": 1500}
    )
    plan = (await planner.plan(job["id"])).plan
    assert plan.slate_after == 1.5
    slate = plan.renditions[0].slate
    assert slate is not None
    assert "0xaa0000" in str(slate.arguments)
    assert "drawtext" not in str(slate.arguments)
    await operator("PATCH", f"/stream-jobs/{job['id']}", {"fallback": {"kind": "none"}})
    assert (await planner.plan(job["id"])).plan.renditions[0].slate is None


async def test_a_recording_is_one_more_file(operator: Visitor, planner: JobPlanner, house: Staff) -> None:
    job = await make_job(operator, "Night / show", recording={"enabled": True, "container": "ts"})
    (output,) = (await planner.plan(job["id"])).plan.outputs
    assert (output.id, output.kind) == ("recording", "ffmpeg")
    assert output.name.startswith("Night-show-")
    assert (house.core.folder.media / "recordings").is_dir()


async def test_a_job_that_is_gone_is_not_found(planner: JobPlanner) -> None:
    with pytest.raises(NotFoundError):
        await planner.plan("00000000-0000-4000-8000-000000000000")
    await planner.release("00000000-0000-4000-8000-000000000000")
