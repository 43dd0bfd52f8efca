"""A canary in every secret place is nowhere in plain text: no answer, no log line, no file of the data folder."""

from __future__ import annotations

import logging

import pytest

from castcore_core.streams.planning import JobPlanner
from servers.house import make_destination, make_job
from servers.staff import Staff, Visitor

CANARIES = (
    "canary-rtmp-key-01",
    "canary-rtmp-password-02",
    "canary-passphrase-03",
    "canary-source-token-04",
    "canary-ingest-key-05",
)


async def test_canaries_stay_inside(
    operator: Visitor,
    viewer: Visitor,
    admin: Visitor,
    house: Staff,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    key, password, passphrase, token, ingest = CANARIES
    rtmp = await make_destination(operator, stream_key=key, username="cam", password=password)
    srt = {"name": "Peer", "type": "srt", "config": {"url": "srt://127.0.0.1:9", "passphrase": passphrase}}
    peer = (await operator("POST", "/destinations", srt)).body
    outputs = [{"destination_id": rtmp["id"]}, {"destination_id": peer["id"]}]
    url = {"kind": "url", "url": f"https://127.0.0.1:1/a.m3u8?token={token}"}
    job = await make_job(operator, outputs=outputs, source=url)
    pushed = await make_job(operator, "Pushed", to=rtmp["id"], source={"kind": "ingest", "key": ingest})
    await house.core.get(JobPlanner).plan(pushed["id"])
    answers = [
        await operator("POST", "/ffmpeg/preview", {"job_id": job["id"]}),
        await operator("POST", "/ffmpeg/preview", {"job_id": pushed["id"]}),
        await operator("POST", f"/stream-jobs/{job['id']}/preflight?wait=true"),
        await operator("POST", f"/stream-jobs/{pushed['id']}/preflight?wait=true"),
        await operator("POST", f"/stream-jobs/{job['id']}/duplicate"),
        await operator("POST", f"/destinations/{rtmp['id']}/test"),
        await operator("PATCH", f"/destinations/{rtmp['id']}", {"config": {"url": f"rtmp://x:{key}@127.0.0.1/live"}}),
        await operator("PATCH", f"/stream-jobs/{job['id']}", {"source": {"url": f"nonsense:{token}"}}),
        await operator("POST", f"/stream-jobs/{job['id']}/start"),
    ]
    for path in ("/stream-jobs", "/destinations", f"/stream-jobs/{job['id']}", f"/stream-jobs/{job['id']}/preflight"):
        answers.append(await viewer("GET", path))
    answers.append(await admin("GET", "/audit?limit=500"))
    places = {f"answer {number}": str(each.body) for number, each in enumerate(answers)}
    places |= {"log": caplog.text, "output": "".join(capfd.readouterr())}
    for file in house.core.folder.root.rglob("*"):
        if file.is_file():
            places[file.name] = file.read_bytes().decode("latin-1")
    found = {(canary, place) for canary in CANARIES for place, text in places.items() if canary in text}
    assert found == set()
