"""Plans by values: nothing is opened, started or read."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from castcore_core.builtin.x264 import X264, X264Config
from castcore_core.ffmpeg.build import FFmpegBuild
from castcore_core.ffmpeg.profile import COPY, PRESETS
from castcore_core.media.info import AudioStream, MediaInfo, VideoStream
from castcore_core.runner.plan import JobPlan, Ref
from castcore_core.streams.planner import Delivery, Planned, Programme, plan_job
from castcore_core.streams.source import Source, parse_source
from castcore_sdk import CastCoreError, PublishProtocol, PublishTarget, Secret
from castcore_sdk.testing import MemoryContext

BUILD = FFmpegBuild(path="/opt/ffmpeg", origin="configured", version=(9, 0, 2), label="9.0.2", size=1, modified_ns=1)
OLD = replace(BUILD, version=(5, 1, 9), label="5.1.9")
PICTURE = VideoStream(index=0, codec="h264", width=320, height=180, fps=Fraction(30), pixel_format="yuv420p")
SOUND = AudioStream(index=1, codec="aac", channels=2, sample_rate=48000)
FILM = MediaInfo(container="mov", duration=60.0, video=(PICTURE,), audio=(SOUND,))
FEED = replace(FILM, container="flv", duration=None)
KEY, PASSPHRASE, IN_KEY = "out-key", "out-passphrase", "in-key"


def target(
    protocol: str, url: str, key: str | None = None, secrets: dict[str, str] | None = None, **options: str
) -> PublishTarget:
    return PublishTarget(
        reference="b",
        protocol=PublishProtocol(protocol),
        url=url,
        stream_key=Secret(key) if key else None,
        secret_options={name: Secret(value) for name, value in (secrets or {}).items()},
        options=options,
    )


RTMP = target("rtmp", "rtmp://host/live", KEY)


def plan(source: Source | str, *targets: PublishTarget, build: FFmpegBuild = BUILD, **values: Any) -> Planned:
    source = parse_source(source) if isinstance(source, str) else source
    media = {"file": FILM, "url": FEED, "pull": FEED}.get(source.kind)
    deliveries = [Delivery(id=f"out{number}", name=f"n{number}", target=each) for number, each in enumerate(targets, 1)]
    made = Programme(
        job_id="job",
        source=source,
        font="/font.ttf",
        ca_file="/ca.pem",
        **{
            "media": media,
            "profile": PRESETS["source"],
            "encoder": X264(X264Config(), MemoryContext()),
            "deliveries": deliveries,
            **values,
        },
    )
    planned = plan_job(made, build)
    assert JobPlan.from_json(json.loads(json.dumps(planned.plan.to_json()))) == planned.plan
    for secret in (KEY, PASSPHRASE, IN_KEY):
        assert secret not in json.dumps(planned.plan.to_json()) + repr(planned)
    return planned


def flat(arguments: Any) -> list[str]:
    return [one for one in arguments if isinstance(one, str)]


def test_a_film_to_rtmp() -> None:
    planned = plan("film.mp4", RTMP)
    (output,) = planned.plan.outputs
    assert (output.kind, output.endpoint and output.endpoint.url) == ("rtmp", "rtmp://host/live")
    assert output.endpoint is not None
    assert planned.secrets == {output.endpoint.stream_key: KEY}
    assert (output.endpoint.ca_file, output.endpoint.verify) == ("/ca.pem", True)
    source, encoder = planned.plan.source, planned.plan.encoder
    assert (source.kind, source.live, source.name) == ("ffmpeg", False, "film.mp4")
    assert encoder is not None
    assert "libx264" in encoder.arguments
    assert encoder.resume
    assert [one.id for one in planned.plan.renditions] == ["main"]
    assert planned.plan.renditions[0].slate is not None
    assert planned.plan.ffmpeg == "/opt/ffmpeg"


@pytest.mark.parametrize(
    ("source", "kind", "live", "slate_after"),
    [
        ("film.mp4", "ffmpeg", False, 2.0),
        ("test", "ffmpeg", False, 2.0),
        ("device:/dev/video0", "ffmpeg", True, 0.6),
        ("srt://host:9000", "ffmpeg", True, 0.6),
        ("rtmp://host/live/in-key", "rtmp_pull", True, 0.6),
        ("listen:rtmp://0.0.0.0/live/in-key", "rtmp_push", True, 0.6),
    ],
)
def test_sources(source: str, kind: str, live: bool, slate_after: float) -> None:
    made = plan(source, RTMP).plan
    assert (made.source.kind, made.source.live, made.slate_after) == (kind, live, slate_after)


def test_an_address_of_known_length_is_a_film() -> None:
    assert not plan("https://host/film.mp4", RTMP, media=FILM).plan.source.live


@pytest.mark.parametrize("source", ["rtmp://host/live/in-key", "listen:rtmp://127.0.0.1/live/in-key"])
def test_rtmp_passed_through_needs_no_ffmpeg(source: str) -> None:
    planned = plan(source, RTMP, profile=COPY, encoder=None)
    assert planned.plan.encoder is None
    assert planned.plan.renditions[0].slate is None
    endpoint = planned.plan.source.endpoint
    assert endpoint is not None
    assert endpoint.stream_key is not None
    assert planned.secrets[endpoint.stream_key] == IN_KEY


@pytest.mark.parametrize(
    "values", [{"no_audio": True, "profile": COPY, "encoder": None}, {"profile": PRESETS["source"]}]
)
def test_rtmp_that_is_changed_needs_one(values: dict[str, Any]) -> None:
    made = plan("rtmp://host/live/in-key", RTMP, **values).plan
    assert made.encoder is not None
    assert made.encoder.stdin


def test_a_login_is_a_secret_too() -> None:
    planned = plan("film.mp4", target("rtmp", "rtmp://host/live", KEY, {"password": PASSPHRASE}, username="castor"))
    endpoint = planned.plan.outputs[0].endpoint
    assert endpoint is not None
    assert endpoint.username == "castor"
    assert endpoint.password is not None
    assert planned.secrets[endpoint.password] == PASSPHRASE


def test_options_of_the_destination_win() -> None:
    endpoint = (
        plan("film.mp4", target("rtmps", "rtmps://h/a", KEY, ca_file="/own.pem", verify="0")).plan.outputs[0].endpoint
    )
    assert endpoint is not None
    assert (endpoint.ca_file, endpoint.verify) == ("/own.pem", False)


def test_a_backup_address() -> None:
    output = plan("film.mp4", replace(RTMP, backup_url="rtmp://other/live")).plan.outputs[0]
    assert output.backup is not None
    assert output.endpoint is not None
    assert (output.backup.url, output.backup.stream_key) == ("rtmp://other/live", output.endpoint.stream_key)


def test_srt_tells_ffmpeg_its_secrets_and_says_so() -> None:
    planned = plan("film.mp4", target("srt", "srt://host:9000", None, {"passphrase": PASSPHRASE}, latency="200000"))
    (output,) = planned.plan.outputs
    names = [one.name for one in output.arguments if isinstance(one, Ref) and one.kind == "secret"]
    assert [planned.secrets[name] for name in names] == [PASSPHRASE]
    assert [one.code for one in planned.notices] == ["security.secret_in_argv"]
    assert "srt://host:9000?latency=200000" in output.arguments


def test_rtmp_puts_no_secret_into_any_argument() -> None:
    planned = plan("listen:rtmp://127.0.0.1/live/in-key", RTMP)
    assert planned.plan.encoder is not None
    assert not [one for one in planned.plan.encoder.arguments if isinstance(one, Ref) and one.kind == "secret"]
    assert planned.notices == ()


def test_files_and_folders() -> None:
    made = plan(
        "film.mp4",
        target("file", "/srv/film.mp4", format="mp4"),
        target("file", "/srv/film.mkv", format="matroska", overwrite="1"),
        target("hls", "/srv/hls", hls_time="4"),
        target("udp", "udp://host:5000", ttl="3"),
    ).plan
    first, second, folder, udp = (one.arguments for one in made.outputs)
    assert "-n" in first
    assert "-y" in second
    assert flat(folder)[flat(folder).index("-hls_time") + 1] == "4"
    assert "udp://host:5000?ttl=3" in udp
    assert {one.kind for one in made.outputs} == {"ffmpeg"}


@pytest.mark.parametrize(
    ("code", "source", "targets", "values"),
    [
        ("streams.sound_alone", "film.mp4", [target("file", "/x.m4a", format="mp4", audio_only="1")], {}),
        ("media.no_video", "film.mp4", [RTMP], {"media": replace(FILM, video=())}),
        ("ffmpeg.no_such_track", "film.mp4", [RTMP], {"audio_track": 5}),
        (
            "ffmpeg.too_old_for_codec",
            "film.mp4",
            [RTMP],
            {
                "profile": COPY,
                "encoder": None,
                "build": OLD,
                "media": replace(FILM, video=(replace(PICTURE, codec="hevc"),)),
            },
        ),
        (
            "ffmpeg.codec_not_in_container",
            "film.mp4",
            [target("udp", "udp://host:1")],
            {"profile": COPY, "encoder": None, "media": replace(FILM, video=(replace(PICTURE, codec="av1"),))},
        ),
        (
            "ffmpeg.codec_not_on_bus",
            "film.mp4",
            [RTMP],
            {"profile": COPY, "encoder": None, "media": replace(FILM, video=(replace(PICTURE, codec="mpeg2video"),))},
        ),
    ],
)
def test_what_cannot_work_is_said_before_anything_runs(
    code: str, source: str, targets: list[PublishTarget], values: dict[str, Any]
) -> None:
    with pytest.raises(CastCoreError) as caught:
        plan(source, *targets, **values)
    assert caught.value.code == code


def test_limits_and_revisions_are_handed_on() -> None:
    delivery = Delivery(id="a", name="A", target=RTMP, revision="7")
    made = plan("film.mp4", duration=5.0, give_up_after=3.0, lifetime="detached", deliveries=[delivery]).plan
    assert (made.duration, made.give_up_after, made.lifetime, made.revisions) == (5.0, 3.0, "detached", {"a": "7"})


def test_seek_and_loop() -> None:
    made = plan("film.mp4", RTMP, start_at=12.5, loop=False).plan.encoder
    assert made is not None
    assert made.start_at == 12.5
    assert flat(made.arguments)[flat(made.arguments).index("-ss") + 1] == "12.500"
    looped = plan("film.mp4", RTMP, loop=True).plan.encoder
    assert looped is not None
    assert "-stream_loop" in looped.arguments
    assert not looped.resume


STORED = Source(kind="stored", name="film.mp4", location="http://127.0.0.1:31000/the-token/a%20b/film.mp4")


@pytest.mark.parametrize("build", [BUILD, OLD])
def test_a_stored_film_is_read_through_the_gateway_and_awaited(build: FFmpegBuild) -> None:
    planned = plan(STORED, RTMP, build=build, media=FILM, start_at=5.0)
    source, encoder = planned.plan.source, planned.plan.encoder
    assert (source.live, source.awaited, source.length) == (False, True, 60.0)
    assert encoder is not None
    assert (encoder.resume, encoder.start_at) == (True, 5.0)
    assert ("http://127.0.0.1:31000/", Ref(kind="secret", name="source.token"), "/a%20b/film.mp4") in encoder.arguments
    assert planned.secrets["source.token"] == "the-token"
    assert "the-token" not in json.dumps(planned.plan.to_json())
    options = flat(encoder.arguments)
    assert options[options.index("-reconnect_on_http_error") + 1] == "429,5xx"
    assert options[options.index("-protocol_whitelist") + 1] == "http,tcp,crypto"
    assert "security.secret_in_argv" not in [notice.code for notice in planned.notices]


def test_a_stored_film_in_a_loop_has_no_end() -> None:
    planned = plan(STORED, RTMP, media=FILM, loop=True)
    assert (planned.plan.source.awaited, planned.plan.source.length) == (True, None)
    assert planned.plan.encoder is not None
    assert "-stream_loop" in flat(planned.plan.encoder.arguments)


def test_a_stored_picture_is_refused() -> None:
    with pytest.raises(CastCoreError) as caught:
        plan(STORED, RTMP, media=replace(FILM, still=True))
    assert caught.value.code == "ffmpeg.stored_still"
