"""Jobs over the API: kept, changed, copied, listed."""

from __future__ import annotations

from uuid import uuid4

import pytest
from tortoise import connections

from castcore_core.streams.desired import job_wanted
from castcore_core.streams.models import JobOutput, StreamJob
from servers.house import faults, make_destination, make_job, make_profile
from servers.staff import Staff, Visitor


async def test_a_job_is_kept_and_comes_back(operator: Visitor, viewer: Visitor) -> None:
    destination, profile = await make_destination(operator), await make_profile(operator)
    made = await make_job(
        operator, to=destination["id"], profile_id=profile["id"], tags=["news", "live"], autostart=True
    )
    assert (await viewer("GET", f"/stream-jobs/{made['id']}")).body == made
    assert made["outputs"][0]["destination_name"] == "Studio"
    assert (made["profile_name"], made["tags"], made["desired"]) == ("Small", ["news", "live"], "stopped")
    assert made["restart"] == {"max_attempts": None, "backoff": {"first": 1.0, "most": 30.0}}
    assert made["fallback"]["kind"] == "still"


async def test_parts_change_field_by_field(operator: Visitor) -> None:
    path = f"/stream-jobs/{(await make_job(operator))['id']}"
    changed = (await operator("PATCH", path, {"source": {"fps": 25}, "fallback": {"after_ms": 900}})).body
    assert changed["source"] == {"kind": "test", "width": 160, "height": 90, "fps": 25.0}
    assert (changed["fallback"]["after_ms"], changed["fallback"]["kind"]) == (900, "still")
    cleared = (await operator("PATCH", path, {"fallback": None, "restart": {"max_attempts": 3}})).body
    assert (cleared["fallback"]["after_ms"], cleared["restart"]["max_attempts"]) == (600, 3)
    other = (await operator("PATCH", path, {"source": {"kind": "url", "url": "srt://127.0.0.1:9000"}})).body
    assert other["source"] == {"kind": "url", "url": "srt://127.0.0.1:9000"}
    assert faults(await operator("PATCH", path, {"source": {"kind": "test", "fps": 0}}))[0][0][0] == "source"
    assert faults(await operator("PATCH", path, {"restart": {"attempts": 1}})) == [
        (["restart", "attempts"], "extra_forbidden")
    ]


async def test_revisions_rise_only_when_what_is_on_air_would_change(operator: Visitor) -> None:
    destination, profile = await make_destination(operator), await make_profile(operator)
    job = await make_job(operator, to=destination["id"], profile_id=profile["id"])
    path = f"/stream-jobs/{job['id']}"
    output = job["outputs"][0]["id"]

    async def revisions() -> dict[str, str]:
        wanted = await job_wanted(job["id"])
        assert wanted is not None
        return dict(wanted.revisions)

    first = await revisions()
    await operator("PATCH", path, {"name": "Other", "tags": ["x"], "autostart": True, "restart": {"max_attempts": 1}})
    await operator("PATCH", path, {"source": {"width": 160}})
    assert await revisions() == first
    await operator("PATCH", path, {"source": {"width": 320}})
    second = await revisions()
    assert {key for key in first if first[key] != second[key]} == {"job"}
    await operator("PATCH", f"/ffmpeg-profiles/{profile['id']}", {"latency": "low"})
    third = await revisions()
    assert {key for key in second if second[key] != third[key]} == {"profile"}
    await operator("PATCH", f"/destinations/{destination['id']}", {"config": {"username": "cam"}})
    fourth = await revisions()
    assert {key for key in third if third[key] != fourth[key]} == {output}
    await operator("PATCH", f"/destinations/{destination['id']}", {"enabled": False})
    assert output not in await revisions()


