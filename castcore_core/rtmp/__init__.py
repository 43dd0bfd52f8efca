"""RTMP and RTMPS on asyncio, client and server; nothing but the standard library."""

from castcore_core.rtmp.address import Endpoint
from castcore_core.rtmp.admission import Refusal, Request
from castcore_core.rtmp.error import NetworkError, PeerError, RejectedError, RtmpError, SetupError
from castcore_core.rtmp.limit import Limits, Timeouts
from castcore_core.rtmp.metadata import decode_metadata, encode_metadata
from castcore_core.rtmp.player import Player, play
from castcore_core.rtmp.publisher import Publisher, publish
from castcore_core.rtmp.server import Server, serve
from castcore_core.rtmp.session import IncomingStream, OutgoingStream
from castcore_core.rtmp.tag import Tag, TagKind

__all__ = [
    "Endpoint",
    "IncomingStream",
    "Limits",
    "NetworkError",
    "OutgoingStream",
    "PeerError",
    "Player",
    "Publisher",
    "Refusal",
    "RejectedError",
    "Request",
    "RtmpError",
    "Server",
    "SetupError",
    "Tag",
    "TagKind",
    "Timeouts",
    "decode_metadata",
    "encode_metadata",
    "play",
    "publish",
    "serve",
]
