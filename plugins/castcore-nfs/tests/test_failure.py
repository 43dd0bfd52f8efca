"""What each answer of a server means to an operator."""

from __future__ import annotations

import errno
import json
import re
import socket
from ctypes import create_string_buffer
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace

import pytest

import castcore_nfs
from castcore_nfs.config import MountedConfig, NfsConfig
from castcore_nfs.context import Context, Found, Refused, Unmounted
from castcore_nfs.export import described, located
from castcore_nfs.failure import ANSWERS, FIELDS, is_answer, may_pass, typed
from castcore_sdk import (
    CastCoreError,
    ConfigurationError,
    NotFoundError,
    PermanentError,
    StoragePath,
    TemporaryError,
    parse_config,
)

CONFIG = parse_config(NfsConfig, {"host": "nas", "export": "/media"})


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (Refused(errno.ENOENT, ""), NotFoundError, "nfs.not_found"),
        (Refused(errno.EACCES, ""), PermanentError, "nfs.access_denied"),
        (Refused(errno.EROFS, ""), PermanentError, "nfs.read_only"),
        (Refused(errno.EISDIR, ""), PermanentError, "nfs.not_a_file"),
        (Refused(errno.ELOOP, ""), PermanentError, "nfs.link"),
        (Refused(errno.ENOSPC, ""), TemporaryError, "nfs.disk_full"),
        (Refused(errno.EDQUOT, ""), TemporaryError, "nfs.disk_full"),
        (Refused(errno.EINTR, ""), TemporaryError, "nfs.silent"),
        (Refused(errno.EIO, "nfs_service failed"), TemporaryError, "nfs.connection_lost"),
        (Refused(errno.ESTALE, ""), TemporaryError, "nfs.connection_lost"),
        (Unmounted(errno.ENOENT, "NFS4ERR_NOENT"), ConfigurationError, "nfs.export_unknown"),
        (Unmounted(errno.EACCES, "MNT3ERR_ACCES(13) Permission denied"), ConfigurationError, "nfs.export_denied"),
        (Unmounted(errno.ERANGE, "failed with NFS4ERR_WRONGSEC(-5)"), ConfigurationError, "nfs.security"),
        (Unmounted(errno.EFAULT, "Program version mismatch"), ConfigurationError, "nfs.version_refused"),
        (Unmounted(errno.EFAULT, "Program is not available on nas"), ConfigurationError, "nfs.version_refused"),
        (Unmounted(errno.EINTR, "command timed out"), TemporaryError, "nfs.silent"),
        (Unmounted(errno.EFAULT, "(null)"), TemporaryError, "nfs.connection_lost"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), TemporaryError, "nfs.unreachable"),
        (TimeoutError(), TemporaryError, "nfs.unreachable"),
        (socket.gaierror(-2, "Name or service not known"), TemporaryError, "nfs.host_unknown"),
    ],
)
def test_failures(error: OSError, kind: type[CastCoreError], code: str) -> None:
    found = typed(error, CONFIG, "a.mp4")
    assert (type(found), found.code) == (kind, code)


def test_what_a_new_connection_would_not_change() -> None:
    assert is_answer(Refused(errno.ENOENT, ""))
    assert not is_answer(Refused(errno.EIO, ""))
    assert not is_answer(Refused(errno.EINTR, ""))
    assert may_pass(Refused(errno.EIO, ""))
    assert not may_pass(Refused(errno.EINTR, ""))
    assert not is_answer(Unmounted(errno.ENOENT, ""))


def test_paths_are_taken_literally() -> None:
    assert located(StoragePath("")) == b"/"
    assert located(StoragePath("a/b\\c ü")) == "/a/b\\c ü".encode()
    for path in ("x" * 256, "ü" * 128, "/".join(["d"] * 3000)):
        with pytest.raises(NotFoundError):
            located(StoragePath(path))
    for path in ("../x", "/etc/passwd", "a\0"):
        with pytest.raises(ConfigurationError):
            located(StoragePath(path))


def test_dates_beyond_the_calendar() -> None:
    entry = described(StoragePath("a"), Found("a", 0o100644, 1, 1 << 80))
    assert entry.modified is None
    assert entry.etag == f"{1 << 80:x}-1"


def test_devices_are_no_media() -> None:
    with pytest.raises(PermanentError):
        described(StoragePath("a"), Found("a", 0o060644, 1, 0))


def test_a_server_that_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def begin(self: Context) -> None:
        self._lib = SimpleNamespace(pwrite=lambda *_: 0)  # type: ignore[assignment]
        self._nfs, self._start, self._longest_write, self._buffer = 1, 0, 1 << 20, create_string_buffer(16)

    monkeypatch.setattr(Context, "__init__", begin)
    with pytest.raises(Refused) as caught:
        Context().write(1, 0, b"x")  # type: ignore[call-arg]
    assert caught.value.errno == errno.EIO


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_code_has_a_text(language: str) -> None:
    texts = json.loads((files(castcore_nfs) / "locales" / f"{language}.json").read_text(encoding="utf-8"))
    source = "".join(place.read_text() for place in Path(castcore_nfs.__file__).parent.glob("*.py"))
    used = set(re.findall(r'"nfs\.([a-z_]+)"', source)) | {"nfs"}
    settings = {*NfsConfig.model_fields, *MountedConfig.model_fields}
    used |= {f"{kind}_{name}" for kind in ("field", "hint") for name in settings}
    assert used == {name for name in texts if not name.startswith("type_")}
    assert {code for _, code in ANSWERS.values()} | set(FIELDS) <= {f"nfs.{name}" for name in texts}
