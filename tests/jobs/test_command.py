"""What operators tell jobs to do becomes what is wanted."""

from __future__ import annotations

import asyncio

import pytest

from castcore_core.streams.command import Commands
from castcore_core.streams.desired import CHANNEL, WantedJob, jobs_wanted
from servers.house import make_destination, make_job, make_profile
from servers.staff import Staff, Visitor


@pytest.fixture
async def path(operator: Visitor) -> str:
    job = await make_job(operator, to=(await make_destination(operator))["id"])
    return f"/stream-jobs/{job['id']}"


async def wanted() -> WantedJob:
    (job,) = await jobs_wanted()
    return job


async def test_start_twice_is_one_start(operator: Visitor, path: str) -> None:
    assert (await operator("POST", f"{path}/start")).body["desired"] == "running"
    first = await wanted()
    again = await operator("POST", f"{path}/start")
    assert (again.status, again.body["desired"]) == (200, "running")
    assert await wanted() == first


async def test_a_start_after_a_stop_is_a_broadcast_of_its_own(operator: Visitor, path: str) -> None:
    await operator("POST", f"{path}/start")
    before = (await wanted()).generation
    assert (await operator("POST", f"{path}/stop")).body["desired"] == "stopped"
    assert await jobs_wanted() == []
    assert (await operator("POST", f"{path}/stop")).status == 200
    await operator("POST", f"{path}/start")
    assert (await wanted()).generation == before + 1


async def test_a_pause_ends_with_start_and_keeps_the_broadcast(operator: Visitor, path: str) -> None:
    early = await operator("POST", f"{path}/pause")
    assert (early.status, early.code) == (409, "streams.not_on_air")
    await operator("POST", f"{path}/start")
    before = await wanted()
    assert (await operator("POST", f"{path}/pause")).body["desired"] == "paused"
    assert (await wanted()).revisions == before.revisions
    assert (await operator("POST", f"{path}/start")).body["desired"] == "running"
    assert (await wanted()).revisions == before.revisions


async def test_every_restart_counts(operator: Visitor, path: str) -> None:
    await operator("POST", f"{path}/restart")
    first = await wanted()
    assert (first.desired, first.restarts) == ("running", 0), "a stopped job is started"
    await operator("POST", f"{path}/restart")
    await operator("POST", f"{path}/restart")
    assert (await wanted()).restarts == 2


@pytest.mark.parametrize("fields", [{"copy_mode": "all"}, {"copy_mode": "video"}, {"copy_mode": "audio"}])
async def test_streams_that_pass_through_have_no_slate(operator: Visitor, fields: dict[str, str]) -> None:
    profile = await make_profile(operator, **fields)
    job = await make_job(operator, to=(await make_destination(operator))["id"], profile_id=profile["id"])
    await operator("POST", f"/stream-jobs/{job['id']}/start")
    reply = await operator("POST", f"/stream-jobs/{job['id']}/pause")
    assert (reply.status, reply.code) == (409, "streams.slate_unavailable")


async def test_a_job_that_sends_nowhere_is_not_started(operator: Visitor) -> None:
    job = await make_job(operator)
    reply = await operator("POST", f"/stream-jobs/{job['id']}/start")
    assert (reply.status, reply.code) == (422, "streams.no_output")
    destination = await make_destination(operator)
    outputs = [{"destination_id": destination["id"], "enabled": False}]
    await operator("PATCH", f"/stream-jobs/{job['id']}", {"outputs": outputs})
    assert (await operator("POST", f"/stream-jobs/{job['id']}/start")).code == "streams.no_output"
    await operator("PATCH", f"/stream-jobs/{job['id']}", {"recording": {"enabled": True}})
    assert (await operator("POST", f"/stream-jobs/{job['id']}/start")).status == 200


async def test_no_destination_gets_two_streams(operator: Visitor) -> None:
    destination = await make_destination(operator)
    one, two = (
        await make_job(operator, "One", to=destination["id"]),
        await make_job(operator, "Two", to=destination["id"]),
    )
    three = await make_job(operator, "Three", to=(await make_destination(operator, "Other"))["id"])
    assert (await operator("POST", f"/stream-jobs/{one['id']}/start")).status == 200
    refused = await operator("POST", f"/stream-jobs/{two['id']}/start")
    assert (refused.status, refused.code) == (409, "streams.destination_busy")
    assert refused.body["error"]["params"] == {"destination": "Studio", "job": "One"}
    await operator("POST", f"/stream-jobs/{three['id']}/start")
    outputs = [{"destination_id": destination["id"]}]
    added = await operator("PATCH", f"/stream-jobs/{three['id']}", {"outputs": outputs})
    assert added.code == "streams.destination_busy"
    assert (await operator("GET", f"/stream-jobs/{three['id']}")).body["outputs"][0]["destination_name"] == "Other"
    await operator("POST", f"/stream-jobs/{one['id']}/stop")
    assert (await operator("POST", f"/stream-jobs/{two['id']}/start")).status == 200


async def test_of_two_starts_at_once_one_gets_the_destination(operator: Visitor) -> None:
    destination = await make_destination(operator)
    jobs = [await make_job(operator, f"J{number}", to=destination["id"]) for number in range(4)]
    replies = await asyncio.gather(*(operator("POST", f"/stream-jobs/{each['id']}/start") for each in jobs))
    assert sorted(each.status for each in replies) == [200, 409, 409, 409]
    assert len(await jobs_wanted()) == 1


async def test_a_job_on_air_is_deleted_by_force_alone(operator: Visitor, path: str) -> None:
    await operator("POST", f"{path}/start")
    assert (await operator("DELETE", path)).code == "streams.on_air"
    assert (await operator("DELETE", f"{path}?force=true")).status == 204
    assert await jobs_wanted() == []


async def test_every_command_wakes_the_engine(operator: Visitor, path: str, house: Staff) -> None:
    async with house.core.bus.subscribe(CHANNEL) as events:
        for command in ("start", "pause", "restart", "stop"):
            await operator("POST", f"{path}/{command}")
            event = await asyncio.wait_for(anext(events), 2)
            assert event.data == {"job": path.rpartition("/")[2]}, command


async def test_jobs_that_start_with_the_server_do_as_far_as_they_can(operator: Visitor, house: Staff) -> None:
    destination = await make_destination(operator)
    await make_job(operator, "First", to=destination["id"], autostart=True)
    await make_job(operator, "Nowhere", autostart=True)
    await make_job(operator, "Not asked for", to=destination["id"])
    assert len(await house.core.get(Commands).autostart()) == 1
    assert (await wanted()).name == "First"


async def test_viewers_command_nothing(viewer: Visitor, path: str) -> None:
    for command in ("start", "stop", "restart", "pause", "duplicate", "preflight", "dry-run"):
        assert (await viewer("POST", f"{path}/{command}", {})).status == 403, command
