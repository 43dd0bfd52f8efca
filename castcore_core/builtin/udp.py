"""MPEG-TS over UDP, to one receiver or to a multicast group."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, Field

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
    StreamLimits,
    problem,
    ui,
)

_OPTIONS = frozenset({"ttl", "pkt_size", "localaddr"})


def receiver_url(url: str) -> str:
    """Check ``udp://host:port``. Raise ConfigurationError."""
    address = parse_address(url, "udp")
    if address.username is not None or address.password is not None:
        raise ConfigurationError("destinations.credentials_in_url")
    if address.port is None:
        raise ConfigurationError("destinations.port_missing")
    if address.path.strip("/") or address.query:
        raise ConfigurationError("destinations.path_unexpected")
    return f"udp://{address.peer}"


def _local_address(value: str) -> str:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        raise problem("destinations.option_invalid", option="localaddr") from None
    return value


class UdpConfig(ExtensionConfig):
    """Where the packets go."""

    url: Annotated[str, validator(receiver_url), Field(json_schema_extra=ui(widget="url"))]
    """``udp://host:port`` of the receiver or the multicast group."""
    ttl: int = Field(default=16, ge=0, le=255)
    """Routers that multicast packets may pass."""
    packet_size: int = Field(default=1316, ge=188, le=65_424, multiple_of=188, json_schema_extra=ui(advanced=True))
    """Bytes in one packet: a multiple of 188. Seven times 188 fits an Ethernet frame."""
    local_address: Annotated[str, AfterValidator(_local_address)] | None = Field(
        default=None, json_schema_extra=ui(advanced=True)
    )
    """IP address of the network card that sends; empty: the system chooses."""


class UdpDestination(Destination[UdpConfig], Foreseen):
    """MPEG-TS over UDP; nobody says whether it arrives."""

    id = "udp"
    protocols = frozenset({PublishProtocol.UDP})
    url_schemes = frozenset({"udp"})
    limits = StreamLimits(
        video_codecs=frozenset({"h264", "hevc"}), audio_codecs=frozenset({"aac", "mp3", "opus", "ac3", "eac3"})
    )

    @classmethod
    def config_from_url(cls, url: str, /) -> Mapping[str, Any]:
        """Read ``udp://host:port?ttl=…&pkt_size=…&localaddr=…``; ``udp://@group:port`` is taken too."""
        url = url.replace("udp://@", "udp://", 1)
        options = query_options(parse_address(url, "udp"), _OPTIONS)
        data = {
            "url": receiver_url(url.partition("?")[0]),
            "ttl": number_option(options, "ttl"),
            "packet_size": number_option(options, "pkt_size"),
            "local_address": options.get("localaddr"),
        }
        return {field: value for field, value in data.items() if value is not None}

    async def open_broadcast(self, request: BroadcastRequest, /) -> PublishTarget:
        """Name the receiver and the options as ffmpeg's udp takes them."""
        return self.target(request.broadcast_id)

    def target(self, reference: str) -> PublishTarget:
        """Return what follows from the configuration."""
        config = self.config
        options = {"pkt_size": str(config.packet_size), "ttl": str(config.ttl)}
        if config.local_address:
            options["localaddr"] = config.local_address
        return PublishTarget(reference=reference, protocol=PublishProtocol.UDP, url=config.url, options=options)

    async def close_broadcast(self, reference: str, /) -> None:
        """Do nothing: the packets cease."""

    async def check(self) -> Sequence[CheckResult]:
        """Resolve the receiver's name; nothing else can be known of it."""
        address = parse_address(self.config.url, "udp")
        return [await name(address.host, address.port or 0)]
