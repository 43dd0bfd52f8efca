"""What people type wrongly: one clear coded error in their language, the right status, and nothing lost."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from castcore_core.cli import main
from castcore_core.cli.status import ExitStatus
from castcore_core.i18n import translate
from servers.media import Clips

CODE = re.compile(r"\(([a-z]+\.[a-z_]+)\)")
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Call:
    """Run the program in this process, in an empty folder; gives status, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CASTCORE_DATA_DIR", str(tmp_path / ".data"))
    monkeypatch.setenv("CASTCORE_CACHE_DIR", str(tmp_path / ".cache"))
    monkeypatch.setenv("COLUMNS", "100")
    for name in ("CASTCORE_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG", "CASTCORE_FFMPEG", "CASTCORE_CA_FILE"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["castcore", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, out, err

    return run


def refused(call: Call, code: str, *arguments: str, status: int = ExitStatus.INPUT) -> str:
    """See that it is refused with this code and status, and that both languages have a text for it."""
    got, out, err = call("run", *arguments, "--json")
    assert (got, err) == (status, "")
    error = json.loads(out)["error"]
    assert (error["code"], error["level"]) == (code, "error")
    english, german = (translate(code, error["params"], language=language) for language in ("en", "de"))
    for text in (english, german):
        assert "{{" not in f"{text.message}{text.cause}{text.remedy}"
    assert english.message != german.message
    return english.message


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("error:", "The file does not exist.")), ("de", ("Fehler:", "Die Datei existiert nicht."))],
)
def test_an_error_is_said_once_and_in_words(call: Call, language: str, words: tuple[str, str]) -> None:
    status, out, err = call("--lang", language, "run", "missing.mp4", "--record", "out.mkv")
    assert (status, out) == (ExitStatus.INPUT, "")
    assert CODE.findall(err) == ["media.not_found"]
    assert err.startswith(" ".join(words))
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["rtmp://127.0.0.1:70000/live/canary"],
        ["rtmp://127.0.0.1:1/live/canary?canary"],
        ["http://user:canary@127.0.0.1:1/x?key=canary"],
        ["ftp://user:canary@127.0.0.1/x"],
        ["listen:an.example/live/canary"],
        ["listen:rtmps://127.0.0.1/live/canary"],
        ["test:320x180", "--to", "rtmp://127.0.0.1:70000/live/canary"],
        ["test:320x180", "--to", "rtmp://user:canary@127.0.0.1:70000/live/canary"],
        ["test:320x180", "--to", "rtmp://127.0.0.1:1/live/can\tary canary"],
        ["test:320x180", "--to", "rtmp://127.0.0.1:1/live?token=canary/key"],
        ["test:320x180", "--to", "srt://127.0.0.1:1?passphrase=canary&nope=canary"],
        ["test:320x180", "--to", "srt://127.0.0.1:1?passphrase=canary"],
        ["test:320x180", "--to", "an.example/live/canary"],
        ["test:320x180", "--to", "canary"],
        ["test:320x180", "--to", "rtmp://h/live/canary", "--to", "rtmp://h/live/canary"],
    ],
    ids=lambda arguments: arguments[-1],
)
def test_secrets_in_addresses_that_cannot_be_used(call: Call, tmp_path: Path, arguments: list[str]) -> None:
    """Typed into the command line, and yet repeated nowhere."""
    for form in ([], ["--json"]):
        status, out, err = call("run", *arguments, "--record", "out.mkv", "--wait-source", "0.5", *form)
        assert status in (ExitStatus.INPUT, ExitStatus.SOURCE)
        assert "canary" not in out + err
    assert not [one for one in tmp_path.rglob("*") if one.is_file() and b"canary" in one.read_bytes()]


