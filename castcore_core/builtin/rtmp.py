"""Any RTMP or RTMPS server, by its address and stream key."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, Field, SecretStr

from castcore_core.builtin.address import Address, parse_address, validator
from castcore_core.builtin.foreseen import Foreseen
from castcore_core.builtin.reachability import connection
from castcore_sdk import (
    BroadcastRequest,
    CheckResult,
    ConfigurationError,
    Destination,
    ExtensionConfig,
    PublishProtocol,
    PublishTarget,
    Secret,
    StreamLimits,
    problem,
    ui,
)

PORTS = {"rtmp": 1935, "rtmps": 443}
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


def server_url(url: str) -> str:
    """Check the address of an application: no credentials, no key. Raise ConfigurationError."""
    address = parse_address(url, *PORTS)
    if address.username is not None or address.password is not None:
        raise ConfigurationError("destinations.credentials_in_url")
    return _application(address, address.path + (f"?{address.query}" if address.query else ""))


def _application(address: Address, path: str) -> str:
    """Return the URL of the application ``path``, whose only query may be ``vhost``: it is no place for secrets."""
    app, _, query = path.partition("?")
    if not app.strip("/") or app.startswith("//"):
        raise ConfigurationError("destinations.app_missing")
    for pair in filter(None, query.split("&")):
        if not pair.startswith("vhost="):
            raise ConfigurationError("destinations.query_on_application")
    return f"{address.scheme}://{address.peer}/{app.strip('/')}" + (f"?{query}" if query else "")


def _key(value: SecretStr) -> SecretStr:
    key = value.get_secret_value()
    if _CONTROL.search(key) or key != key.strip():
        raise problem("destinations.key_character")
    return value


ServerUrl = Annotated[str, validator(server_url), Field(json_schema_extra=ui(widget="url"))]
Key = Annotated[Secret, AfterValidator(_key)]


class RtmpConfig(ExtensionConfig):
    """Where to publish, and what lets you in."""

    url: ServerUrl
    """Address of the server and its application, such as ``rtmps://live.example/app``, without the stream key."""
    stream_key: Key | None = None
    """The key of your stream; some servers of your own need none."""
    username: str | None = Field(default=None, json_schema_extra=ui(advanced=True))
    """User name, for servers that ask for one."""
    password: Secret | None = Field(default=None, json_schema_extra=ui(advanced=True))
    """Password that belongs to the user name."""
    backup_url: ServerUrl | None = None
    """A second server for the same stream; it is taken in turn when the first fails."""
    ca_file: str | None = Field(default=None, json_schema_extra=ui(widget="path", advanced=True))
    """PEM file of the authorities to trust; empty: those of the system."""
    verify: bool = Field(default=True, json_schema_extra=ui(advanced=True))
    """Check the server's certificate. Switch off only in a test network."""


class RtmpDestination(Destination[RtmpConfig], Foreseen):
    """Any RTMP or RTMPS server."""

    id = "rtmp"
    protocols = frozenset({PublishProtocol.RTMP, PublishProtocol.RTMPS})
    url_schemes = frozenset(PORTS)
    limits = StreamLimits(
        video_codecs=frozenset({"h264", "hevc", "av1", "vp9"}),
        audio_codecs=frozenset({"aac", "mp3", "opus", "flac", "ac3", "eac3"}),
    )
    """What the protocol can carry; a server may take less."""

    @classmethod
    def config_from_url(cls, url: str, /) -> Mapping[str, Any]:
        """Split ``rtmp[s]://[user:password@]host[:port]/app[/instance]/key[?query]``.

        The last segment is the key, with its query. With one segment only, or with a slash at the end, there is no
        key and all of it is the application.
        """
        address = parse_address(url, *PORTS)
        # Not the parsed path and query: a query in front of the last slash belongs to the application.
        _, slash, rest = url.partition("://")[2].partition("/")
        app, key = _split(slash + rest)
        data: dict[str, Any] = {"url": _application(address, app)}
        if key:
            data["stream_key"] = key
        if address.username is not None:
            data["username"] = address.username
        if address.password is not None:
            data["password"] = address.password.get_secret_value()
        return data

    async def open_broadcast(self, request: BroadcastRequest, /) -> PublishTarget:
        """Name the server; it is not asked before the stream comes."""
        return self.target(request.broadcast_id)

    def target(self, reference: str) -> PublishTarget:
        """Return what follows from the configuration."""
        config = self.config
        scheme = config.url.partition(":")[0]
        options = {"username": config.username, "ca_file": config.ca_file, "verify": None if config.verify else "0"}
        return PublishTarget(
            reference=reference,
            protocol=PublishProtocol(scheme),
            url=config.url,
            stream_key=config.stream_key,
            options={name: value for name, value in options.items() if value},
            secret_options={"password": config.password} if config.password else {},
            backup_url=config.backup_url,
        )

    async def close_broadcast(self, reference: str, /) -> None:
        """Do nothing: the publisher's own goodbye ends it."""

    async def check(self) -> Sequence[CheckResult]:
        """Open a TCP connection to each server and close it again."""
        urls = filter(None, (self.config.url, self.config.backup_url))
        addresses = [parse_address(url, *PORTS) for url in urls]
        return [await connection(address.host, address.port or PORTS[address.scheme]) for address in addresses]


def _split(rest: str) -> tuple[str, str]:
    """Return application and key of ``/app/key?query``; a slash in the key's query does not count."""
    path, mark, query = rest.partition("?")
    app, _, key = path.rpartition("/")
    if app and key:
        return app, key + mark + query
    if mark and not app and "/" in query:
        before, _, key = query.rpartition("/")
        return f"{path}?{before}", key
    return rest, ""
