"""The settings of an export."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from castcore_sdk import ExtensionConfig, problem, ui

_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
"""RFC 1123, with the underscore that container networks use."""
NFS, PORTMAPPER = 2049, 111


def _host(text: str) -> str:
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        pass
    try:
        name = text.encode("idna").decode("ascii") if not text.isascii() else text
    except UnicodeError:
        raise problem("nfs.host_invalid") from None
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in name.removesuffix(".").split(".")):
        raise problem("nfs.host_invalid")
    return name


def absolute(text: str) -> str:
    """Check an absolute path without ``..``."""
    parts = text.split("/")
    if not text.startswith("/") or ".." in parts or not text.isprintable() or len(text.encode()) > 1024:
        raise problem("nfs.path_invalid")
    return "/" + "/".join(part for part in parts if part not in ("", "."))


Path = Annotated[str, AfterValidator(absolute)]
Port = Annotated[int, Field(ge=1, le=65535)]


class NfsConfig(ExtensionConfig):
    """Which export of which server."""

    host: Annotated[str, AfterValidator(_host)]
    """Name or IP address of the server, such as `nas.local`."""
    export: Path
    """Path of the export, such as `/volume1/media`; a folder below it is taken as well."""
    version: Literal["4", "3"] = "4"
    """Version of NFS. Version 3 asks the server's port mapper, unless both ports are given."""
    uid: int | None = Field(default=None, ge=0, le=2**32 - 2, json_schema_extra=ui(advanced=True))
    """User number to present to the server; empty: that of the user CastCore runs as."""
    gid: int | None = Field(default=None, ge=0, le=2**32 - 2, json_schema_extra=ui(advanced=True))
    """Group number to present to the server; empty: that of the user CastCore runs as."""
    port: Port | None = Field(default=None, json_schema_extra=ui(advanced=True))
    """TCP port of NFS; empty: 2049 for version 4, what the port mapper says for version 3."""
    mount_port: Port | None = Field(default=None, json_schema_extra=ui(advanced=True))
    """TCP port of the mount protocol of version 3; empty: what the port mapper says."""
    timeout: int = Field(default=10, ge=1, le=12, json_schema_extra=ui(widget="duration", advanced=True))
    """Seconds to wait for an answer of the server before the connection counts as lost.

    CastCore itself gives a call up after 15 seconds, with a less telling message.
    """

    @property
    def first_port(self) -> int:
        """The port that is connected to first."""
        if self.version == "4":
            return self.port or NFS
        return self.mount_port if self.mount_port and self.port else PORTMAPPER


class MountedConfig(ExtensionConfig):
    """Which mount of this machine."""

    path: Annotated[Path, Field(json_schema_extra=ui(widget="path"))]
    """Absolute path of the mounted export, or of a folder below it."""
