"""Any SRT peer: called, or awaited as a listener."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from castcore_core.builtin.address import number_option, parse_address, query_options, validator
from castcore_core.builtin.foreseen import Foreseen
from castcore_core.builtin.reachability import name
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

_OPTIONS = frozenset({"mode", "latency", "passphrase", "pbkeylen", "streamid"})
_PASSPHRASE = range(10, 80)
"""Bytes (SRT API, SRTO_PASSPHRASE)."""
_STREAM_ID = 512
"""Bytes at most (SRT API, SRTO_STREAMID)."""


def peer_url(url: str) -> str:
    """Check ``srt://[host]:port``. Raise ConfigurationError."""
    address = parse_address(url, "srt", host_optional=True)
    if address.username is not None or address.password is not None:
        raise ConfigurationError("destinations.credentials_in_url")
    if address.port is None:
        raise ConfigurationError("destinations.port_missing")
    if address.path.strip("/") or address.query:
        raise ConfigurationError("destinations.path_unexpected")
    return f"srt://{address.peer}"


def _passphrase(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value().encode()) not in _PASSPHRASE:
        raise problem("destinations.passphrase_length", shortest=_PASSPHRASE.start, longest=_PASSPHRASE.stop - 1)
    return value


def _stream_id(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not text.isprintable():
        raise problem("destinations.key_character")
    if len(text.encode()) > _STREAM_ID:
        raise problem("destinations.stream_id_length", longest=_STREAM_ID)
    return value


class SrtConfig(ExtensionConfig):
    """Where the peer is and how to talk to it."""

    url: Annotated[str, validator(peer_url), Field(json_schema_extra=ui(widget="url"))]
    """``srt://host:port`` of the peer; as a listener ``srt://:port`` or the address to listen on."""
    mode: Literal["caller", "listener", "rendezvous"] = "caller"
    """``caller`` calls the peer, ``listener`` waits for it, ``rendezvous`` has both call each other."""
    latency: int = Field(default=200, ge=20, le=60_000)
    """Milliseconds in which lost packets can be sent again; about four times the round-trip time."""
    passphrase: Annotated[Secret, AfterValidator(_passphrase)] | None = None
    """Encrypts the stream; both sides need the same 10 to 79 characters."""
    key_length: Literal[16, 24, 32] = Field(default=16, json_schema_extra=ui(advanced=True))
    """Bytes of the encryption key: AES-128, AES-192 or AES-256."""
    stream_id: Annotated[Secret, AfterValidator(_stream_id)] | None = None
    """Names your stream at the peer; many services put the stream key here."""

    @model_validator(mode="after")
    def _host_where_one_is_called(self) -> Self:
        if self.mode != "listener" and self.url.startswith("srt://:"):
            raise problem("destinations.host_missing")
        return self


class SrtDestination(Destination[SrtConfig], Foreseen):
    """Any SRT peer that takes MPEG-TS."""

    id = "srt"
    protocols = frozenset({PublishProtocol.SRT})
    url_schemes = frozenset({"srt"})
    limits = StreamLimits(
        video_codecs=frozenset({"h264", "hevc"}), audio_codecs=frozenset({"aac", "mp3", "opus", "ac3", "eac3"})
    )

    @classmethod
    def config_from_url(cls, url: str, /) -> Mapping[str, Any]:
        """Read ``srt://host:port?mode=…&latency=MILLISECONDS&passphrase=…&pbkeylen=…&streamid=…``."""
        address = parse_address(url, "srt", host_optional=True)
        options = query_options(address, _OPTIONS)
        data = {
            "url": peer_url(url.partition("?")[0]),
            "mode": options.get("mode"),
            "latency": number_option(options, "latency"),
            "passphrase": options.get("passphrase"),
            "key_length": number_option(options, "pbkeylen"),
            "stream_id": options.get("streamid"),
        }
        return {field: value for field, value in data.items() if value is not None}

    async def open_broadcast(self, request: BroadcastRequest, /) -> PublishTarget:
        """Name the peer and the options as ffmpeg's libsrt takes them (latency in microseconds)."""
        return self.target(request.broadcast_id)

    def target(self, reference: str) -> PublishTarget:
        """Return what follows from the configuration."""
        config = self.config
        options = {"mode": config.mode, "latency": str(config.latency * 1000), "pkt_size": "1316"}
        if config.mode == "caller":
            options["connect_timeout"] = "2000"
        if config.passphrase:
            options["pbkeylen"] = str(config.key_length)
        secrets = {"passphrase": config.passphrase, "streamid": config.stream_id}
        return PublishTarget(
            reference=reference,
            protocol=PublishProtocol.SRT,
            url=config.url,
            options=options,
            secret_options={field: value for field, value in secrets.items() if value},
        )

    async def close_broadcast(self, reference: str, /) -> None:
        """Do nothing: the end of the connection ends it."""

    async def check(self) -> Sequence[CheckResult]:
        """Resolve the peer's name; SRT has no question to ask without a connection."""
        address = parse_address(self.config.url, "srt", host_optional=True)
        return [await name(address.host, address.port or 0)] if address.host else []
