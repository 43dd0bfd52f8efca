"""A whole runner: one encoder, several destinations."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import av

from castcore_core.rtmp import TagKind
from castcore_core.runner.event import JobState, OutputState, Progress
from castcore_core.runner.plan import RenditionPlan
from runner.scene import Sink, encoder, job, keys, recording, rtmp, running
from servers.nginx import NginxRtmp


async def test_a_source_that_ends_is_delivered_to_the_last_frame(sink: Sink, folder: Path, tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    plan = job(
        rtmp("a", sink.url), rtmp("b", sink.url), recording("rec", film), encoder=encoder(1.5), give_up_after=10.0
    )
    async with running(folder, plan, keys(plan)) as run:
        last = await run.end()
    assert (last.state, last.code) == ("ended", "")
    for key in ("a", "b"):
        (session,) = sink.of(key)
        assert session.in_order
        assert len(session.media()) == 45
        assert {33, 34} >= set(session.steps())
        assert all(step > 0 for step in session.steps(TagKind.AUDIO))
        assert last.totals[key].sessions == 1
        assert last.totals[key].dropped_tags == last.totals[key].reconnects == 0
        assert last.totals[key].seconds > 1.4
    with av.open(str(film)) as container:
        assert sum(1 for packet in container.demux(video=0) if packet.size) == 45
    assert not list(folder.glob("*.journal"))


async def test_the_states_come_in_order_and_figures_every_second(sink: Sink, folder: Path) -> None:
    plan = job(rtmp("a", sink.url), encoder=encoder(1.5))
    async with running(folder, plan, keys(plan)) as run:
        await run.end()
        assert [one.state for one in run.all(JobState)] == ["starting", "running", "stopping", "ended"]
        assert [one.state for one in run.all(OutputState)] == ["connecting", "up", "ended"]
        numbers = [one.seq for one in run.events if not isinstance(one, Progress)]
        assert numbers == list(range(1, len(numbers) + 1))
        figures = run.all(Progress)[0]
        assert figures.outputs["a"].bytes > 0
        assert figures.buses["main"].keyframes > 0
        assert figures.encoder is not None


async def test_a_real_server_gets_one_session_each(nginx: NginxRtmp, folder: Path) -> None:
    plan = job(*(rtmp(name, nginx.url()) for name in "abcd"))
    async with running(folder, plan, keys(plan)) as run:
        await run.up("a", "b", "c", "d")
        await nginx.published("d")
        await run.seen(Progress, times=2)
        assert all(nginx.bytes_in(name) > 10_000 for name in "abcd")
        await run.client.stop()
        await run.end()
    assert sorted(nginx.publishers()) == ["a", "b", "c", "d"]
    assert nginx.log_text().count("deleteStream") >= 4


async def test_a_destination_is_added_to_a_running_job_from_the_kept_gop(sink: Sink, folder: Path) -> None:
    plan = job(rtmp("a", sink.url))
    async with running(folder, plan, keys(plan)) as run:
        await sink.playing("a", 20)
        await run.client.set_output(rtmp("b", sink.url), {"key-b": "b"})
        added = await sink.playing("b", 3)
        kinds = [one.tag.kind for one in added.arrivals[:3]]
        assert kinds[0] is TagKind.DATA
        assert added.media()[0].is_keyframe
        assert added.media()[0].timestamp == 0
        assert {33, 34} >= set(added.steps())
    assert set(sink.of("a")[0].steps()) <= {33, 34}


async def test_a_destination_is_removed_and_the_others_go_on(sink: Sink, folder: Path) -> None:
    plan = job(rtmp("a", sink.url), rtmp("b", sink.url))
    async with running(folder, plan, keys(plan)) as run:
        await sink.playing("b", 5)
        await run.client.remove_output("b")
        await run.seen(OutputState, output="b", state="ended")
        await sink.until(lambda: sink.of("b")[0].over)
        assert sink.of("b")[0].in_order
        seen = len(sink.of("a")[0].media())
        await sink.playing("a", seen + 10)
        await run.client.stop()
        last = await run.end()
    assert last.totals["b"].state == "ended"
    assert last.totals["b"].tags > 0


async def test_a_changed_key_reconnects_this_output_alone_and_a_new_name_nobody(sink: Sink, folder: Path) -> None:
    plan = job(rtmp("a", sink.url), rtmp("b", sink.url))
    async with running(folder, plan, keys(plan)) as run:
        await sink.playing("a", 5)
        await sink.playing("b", 5)
        await run.client.set_output(replace(plan.outputs[1], name="Another name", revision="2"), {"key-b": "b"})
        await run.client.set_output(plan.outputs[0], {"key-a": "new"})
        await sink.playing("new", 5)
        await sink.until(lambda: sink.of("a")[0].over)
    assert len(sink.of("b")) == 1
    assert sink.of("a")[0].in_order


async def test_a_server_that_comes_back_is_found_again(sink: Sink, folder: Path) -> None:
    async with Sink() as other:
        plan = job(rtmp("a", sink.url), rtmp("b", other.url))
        async with running(folder, plan, keys(plan)) as run:
            await other.playing("b", 5)
            await other.stop()
            lost = await run.seen(OutputState, output="b", state="reconnecting")
            assert lost.code == "rtmp.closed"
            assert lost.retry_in is not None
            assert lost.retry_in <= 0.4
            await run.seen(OutputState, output="b", code="rtmp.refused", state="reconnecting")
            await other.start()
            again = await other.playing("b", 5, session=1)
            assert again.media()[0].is_keyframe
            await run.seen(OutputState, output="b", state="up", times=2)
            await run.client.stop()
            last = await run.end()
    assert last.totals["b"].sessions == 2
    assert last.totals["b"].reconnects >= 2
    assert len(sink.of("a")) == 1
    assert max(sink.of("a")[0].steps()) < 50


async def test_the_backup_address_is_taken_in_turn(sink: Sink, folder: Path) -> None:
    async with Sink() as dead:
        url = dead.url
    plan = job(replace(rtmp("a", url), backup=rtmp("a", sink.url).endpoint))
    async with running(folder, plan, keys(plan)) as run:
        await sink.playing("a", 5)
        assert run.all(OutputState, state="reconnecting")[0].code == "rtmp.refused"


async def test_an_audio_programme_reaches_its_destination(sink: Sink, folder: Path) -> None:
    plan = job(
        rtmp("a", sink.url),
        encoder=encoder(1.5, picture=False),
        renditions=(RenditionPlan(id="main", video=False),),
    )
    async with running(folder, plan, keys(plan)) as run:
        last = await run.end()
    assert last.state == "ended"
    (session,) = sink.of("a")
    assert len(session.media(TagKind.AUDIO)) >= 70
    assert {21, 22} >= set(session.steps(TagKind.AUDIO))


async def test_b_frames_keep_their_order(sink: Sink, folder: Path, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    plan = job(rtmp("a", sink.url), recording("rec", film), encoder=encoder(1.5, bframes=True))
    async with running(folder, plan, keys(plan)) as run:
        await run.end()
    assert all(step > 0 for step in sink.of("a")[0].steps())
    with av.open(str(film)) as container:
        frames = [frame.pts for frame in container.decode(video=0)]
    assert len(frames) == 45
    assert frames == sorted(frames)


async def test_two_renditions_reach_their_outputs(sink: Sink, folder: Path) -> None:
    from castcore_core.runner.plan import Ref

    small = encoder(1.5)
    again = ("-map", "0", "-map", "1", "-s", "80x46", *small.arguments[small.arguments.index("-c:v") : -1])
    plan = job(
        rtmp("a", sink.url),
        replace(rtmp("b", sink.url), rendition="small"),
        encoder=replace(small, arguments=(*small.arguments, *again, Ref(kind="pipe", name="small"))),
        renditions=(RenditionPlan(id="main"), RenditionPlan(id="small")),
    )
    async with running(folder, plan, keys(plan)) as run:
        await run.end()
    a, b = sink.of("a")[0], sink.of("b")[0]
    assert len(a.media()) == len(b.media()) == 45
    assert [tag.is_keyframe for tag in a.media()] == [tag.is_keyframe for tag in b.media()]
    assert a.media()[0].payload != b.media()[0].payload


async def test_many_commands_at_once_end_well(sink: Sink, folder: Path) -> None:
    plan = job(rtmp("a", sink.url))
    async with running(folder, plan, keys(plan)) as run:
        await sink.playing("a", 5)
        for turn in range(5):
            await run.client.set_output(rtmp("b", sink.url), {"key-b": f"b{turn}"})
        await sink.playing("b4", 5)
        await run.client.remove_output("b")
        await run.client.set_output(rtmp("b", sink.url), {"key-b": "last"})
        await sink.playing("last", 5)
        await asyncio.wait_for(run.client.stop(), 5)
        last = await run.end()
    assert set(last.totals) == {"a", "b"}
    assert all(one.over for one in sink.sessions)
