"""The preview shows every process and nothing secret, and touches nothing."""

from __future__ import annotations

from servers.house import KEY, faults, make_destination, make_job, make_profile
from servers.media import clips
from servers.staff import Staff, Visitor

__all__ = ["clips"]

PASSPHRASE = "canary-passphrase-88"


async def test_every_process_is_shown_with_its_secrets_masked(operator: Visitor, house: Staff) -> None:
    rtmp = await make_destination(operator)
    config = {"url": "srt://127.0.0.1:9000", "passphrase": PASSPHRASE, "stream_id": f"publish:{KEY}"}
    srt = (await operator("POST", "/destinations", {"name": "Peer", "type": "srt", "config": config})).body
    folder = house.core.folder.media / "not-made"
    hls = {"name": "Page", "type": "hls", "config": {"folder": str(folder)}}
    page = (await operator("POST", "/destinations", hls)).body
    profile = await make_profile(operator, "Slow", expert_args=["-crf", "31"])
    outputs = [
        {"destination_id": rtmp["id"]},
        {"destination_id": srt["id"], "profile_id": profile["id"]},
        {"destination_id": page["id"]},
    ]
    job = await make_job(operator, outputs=outputs, recording={"enabled": True, "container": "mp4"})
    reply = await operator("POST", "/ffmpeg/preview", {"job_id": job["id"]})
    assert reply.status == 200, reply.body
    roles = [(each["role"], each["name"]) for each in reply.body["processes"]]
    assert [role for role, _ in roles] == ["encoder", "slate", "slate", "output", "output", "output"]
    assert [name for role, name in roles if role == "output"][:2] == ["Peer", "Page"]
    assert reply.body["in_process"] == [{"name": "Studio", "url": "rtmp://127.0.0.1:1/live"}]
    encoder = reply.body["processes"][0]["argv"]
    assert encoder[0].endswith(("ffmpeg", "ffmpeg-linux-x86_64-v9.0.2")) or "ffmpeg" in encoder[0]
    assert encoder[encoder.index("-crf") + 1] == "31"
    assert PASSPHRASE not in str(reply.body)
    assert KEY not in str(reply.body)
    assert "security.secret_in_argv" in [each["code"] for each in reply.body["warnings"]]
    assert not folder.exists()
    assert not (house.core.folder.media / "recordings").exists()


async def test_a_job_that_is_being_written_can_be_shown(operator: Visitor) -> None:
    url = f"https://user:{PASSPHRASE}@127.0.0.1/a.m3u8?token={KEY}"
    reply = await operator("POST", "/ffmpeg/preview", {"source": {"kind": "url", "url": url}})
    assert reply.status == 200, reply.body
    argv = reply.body["processes"][0]["argv"]
    assert "https://••••@127.0.0.1/a.m3u8?token=••••" in argv
    assert PASSPHRASE not in str(reply.body)
    assert faults(await operator("POST", "/ffmpeg/preview", {})) == [(["source"], "missing")]
    forbidden = {"source": {"kind": "file", "path": "/etc/passwd"}}
    assert (await operator("POST", "/ffmpeg/preview", forbidden)).code == "streams.path_forbidden"


async def test_what_does_not_go_together_says_so(operator: Visitor) -> None:
    profile = await make_profile(operator, copy_mode="all")
    body = {"source": {"kind": "test"}, "profile_id": profile["id"]}
    reply = await operator("POST", "/ffmpeg/preview", body)
    assert (reply.status, reply.code) == (422, "streams.nothing_to_copy")


async def test_viewers_see_no_command_lines(viewer: Visitor) -> None:
    assert (await viewer("POST", "/ffmpeg/preview", {"source": {"kind": "test"}})).status == 403
