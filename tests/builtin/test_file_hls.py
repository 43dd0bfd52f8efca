"""Recordings and HLS folders: names, and a real file system."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from castcore_core.builtin.file import FileConfig, FileDestination
from castcore_core.builtin.hls import HlsConfig, HlsDestination
from castcore_sdk import BroadcastMetadata, BroadcastRequest, ConfigurationError, parse_config
from castcore_sdk.testing import MemoryContext

REQUEST = BroadcastRequest(broadcast_id="b1", metadata=BroadcastMetadata(title="t"))
OTHER = BroadcastRequest(broadcast_id="b2", metadata=BroadcastMetadata(title="t"))


def recording(path: Path | str, **config: Any) -> FileDestination:
    return FileDestination(parse_config(FileConfig, {"path": str(path), **config}), MemoryContext())


def playlist(folder: Path | str, **config: Any) -> HlsDestination:
    return HlsDestination(parse_config(HlsConfig, {"folder": str(folder), **config}), MemoryContext())


async def refusal(destination: FileDestination | HlsDestination) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        await destination.open_broadcast(REQUEST)
    (result,) = await destination.check()
    assert result.code == caught.value.code, "check and open have to agree"
    return caught.value


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file:/srv/a.mp4", "/srv/a.mp4"),
        ("FILE:/srv/a.mp4", "/srv/a.mp4"),
        ("file:///srv/a%20b.mp4", "/srv/a b.mp4"),
        ("file://localhost/srv/a.mkv", "/srv/a.mkv"),
        ("file:/srv/a%20b.mp4", "/srv/a%20b.mp4"),
        ("file:/srv/./x/../a.TS", "/srv/a.TS"),
        ("file:/srv/Übertragung 東京 🎬.mp4", "/srv/Übertragung 東京 🎬.mp4"),
        ("file:/srv/a?b#c.flv", "/srv/a?b#c.flv"),
    ],
)
def test_file_addresses_that_are_taken(url: str, path: str) -> None:
    assert FileDestination.config_from_url(url) == {"path": path}
    assert parse_config(FileConfig, {"path": path}).path == path


def test_relative_paths_and_the_home_folder_are_as_in_a_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/studio")
    assert FileDestination.config_from_url("file:a.mp4") == {"path": f"{tmp_path}/a.mp4"}
    assert FileDestination.config_from_url("file:~/a.mp4") == {"path": "/home/studio/a.mp4"}
    assert HlsDestination.config_from_url("hls:live") == {"folder": f"{tmp_path}/live"}


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("file", "destinations.scheme_unknown"),
        ("hls:/srv/a.mp4", "destinations.scheme_unknown"),
        ("file:", "destinations.path_empty"),
        ("file://", "destinations.path_not_absolute"),
        ("file://server/a.mp4", "destinations.path_not_absolute"),
        ("file:///", "destinations.is_directory"),
        ("file:/srv/folder.mp4/", "destinations.is_directory"),
        ("file:/srv/a", "destinations.extension_unknown"),
        ("file:/srv/.mp4", "destinations.extension_unknown"),
        ("file:/srv/a.avi", "destinations.extension_unknown"),
        ("file:/srv/a.mp4 ", "destinations.extension_unknown"),
        ("file:/srv/a\n.mp4", "destinations.path_character"),
        ("file:///srv/a%00.mp4", "destinations.path_character"),
        ("file:/srv/\udcff.mp4", "destinations.path_character"),
        ("file:/" + "a" * 252 + ".mp4", "destinations.path_too_long"),
        ("file:/" + "ü" * 126 + ".mp4", "destinations.path_too_long"),
        ("file:" + "/aaaaaaaa" * 455 + "/a.mp4", "destinations.path_too_long"),
    ],
)
def test_file_addresses_that_are_refused(url: str, code: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        FileDestination.config_from_url(url)
    assert caught.value.code == code


@pytest.mark.parametrize("path", ["/" + "a" * 251 + ".mp4", "/aaaaaaaa" * 454 + "/aaa.mp4"])
def test_paths_at_the_limits_are_taken(path: str) -> None:
    assert parse_config(FileConfig, {"path": path}).path == path


def test_a_configured_path_has_to_be_absolute() -> None:
    for model, field in ((FileConfig, "path"), (HlsConfig, "folder")):
        with pytest.raises(ConfigurationError) as caught:
            parse_config(model, {field: "a.mp4"})
        assert (caught.value.code, caught.value.field) == ("destinations.path_not_absolute", field)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mp4", {"format": "mp4"}),
        ("a.MKV", {"format": "matroska"}),
        ("a.ts", {"format": "mpegts"}),
        ("a.flv", {"format": "flv"}),
        ("a.m4a", {"format": "mp4", "audio_only": "1"}),
        ("a.mka", {"format": "matroska", "audio_only": "1"}),
    ],
)
async def test_the_extension_chooses_the_format(tmp_path: Path, name: str, options: Mapping[str, str]) -> None:
    target = await recording(tmp_path / name).open_broadcast(REQUEST)
    assert (target.protocol, target.url, target.options) == ("file", str(tmp_path / name), options)
    assert list(tmp_path.iterdir()) == [], "nothing is made before the recording starts"


async def test_an_existing_file_is_kept_unless_overwriting_is_allowed(tmp_path: Path) -> None:
    file = tmp_path / "a.mp4"
    file.write_bytes(b"precious")
    assert (await refusal(recording(file))).code == "destinations.file_exists"
    target = await recording(file, overwrite=True).open_broadcast(REQUEST)
    assert target.options["overwrite"] == "1"
    assert file.read_bytes() == b"precious"


async def test_the_own_file_of_a_broadcast_is_no_obstacle(tmp_path: Path) -> None:
    destination = recording(tmp_path / "a.mp4")
    first = await destination.open_broadcast(REQUEST)
    Path(first.url).write_bytes(b"half a recording")
    assert await destination.open_broadcast(REQUEST) == first
    with pytest.raises(ConfigurationError) as caught:
        await destination.open_broadcast(OTHER)
    assert caught.value.code == "destinations.file_exists"


async def test_a_dangling_link_is_there_too(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").symlink_to(tmp_path / "nowhere.mp4")
    assert (await refusal(recording(tmp_path / "a.mp4"))).code == "destinations.file_exists"


async def test_places_that_cannot_hold_a_recording(tmp_path: Path) -> None:
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "file").write_text("")
    assert (await refusal(recording(tmp_path / "folder.mp4"))).code == "destinations.is_directory"
    assert (await refusal(recording(tmp_path / "folder.mp4", overwrite=True))).code == "destinations.is_directory"
    assert (await refusal(recording(tmp_path / "missing" / "a.mp4"))).code == "destinations.folder_missing"
    assert (await refusal(recording(tmp_path / "file" / "a.mp4"))).code == "destinations.not_a_directory"
    assert (await refusal(recording("/proc/castcore.mp4"))).code == "destinations.not_writable"


async def test_an_hls_folder_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    destination = playlist(folder, segment_seconds=4, list_size=10, segment_type="fmp4")
    assert [result.code for result in await destination.check()] == ["destinations.writable"]
    assert not folder.exists(), "a check leaves nothing behind"
    target = await destination.open_broadcast(REQUEST)
    assert folder.is_dir()
    assert (target.protocol, target.url) == ("hls", str(folder))
    assert target.options == {
        "playlist": "index.m3u8",
        "hls_time": "4",
        "hls_list_size": "10",
        "hls_segment_type": "fmp4",
    }


async def test_places_that_cannot_hold_a_playlist(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert (await refusal(playlist(tmp_path / "file"))).code == "destinations.not_a_directory"
    assert (await refusal(playlist(tmp_path / "file" / "a"))).code == "destinations.not_a_directory"
    assert (await refusal(playlist("/proc/castcore/live"))).code == "destinations.not_writable"


@pytest.mark.parametrize("name", ["../a.m3u8", "a.mp4", ".m3u8", "a b.m3u8", "a/b.m3u8", "a.m3u8\n"])
def test_playlists_have_plain_names(name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_config(HlsConfig, {"folder": "/srv", "playlist": name})
    assert caught.value.field == "playlist"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody with fewer rights")
def test_a_folder_without_the_right_to_write_is_refused(tmp_path: Path) -> None:
    script = f"""
import os
os.setgroups([]); os.setgid(65534); os.setuid(65534)
from pathlib import Path
from castcore_core.builtin.place import require_folder
from castcore_sdk import ConfigurationError
try:
    require_folder(Path({str(tmp_path)!r}))
except ConfigurationError as error:
    print(error.code, error.params["reason"])
"""
    tmp_path.chmod(0o555)
    for parent in tmp_path.parents[:-1]:
        if not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o001)
    loaded = f"import castcore_core.builtin.place, encodings.idna\n{script}"
    found = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, timeout=30, check=True)
    assert found.stdout.strip() == "destinations.not_writable Permission denied"


@given(st.text(max_size=60))
def test_no_text_does_worse_than_a_configuration_error(text: str) -> None:
    for destination in (FileDestination, HlsDestination):
        (scheme,) = destination.url_schemes
        for url in (text, f"{scheme}:{text}", f"{scheme}:/{text}.mp4", f"{scheme}://{text}"):
            try:
                parse_config(destination.config_model, destination.config_from_url(url))
            except ConfigurationError:
                continue