@pytest.mark.parametrize(
    ("clip", "code"),
    [
        ("empty", "media.empty"),
        ("zeros", "media.not_media"),
        ("text", "media.not_media"),
        ("no-moov", "media.truncated"),
        ("audio-only", "media.no_video"),
    ],
)
def test_files_that_are_no_film(call: Call, clips: Clips, tmp_path: Path, clip: str, code: str) -> None:
    refused(call, code, str(clips[clip]), "--record", "out.mkv")
    assert not (tmp_path / "out.mkv").exists()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("missing.mp4", "media.not_found"),
        (".", "media.is_directory"),
        ("", "streams.input_empty"),
        ("a" * 4096, "media.path_too_long"),
        ("a/" * 2048, "media.path_too_long"),
        ("é" * 128 + ".mp4", "media.path_too_long"),
        ("new\nline.mp4", "media.not_found"),
        ("日本語.mp4", "media.not_found"),
        ("%03d.mp4", "media.not_found"),
        ("concat:x", "media.not_found"),
        ("http:foo", "media.not_found"),
        ("{env:CASTCORE_NOT_SET}", "streams.variable_unset"),
        ("ftp://host/film.mp4", "streams.unknown_scheme"),
        ("rtmp://host:99999/live/key", "streams.input_invalid"),
        ("http://[::1/film.mp4", "streams.input_invalid"),
        ("listen:nowhere", "streams.listen_form"),
        ("test:10x10", "streams.test_size"),
    ],
)
def test_inputs_that_are_not_there(call: Call, name: str, code: str) -> None:
    said = refused(call, code, name, "--record", "out.mkv")
    assert "word" not in said
    assert len(said) < 400


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("http://user:word@127.0.0.1:1/film.mp4", "ffmpeg.refused"),
        ("rtmp://127.0.0.1:1/live/word", "rtmp.refused"),
    ],
)
def test_feeds_that_do_not_come_up_in_time(call: Call, name: str, code: str) -> None:
    arguments = (name, "--record", "out.mkv", "--wait-source", "1.2")
    said = refused(call, code, *arguments, status=ExitStatus.SOURCE)
    assert "word" not in said


def test_a_name_with_a_leading_dash(call: Call) -> None:
    status, _, err = call("run", "--record", "out.mkv", "--", "-film.mp4")
    assert (status, CODE.findall(err)) == (ExitStatus.INPUT, ["media.not_found"])


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("", "streams.target_form"),
        ("film.mkv", "streams.target_form"),
        ("foo://host", "streams.target_scheme"),
        ("rtmp://127.0.0.1", "destinations.app_missing"),
        ("rtmp:///live/key", "destinations.host_missing"),
        ("rtmp://127.0.0.1:0/live/key", "destinations.port_invalid"),
        ("rtmp://127.0.0.1:65536/live/key", "destinations.port_invalid"),
        ("rtmp://127.0.0.1:x/live/key", "destinations.port_invalid"),
        ("rtmp://[::1/live/key", "destinations.host_invalid"),
        ("rtmp://host/live/" + "k" * 5000, "destinations.url_too_long"),
        ("rtmp://host/live/a b", "destinations.url_character"),
        ("rtmp://host/live/{env:CASTCORE_NOT_SET}", "streams.variable_unset"),
        ("rtmp://host/live/{file:nowhere}", "streams.key_file_unreadable"),
        ("srt://host", "destinations.port_missing"),
        ("srt://host:9000?passphrase=short", "destinations.passphrase_length"),
        ("srt://host:9000?colour=red", "destinations.option_unknown"),
        ("udp://host", "destinations.port_missing"),
        ("hls:", "destinations.path_empty"),
        ("hls:a%20%03d", "ffmpeg.folder_name"),
        ("hls:/dev/null/x", "destinations.not_a_directory"),
        ("file:", "destinations.path_empty"),
        ("file:out", "destinations.extension_unknown"),
        ("file:out.avi", "destinations.extension_unknown"),
        ("file:nowhere/out.mkv", "destinations.folder_missing"),
        ("file:new\nline.mkv", "destinations.path_character"),
        ("file:" + "x" * 300 + ".mkv", "destinations.path_too_long"),
        ("file:sound.m4a", "streams.sound_alone"),
        ("file:/proc/out.mkv", "destinations.not_writable"),
    ],
)
def test_targets_that_cannot_be_used(call: Call, target: str, code: str) -> None:
    refused(call, code, "test:320x180", "--to", target)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], "streams.no_target"),
        (["--record", "out.mkv", "--profile", "nope"], "streams.profile_unknown"),
        (["--record", "out.mkv", "--profile", "nope.toml"], "streams.profile_unreadable"),
        (["--record", "out.mkv", "--encoder", "nope"], "streams.encoder_unknown"),
        (["--record", "out.mkv", "--copy"], "streams.nothing_to_copy"),
        (["--record", "out.mkv", "--loop"], "streams.option_needs_file"),
        (["--record", "out.mkv", "--seek", "3"], "streams.option_needs_file"),
        (["--record", "out.mkv", "--still", "nope.png"], "media.not_found"),
        (["--record", "out.mkv", "--key-file", "nope"], "streams.key_file_unreadable"),
        (["--record", "out.mkv", "--key-file", "/dev/zero"], "streams.key_file_too_large"),
        (["--record", "out.mkv", "--ca-file", "nope.pem"], "rtmp.ca_unreadable"),
        (["--record", "out.mkv", "--ca-file", "/etc/hostname"], "rtmp.ca_unreadable"),
        (["--record", "out.mkv", "--to", "file:./out.mkv"], "streams.target_twice"),
    ],
)
def test_options_that_cannot_be_used(call: Call, arguments: list[str], code: str) -> None:
    refused(call, code, "test:320x180", *arguments)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--ffmpeg", "/nowhere/ffmpeg"], "ffmpeg.missing"), (["--ffmpeg", "/bin/true"], "ffmpeg.not_ffmpeg")],
)
def test_a_machine_without_ffmpeg(call: Call, arguments: list[str], code: str) -> None:
    refused(call, code, "test:320x180", "--record", "out.mkv", *arguments, status=ExitStatus.SYSTEM)


