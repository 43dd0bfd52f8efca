"""The contract as a whole: light, typed, documented."""

from __future__ import annotations

import inspect
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import castcore_sdk
from castcore_sdk import (
    EXTENSION_ID,
    CastCoreError,
    ConfigurationError,
    Destination,
    EncodeRequest,
    Extension,
    ExtensionConfig,
    TemporaryError,
    hookspecs,
    storage_path,
)


def test_all_names_what_there_is() -> None:
    assert castcore_sdk.__all__ == sorted(castcore_sdk.__all__, key=lambda name: (not name.isupper(), name))
    public = {name for name, value in vars(castcore_sdk).items() if name[0] != "_" and not inspect.ismodule(value)}
    assert public == set(castcore_sdk.__all__)


def test_every_public_class_and_method_says_what_it_is() -> None:
    for name in castcore_sdk.__all__:
        value = getattr(castcore_sdk, name)
        if not (inspect.isclass(value) and value.__module__.startswith("castcore_sdk")):
            continue
        assert (value.__doc__ or "").strip(), name
        for member, function in vars(value).items():
            if inspect.isfunction(function) and not member.startswith("_"):
                assert (function.__doc__ or "").strip(), f"{name}.{member}"


def test_every_hook_says_what_it_is_for() -> None:
    hooks = [value for name, value in vars(hookspecs).items() if name.startswith("castcore_")]
    assert len(hooks) == 10
    assert all(inspect.getdoc(hook) for hook in hooks)


def test_importing_it_loads_no_http_client() -> None:
    code = "import sys, castcore_sdk; print(sorted({'httpx2', 'pytest', 'anyio', 'ssl'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert found.stdout.strip() == "[]"


def test_the_package_is_typed() -> None:
    assert Path(castcore_sdk.__file__).with_name("py.typed").exists()


def test_the_type_argument_is_the_configuration() -> None:
    class Config(ExtensionConfig):
        pass

    class Mine(Destination[Config]):
        pass

    class Heir(Mine):
        pass

    assert Mine.config_model is Heir.config_model is Config
    with pytest.raises(TypeError, match="subclass of ExtensionConfig"):

        class Wrong(Extension[int]):  # type: ignore[type-var]
            pass


def test_a_destination_without_a_url_form_says_so() -> None:
    class Config(ExtensionConfig):
        pass

    class Mine(Destination[Config]):
        id = "mine"

    with pytest.raises(ConfigurationError) as caught:
        Mine.config_from_url("mine:x")
    assert caught.value.code == "config.no_url_form"


def test_errors_carry_code_parameters_and_what_to_do_next() -> None:
    error = TemporaryError("a.b", retry_after=timedelta(seconds=3), params={"n": 1}, detail="why")
    assert (error.code, error.params, str(error), error.retryable) == ("a.b", {"n": 1}, "why", True)
    assert not CastCoreError("a.b").retryable
    assert str(CastCoreError("a.b")) == "a.b"


@pytest.mark.parametrize("name", ["rtmp", "nvenc.h264", "my-platform", "a1_b2"])
def test_ids_that_are_taken(name: str) -> None:
    assert EXTENSION_ID.fullmatch(name)


@pytest.mark.parametrize("name", ["", "A", "1a", "a.", ".a", "a..b", "a b", "ä", "a\n"])
def test_ids_that_are_refused(name: str) -> None:
    assert not EXTENSION_ID.fullmatch(name)


@pytest.mark.parametrize(
    ("text", "path"),
    [("", ""), (".", ""), ("a/b", "a/b"), ("a//b/./c/", "a/b/c"), ("a b/ü.mp4", "a b/ü.mp4"), ("..a", "..a")],
)
def test_storage_paths_are_normalised(text: str, path: str) -> None:
    assert storage_path(text) == path


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("/etc/passwd", "storage.path_absolute"),
        ("..", "storage.path_outside"),
        ("a/../../b", "storage.path_outside"),
        ("a/..", "storage.path_outside"),
        ("a\0b", "storage.path_invalid"),
        ("\ud800", "storage.path_invalid"),
    ],
)
def test_storage_paths_that_lead_out_are_refused(text: str, code: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        storage_path(text)
    assert caught.value.code == code


@pytest.mark.parametrize(("fps", "seconds", "frames"), [(30.0, 2.0, 60), (30000 / 1001, 2.0, 60), (25.0, 0.01, 1)])
def test_the_gop_is_in_whole_frames(fps: float, seconds: float, frames: int) -> None:
    values: dict[str, Any] = {"width": 320, "height": 180, "video_bitrate": 1, "codec": "h264"}
    assert EncodeRequest(fps=fps, keyframe_interval=timedelta(seconds=seconds), **values).gop == frames