async def test_outputs_that_stay_keep_their_ids(operator: Visitor) -> None:
    one, two = await make_destination(operator, "One"), await make_destination(operator, "Two")
    job = await make_job(operator, to=one["id"])
    outputs = [{"destination_id": two["id"]}, {"destination_id": one["id"], "enabled": False}]
    changed = (await operator("PATCH", f"/stream-jobs/{job['id']}", {"outputs": outputs})).body
    assert [each["destination_name"] for each in changed["outputs"]] == ["Two", "One"]
    assert changed["outputs"][1] | {"enabled": False} == job["outputs"][0] | {"enabled": False}
    gone = (await operator("PATCH", f"/stream-jobs/{job['id']}", {"outputs": []})).body
    assert gone["outputs"] == []


async def test_references_must_exist_and_destinations_come_once(operator: Visitor) -> None:
    destination, nowhere = await make_destination(operator), str(uuid4())
    outputs = [
        {"destination_id": destination["id"]},
        {"destination_id": destination["id"]},
        {"destination_id": nowhere},
    ]
    body = {"name": "X", "source": {"kind": "test"}, "profile_id": nowhere, "outputs": outputs}
    assert faults(await operator("POST", "/stream-jobs", body)) == [
        (["profile_id"], "not_found"),
        (["outputs", 1, "destination_id"], "duplicate"),
        (["outputs", 2, "destination_id"], "not_found"),
    ]


async def test_names_are_unique(operator: Visitor) -> None:
    await make_job(operator, "One")
    two = await make_job(operator, "Two")
    assert (
        await operator("POST", "/stream-jobs", {"name": "One", "source": {"kind": "test"}})
    ).code == "conflict.duplicate"
    assert (await operator("PATCH", f"/stream-jobs/{two['id']}", {"name": "One"})).code == "conflict.duplicate"


async def test_nobody_overwrites_what_he_has_not_seen(operator: Visitor) -> None:
    job = await make_job(operator, to=(await make_destination(operator))["id"])
    path = f"/stream-jobs/{job['id']}"
    seen = (await operator("GET", path)).headers["ETag"]
    assert (await operator("POST", f"{path}/start")).headers["ETag"] == seen, "a command is no edit"
    assert (await operator("PATCH", path, {"tags": ["a"]}, If_Match=seen)).status == 200
    assert (await operator("PATCH", path, {"tags": ["b"]}, If_Match=seen)).code == "conflict.changed"


async def test_a_copy_is_stopped_and_has_a_name_of_its_own(operator: Visitor) -> None:
    job = await make_job(operator, to=(await make_destination(operator))["id"], tags=["a"], autostart=True)
    copy = await operator("POST", f"/stream-jobs/{job['id']}/duplicate")
    assert (copy.status, copy.body["name"], copy.body["autostart"]) == (201, "Morning show (2)", False)
    assert copy.body["outputs"][0]["destination_id"] == job["outputs"][0]["destination_id"]
    assert copy.headers["Location"] == f"/api/v1/stream-jobs/{copy.body['id']}"
    named = await operator("POST", f"/stream-jobs/{job['id']}/duplicate?name=Evening")
    assert named.body["name"] == "Evening"
    assert (await operator("POST", f"/stream-jobs/{job['id']}/duplicate?name=Evening")).code == "conflict.duplicate"
    assert (await operator("POST", f"/stream-jobs/{job['id']}/duplicate")).body["name"] == "Morning show (3)"


async def test_the_list_filters_sorts_and_pages(operator: Visitor) -> None:
    destination, profile = await make_destination(operator), await make_profile(operator)
    await make_job(operator, "Alpha", tags=["red", "deep red"])
    await make_job(operator, "Beta", to=destination["id"], tags=["red"])
    await make_job(operator, "Gamma", profile_id=profile["id"], source={"kind": "url", "url": "srt://127.0.0.1:9000"})

    async def names(query: str) -> list[str]:
        reply = await operator("GET", f"/stream-jobs?{query}")
        assert reply.status == 200, reply.body
        return [each["name"] for each in reply.body["items"]]

    assert await names("sort=-name") == ["Gamma", "Beta", "Alpha"]
    assert await names("tag=red") == ["Alpha", "Beta"]
    assert await names("tag=deep%20red") == ["Alpha"]
    assert await names("tag=deep") == []
    assert await names(f"destination_id={destination['id']}") == ["Beta"]
    assert await names(f"profile_id={profile['id']}") == ["Gamma"]
    assert await names("source=url") == ["Gamma"]
    assert await names("q=ET") == ["Beta"]
    assert await names("limit=1&offset=1") == ["Beta"]
    assert await names("desired=running") == []
    assert (await operator("GET", "/stream-jobs?tag=a%25")).status == 422
    assert (await operator("GET", "/stream-jobs?sort=source_secret")).status == 422


