"""What a request becomes before anything runs."""

from __future__ import annotations

from pathlib import Path

from castcore_core.ffmpeg.build import find_build
from castcore_core.plugins.host import HostSettings, PluginHost
from castcore_core.streams.preparation import Prepared, prepare
from castcore_core.streams.request import RunRequest
from servers.media import Clips, clips

__all__ = ["clips"]


async def prepared(folder: Path, source: str = "test:320x180", **wanted: str) -> Prepared:
    """Prepare a recording of the test picture, or of another source."""
    host = PluginHost(folder / "data", folder / "cache", settings=HostSettings(early=0, watch=False))
    host.load()
    await host.start(tell=False)
    try:
        request = RunRequest(input=source, targets=(), record=folder / "film.mkv", **wanted)
        made = await prepare(request, host, await find_build())
        await made.close()
    finally:
        await host.aclose()
    return made


def option(made: Prepared, name: str) -> object:
    """Return the value behind an option of the encoder."""
    assert made.planned.plan.encoder is not None
    arguments = made.planned.plan.encoder.arguments
    return arguments[arguments.index(name) + 1]


async def test_a_film_is_opened_as_what_it_was_when_it_was_looked_into(tmp_path: Path, clips: Clips) -> None:
    made = await prepared(tmp_path, str(clips["av"]))
    assert option(made, "-format_whitelist") == "mov,mp4,m4a,3gp,3g2,mj2"


async def test_what_a_profile_asks_of_its_encoder_reaches_it(tmp_path: Path) -> None:
    profile = tmp_path / "film.toml"
    profile.write_text('[video]\ntune = "grain"\n')
    assert option(await prepared(tmp_path, profile=str(profile)), "-tune") == "grain"


async def test_the_encoder_that_is_asked_for_takes_the_place_of_the_profile_s(tmp_path: Path) -> None:
    made = await prepared(tmp_path, encoder="builtin.x265")
    assert option(made, "-c:v") == "libx265"
    assert made.profile.encoder == "builtin.x265"
