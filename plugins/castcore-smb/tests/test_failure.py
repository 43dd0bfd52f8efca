"""What each answer of a server means to an operator."""

from __future__ import annotations

import json
import re
import socket
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from smbprotocol.exceptions import SMBAuthenticationError, SMBConnectionClosed, SMBException, SMBResponseException
from smbprotocol.header import SMB2HeaderResponse

import castcore_smb
from castcore_sdk import (
    AuthenticationError,
    CastCoreError,
    ConfigurationError,
    NotFoundError,
    PermanentError,
    StoragePath,
    TemporaryError,
    parse_config,
)
from castcore_smb.config import SmbConfig
from castcore_smb.failure import FIELDS, STATUSES, Silent, is_lost, typed
from castcore_smb.writer import Writer

CONFIG = parse_config(SmbConfig, {"host": "nas", "share": "media", "password": "canary-1"})


def answer(status: int) -> SMBResponseException:
    header = SMB2HeaderResponse()
    header["status"] = status
    header["data"] = b"\x09\x00\x00\x00\x00\x00\x00\x00\x00"
    return SMBResponseException(header)


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (0xC000006D, AuthenticationError, "smb.password_refused"),
        (0xC0000071, AuthenticationError, "smb.password_expired"),
        (0xC0000234, AuthenticationError, "smb.account_refused"),
        (0xC0000072, AuthenticationError, "smb.account_refused"),
        (0xC0000133, TemporaryError, "smb.clock_skew"),
        (0xC00000CC, ConfigurationError, "smb.share_unknown"),
        (0xC0000022, PermanentError, "smb.access_denied"),
        (0xC00000A2, PermanentError, "smb.share_read_only"),
        (0xC0000034, NotFoundError, "smb.not_found"),
        (0xC0000103, NotFoundError, "smb.not_found"),
        (0xC000007F, TemporaryError, "smb.disk_full"),
        (0xC0000044, TemporaryError, "smb.disk_full"),
        (0xC0000043, TemporaryError, "smb.in_use"),
        (0xC00000C9, TemporaryError, "smb.connection_lost"),
        (0xC0000203, TemporaryError, "smb.connection_lost"),
        (0xC00000D0, TemporaryError, "smb.busy"),
        (0xC0000257, ConfigurationError, "smb.dfs_link"),
        (0xC0FFEE00, TemporaryError, "smb.refused"),
    ],
)
def test_answers(status: int, kind: type[CastCoreError], code: str) -> None:
    error = typed(answer(status), CONFIG, "a.mp4")
    assert (type(error), error.code) == (kind, code)
    assert error.params["status"] == f"0x{status:08X}"


def unreachable(cause: OSError) -> ValueError:
    error = ValueError("Failed to connect")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (unreachable(ConnectionRefusedError(111, "refused")), "smb.unreachable"),
        (unreachable(TimeoutError()), "smb.unreachable"),
        (unreachable(socket.gaierror(-2, "Name or service not known")), "smb.host_unknown"),
        (ConnectionResetError(104, "reset"), "smb.connection_lost"),
        (SMBConnectionClosed("closed"), "smb.connection_lost"),
        (SMBException("canary-1"), "smb.connection_lost"),
        (Silent(), "smb.silent"),
        (SMBAuthenticationError("canary-1"), "smb.password_refused"),
        (SMBAuthenticationError("Clock skew too great"), "smb.clock_skew"),
    ],
)
def test_other_failures(error: Exception, code: str) -> None:
    found = typed(error, CONFIG)
    assert found.code == code
    assert "canary" not in f"{found!r} {found} {found.params} {found.detail}"


def test_its_own_errors_stay_as_they_are() -> None:
    error = NotFoundError("smb.not_found")
    assert typed(error, CONFIG) is error


@pytest.mark.parametrize(
    ("error", "lost"),
    [
        (answer(0xC00000C9), True),
        (SMBConnectionClosed("x"), True),
        (BrokenPipeError(), True),
        (answer(0xC0000022), False),
    ],
)
def test_what_a_new_connection_may_mend(error: Exception, lost: bool) -> None:
    assert is_lost(error) is lost


def test_a_server_that_takes_nothing_is_given_up() -> None:
    connection = SimpleNamespace(
        sequence_window={"low": 0, "high": 64}, max_write_size=1 << 20, supports_multi_credit=True
    )
    file = SimpleNamespace(connection=connection, write=lambda data, offset: 0)
    share: Any = SimpleNamespace(config=CONFIG, place=lambda path: path, run=lambda *_, **__: file)
    with pytest.raises(TemporaryError) as caught:
        Writer(share, StoragePath("a.mp4")).add(b"x")
    assert caught.value.code == "smb.connection_lost"


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_code_has_a_text(language: str) -> None:
    texts = json.loads((files(castcore_smb) / "locales" / f"{language}.json").read_text(encoding="utf-8"))
    source = "".join(place.read_text() for place in Path(castcore_smb.__file__).parent.glob("*.py"))
    used = set(re.findall(r'"smb\.([a-z_]+)"', source)) | {"smb"}
    used |= {f"{kind}_{name}" for kind in ("field", "hint") for name in SmbConfig.model_fields}
    assert used == {name for name in texts if not name.startswith("type_")}
    assert {code for _, code, _ in STATUSES.values()} | set(FIELDS) <= {f"smb.{name}" for name in texts}
