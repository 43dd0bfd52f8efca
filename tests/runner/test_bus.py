"""The bus and the queue of a destination, by value."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from castcore_core.rtmp import Tag, TagKind, encode_metadata
from castcore_core.runner.bus import MAX_GOP_TAGS, Bus
from castcore_core.runner.egress.lane import Lane
from castcore_core.runner.egress.queue import TagQueue
from castcore_core.runner.role import Role, role_of, track_of

VIDEO, AUDIO = TagKind.VIDEO, TagKind.AUDIO
META = encode_metadata({"width": 160.0})
AVC, AAC = Tag(VIDEO, 0, b"\x17\x00\x00\x00\x00sps"), Tag(AUDIO, 0, b"\xaf\x00\x11\x90")


def key(time: int) -> Tag:
    return Tag(VIDEO, time, b"\x17\x01\x00\x00\x00key%d" % time)


def inter(time: int) -> Tag:
    return Tag(VIDEO, time, b"\x27\x01\x00\x00\x00p%d" % time)


def sound(time: int) -> Tag:
    return Tag(AUDIO, time, b"\xaf\x01%d" % time)


class Reader:
    def __init__(self) -> None:
        self.tags: list[Tag] = []

    def put(self, tag: Tag) -> None:
        self.tags.append(tag)


class Link:
    def __init__(self, unsent: int = 0) -> None:
        self.unsent = unsent
        self.tags: list[Tag] = []

    def send(self, tag: Tag) -> None:
        self.tags.append(tag)


def full_bus() -> Bus:
    bus = Bus()
    for tag in (META, AVC, AAC, key(0), sound(5), inter(40), key(1000), sound(1005), inter(1040)):
        bus.publish(tag)
    return bus


def test_a_newcomer_gets_headers_the_kept_gop_and_then_what_comes() -> None:
    bus, reader = full_bus(), Reader()
    bus.join(reader)
    assert [tag.payload for tag in reader.tags[:3]] == [META.payload, AVC.payload, AAC.payload]
    assert [tag.timestamp for tag in reader.tags] == [1000, 1000, 1000, 1000, 1005, 1040]
    bus.publish(inter(1080))
    assert reader.tags[-1] == inter(1080)
    bus.leave(reader)
    bus.leave(reader)
    bus.publish(inter(1120))
    assert reader.tags[-1] == inter(1080)


def test_a_header_that_says_the_same_is_not_sent_again_and_another_one_is() -> None:
    bus, reader = full_bus(), Reader()
    bus.join(reader)
    before = len(reader.tags)
    assert not bus.publish(AVC)
    assert not bus.publish(META)
    assert len(reader.tags) == before
    other = Tag(VIDEO, 1100, b"\x17\x00\x00\x00\x00other")
    assert bus.publish(other)
    late = Reader()
    bus.join(late)
    assert [tag.payload for tag in late.tags] == [META.payload, other.payload, AAC.payload]


def test_a_gop_too_long_is_not_kept() -> None:
    bus, reader = Bus(), Reader()
    bus.publish(key(0))
    for time in range(MAX_GOP_TAGS + 1):
        bus.publish(inter(time))
    bus.join(reader)
    assert reader.tags == []
    bus.publish(key(9000))
    bus.publish(inter(9040))
    late = Reader()
    bus.join(late)
    assert late.tags == [key(9000), inter(9040)]


def test_end_of_sequence_empty_and_command_tags_are_not_for_the_bus() -> None:
    bus = Bus()
    for body in (b"\x17\x02\x00\x00\x00", b"", b"\x57\x00", b"\x92hvc1"):
        assert not bus.publish(Tag(VIDEO, 0, body))
    assert bus.tags == 0


def test_roles_of_enhanced_tags() -> None:
    cases = {
        b"\x90hvc1config": Role.HEADER,
        b"\x91hvc1\x00\x00\x00frame": Role.KEY,
        b"\x93av01frame": Role.KEY,
        b"\xa3hvc1frame": Role.MEDIA,
        b"\x94hvc1colour": Role.HEADER,
        b"\x96\x00hvc1\x01config": Role.HEADER,
        b"\x96\x01hvc1\x01frame": Role.KEY,
    }
    assert {body: role_of(Tag(VIDEO, 0, body)) for body in cases} == cases
    sounds = {b"\x90OpusHead": Role.HEADER, b"\x91Opusx": Role.MEDIA, b"\x95\x00mp4a\x02config": Role.HEADER}
    assert {body: role_of(Tag(AUDIO, 0, body)) for body in sounds} == sounds
    tracks = [b"\x90hvc1config", b"\x94hvc1colour", b"\x96\x00hvc1\x01config", b"\x96\x00hvc1\x02config"]
    assert len({track_of(Tag(VIDEO, 0, body)) for body in tracks}) == 4


def test_a_full_queue_drops_up_to_the_next_keyframe_and_counts() -> None:
    queue = TagQueue(1000, video=True)
    for tag in (AVC, key(0), inter(400), key(800), inter(900), inter(1001)):
        queue.put(tag)
    assert [queue.pop() for _ in range(len(queue))] == [AVC, key(800), inter(900), inter(1001)]
    assert queue.dropped_tags == 2
    assert queue.dropped_ms == 800


def test_a_full_queue_without_a_keyframe_waits_for_one() -> None:
    queue = TagQueue(1000, video=True)
    for tag in (key(0), inter(600), inter(1100), inter(1200), sound(1205), AVC, key(1300), sound(1301)):
        queue.put(tag)
    assert [queue.pop() for _ in range(len(queue))] == [AVC, key(1300), sound(1301)]
    assert queue.dropped_tags == 5


def test_an_audio_queue_loses_its_older_half() -> None:
    queue = TagQueue(1000, video=False)
    for time in range(0, 1101, 100):
        queue.put(sound(time))
    assert queue.dropped_tags == 6
    assert queue.span_ms == 500


def test_a_kept_gop_longer_than_the_bound_is_excused_until_it_is_gone() -> None:
    queue = TagQueue(100, video=True)
    lane_bus = full_bus()
    for time in range(1080, 4000, 40):
        lane_bus.publish(inter(time))
    lane = Lane(5000, video=True)
    lane.join(lane_bus)
    link = Link()
    lane.connect(link)
    assert len(link.tags) == len(lane_bus._gop) + 3
    assert link.tags[0].timestamp == 0
    assert queue.dropped_tags == lane.queue.dropped_tags == 0


async def test_a_lane_keeps_what_the_link_cannot_take_and_sends_it_later() -> None:
    bus, link, lane = full_bus(), Link(unsent=10**9), Lane(5000, video=True)
    lane.join(bus)
    lane.connect(link)
    assert link.tags == []
    link.unsent = 0
    await lane.drained()
    assert [tag.timestamp for tag in link.tags] == [0, 0, 0, 0, 5, 40]
    assert lane.seconds == 0.04
    lane.disconnect()
    lane.join(bus)
    again = Link()
    lane.connect(again)
    assert again.tags == link.tags
    assert lane.seconds == 0.08


MEDIA = st.lists(st.tuples(st.sampled_from("kpah"), st.integers(0, 300)), max_size=80)


@given(MEDIA, st.integers(100, 2000))
def test_a_queue_holds_its_bound_and_never_begins_between_keyframes(steps: list[tuple[str, int]], limit: int) -> None:
    queue, time, given = TagQueue(limit, video=True), 0, 0
    for kind, step in [("k", 0), *steps]:
        time += step
        queue.put({"k": key, "p": inter, "a": sound, "h": lambda at: Tag(VIDEO, at, AVC.payload)}[kind](time))
        given += kind != "h"
        assert queue.span_ms <= limit
    taken = [queue.pop() for _ in range(len(queue))]
    media = [tag for tag in taken if role_of(tag) in (Role.KEY, Role.MEDIA)]
    assert len(media) + queue.dropped_tags == given
    if media:
        assert role_of(media[0]) is Role.KEY