def test_a_data_folder_that_cannot_be(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASTCORE_DATA_DIR", "/dev/null/castcore")
    refused(call, "cli.data_folder", "test:320x180", "--record", "out.mkv", status=ExitStatus.SYSTEM)


def test_recordings_that_exist_are_kept(call: Call, tmp_path: Path, clips: Clips) -> None:
    film = tmp_path / "film.mkv"
    film.write_bytes(b"the only copy")
    refused(call, "destinations.file_exists", "test:320x180", "--record", "film.mkv")
    assert film.read_bytes() == b"the only copy"
    source = tmp_path / "source.mkv"
    source.write_bytes(clips["mkv"].read_bytes())
    os.link(source, tmp_path / "same.mkv")
    for name in ("source.mkv", "same.mkv"):
        refused(call, "streams.target_is_input", "source.mkv", "--record", name, "--overwrite")
    assert source.read_bytes() == clips["mkv"].read_bytes()


def test_a_bad_target_leaves_nothing_of_the_others(call: Call, tmp_path: Path) -> None:
    refused(call, "destinations.folder_missing", "test:320x180", "--record", "good.mkv", "--to", "file:nowhere/bad.mkv")
    assert not (tmp_path / "good.mkv").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["run", "a", "b"],
        ["run", "a", "--duration", "x"],
        ["run", "a", "--seek", "-1"],
        ["nope"],
        ["run", "--x"],
    ],
)
def test_a_command_line_that_cannot_be_understood(call: Call, arguments: list[str]) -> None:
    status, out, err = call(*arguments)
    assert (status, out) == (ExitStatus.USAGE, "")
    assert err
    assert "Traceback" not in err


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["--version"], ["plugin", "--help"]])
@pytest.mark.parametrize("language", ["en", "de"])
def test_help(call: Call, language: str, arguments: list[str]) -> None:
    status, out, err = call("--lang", language, *arguments)
    assert (status, err) == (ExitStatus.OK, "")
    assert out
    assert "{{" not in out