async def test_a_list_takes_as_many_queries_for_one_job_as_for_many(
    operator: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    destinations = [await make_destination(operator, f"D{number}") for number in range(3)]
    count = 0
    client = connections.get("default")
    original = client.execute_query_dict

    async def counted(*args: object, **kwargs: object) -> object:
        nonlocal count
        count += 1
        return await original(*args, **kwargs)  # type: ignore[arg-type]

    async def queries() -> int:
        nonlocal count
        count = 0
        assert (await operator("GET", "/stream-jobs")).status == 200
        return count

    await make_job(operator, "J", to=destinations[0]["id"])
    await operator("GET", "/stream-jobs")
    monkeypatch.setattr(client, "execute_query_dict", counted)
    one = await queries()
    for number, each in enumerate(destinations):
        await make_job(operator, f"J{number}", to=each["id"])
    assert await queries() == one > 0


async def test_what_comes_later_says_so(operator: Visitor) -> None:
    for fields in (
        {"source": {"kind": "playlist", "playlist_id": "1"}},
        {"fallback": {"return": "manual"}},
        {"schedule": {"at": "now"}},
    ):
        reply = await operator("POST", "/stream-jobs", {"name": "X", "source": {"kind": "test"}} | fields)
        assert (reply.status, reply.code) == (501, "feature.not_available"), fields


@pytest.mark.parametrize(("method", "suffix"), [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/duplicate")])
async def test_what_does_not_exist_is_not_found(method: str, suffix: str, operator: Visitor) -> None:
    reply = await operator(method, f"/stream-jobs/{uuid4()}{suffix}", {} if method == "PATCH" else None)
    assert (reply.status, reply.code) == (404, "streams.not_found")


async def test_a_deleted_job_takes_its_outputs_along(operator: Visitor) -> None:
    job = await make_job(operator, to=(await make_destination(operator))["id"])
    assert (await operator("DELETE", f"/stream-jobs/{job['id']}")).status == 204
    assert not await JobOutput.filter(job_id=job["id"]).exists()


async def test_creating_twice_with_one_key_keeps_one_job(operator: Visitor) -> None:
    body = {"name": "Once", "source": {"kind": "ingest"}}
    first = await operator("POST", "/stream-jobs", body, Idempotency_Key="a-key-of-mine")
    again = await operator("POST", "/stream-jobs", body, Idempotency_Key="a-key-of-mine")
    assert (first.status, again.status) == (201, 201)
    assert again.body == first.body
    assert await StreamJob.all().count() == 1


async def test_changes_are_audited_by_field(operator: Visitor, admin: Visitor, house: Staff) -> None:
    job = await make_job(operator, to=(await make_destination(operator))["id"])
    path = f"/stream-jobs/{job['id']}"
    await operator("PATCH", path, {"tags": ["a"], "source": {"fps": 25}})
    for command in ("start", "pause", "restart", "stop"):
        assert (await operator("POST", f"{path}/{command}")).status == 200
    await operator("DELETE", path)
    entries = (await admin("GET", f"/audit?target={job['id']}&sort=at")).body["items"]
    done = [each["action"].removeprefix("streams.") for each in entries]
    assert done == ["created", "changed", "started", "paused", "restarted", "stopped", "deleted"]
    assert entries[1]["fields_changed"] == ["source", "tags"]
    assert {each["actor_name"] for each in entries} == {"operator 1"}
