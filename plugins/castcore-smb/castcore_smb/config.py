"""The settings of a share."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, Field

from castcore_sdk import ConfigurationError, Endpoint, ExtensionConfig, Secret, problem, storage_path, ui
from castcore_smb.name import is_name

_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
"""RFC 1123, with the underscore that NetBIOS names and container networks use."""


def _host(text: str) -> str:
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        pass
    try:
        name = text.encode("idna").decode("ascii") if not text.isascii() else text
    except UnicodeError:
        raise problem("smb.host_invalid") from None
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in name.removesuffix(".").split(".")):
        raise problem("smb.host_invalid")
    return name


def _share(text: str) -> str:
    name = text.strip("/\\")
    if not is_name(name) or len(name) > 80:
        raise problem("smb.share_invalid")
    return name


def _folder(text: str) -> str:
    try:
        path = storage_path(text.replace("\\", "/").strip("/"))
    except ConfigurationError as error:
        raise problem("smb.folder_invalid") from error
    if path and not all(is_name(name) for name in path.split("/")):
        raise problem("smb.folder_invalid")
    return path


def _word(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise problem("smb.text_invalid")
    return text


class SmbConfig(ExtensionConfig):
    """Which share, and who opens it."""

    host: Annotated[str, AfterValidator(_host), Endpoint]
    """Name or IP address of the server, such as `nas.local`."""
    share: Annotated[str, AfterValidator(_share)]
    """Name of the share, such as `media`."""
    folder: Annotated[str, AfterValidator(_folder)] = ""
    """Folder on the share that is the root of this storage; empty: the whole share."""
    username: Annotated[str, AfterValidator(_word), Field(max_length=256)] = ""
    """User name; empty: as a guest, where the server lets guests in."""
    password: Secret | None = None
    """Password of the user."""
    domain: Annotated[str, AfterValidator(_word), Field(max_length=256)] = ""
    """Windows domain or workgroup of the user; home servers need none."""
    encryption: bool = Field(default=False, json_schema_extra=ui(advanced=True))
    """Refuse a connection that is not encrypted (SMB 3). Where the server asks for encryption, it is always used."""
    port: Annotated[int, Endpoint] = Field(default=445, ge=1, le=65535, json_schema_extra=ui(advanced=True))
    """TCP port of the server."""
    timeout: int = Field(default=10, ge=1, le=12, json_schema_extra=ui(widget="duration", advanced=True))
    """Seconds to wait for an answer of the server before the connection counts as lost.

    CastCore itself gives a call up after 15 seconds, with a less telling message.
    """
