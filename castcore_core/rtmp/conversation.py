"""A client's side of one connection: ``connect``, ``createStream``, and whatever waits for an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from castcore_core.rtmp.address import Endpoint
from castcore_core.rtmp.amf0 import Value
from castcore_core.rtmp.authentication import asks_for_credentials, next_app_query
from castcore_core.rtmp.chunk import pack_control
from castcore_core.rtmp.command import Command, read_command
from castcore_core.rtmp.error import NetworkError, RejectedError, RtmpError, protocol_error, scrub
from castcore_core.rtmp.limit import Limits, Timeouts
from castcore_core.rtmp.link import WINDOW_BYTES, Link
from castcore_core.rtmp.message import Kind, Message, window_size
from castcore_core.rtmp.wire import open_link

FOUR_CC_LIST = ("av01", "vp09", "vp08", "hvc1", "avc1", "mp4a", "Opus", "fLaC", "ac-3", "ec-3", ".mp3")
"""Codecs of Enhanced RTMP (v1 and v2); we pass any of them through."""

SEND_BUFFER = 512 * 2**10
"""Bytes of SO_SNDBUF: about one second at 4 Mbit/s (the kernel may allow less)."""

_FLASH_VERSION = "FMLE/3.0 (compatible; CastCore)"
_AUTHENTICATION_STEPS = 2


class Conversation:
    """Commands and their answers on a link. Media and user control messages go to ``on_other``."""

    def __init__(self, endpoint: Endpoint, limits: Limits, timeouts: Timeouts) -> None:
        self.endpoint = endpoint
        self.link = Link(server=False, peer=endpoint.peer, limits=limits, timeouts=timeouts)
        self.link.receiver = self._receive
        self.on_status: Callable[[Command], None] = lambda _command: None
        self.on_other: Callable[[Message], None] = lambda _message: None
        self._pending: dict[float, asyncio.Future[Command]] = {}
        self._transaction = 0

    def _receive(self, message: Message) -> None:
        if message.kind not in (Kind.COMMAND, Kind.AMF3_COMMAND):
            self.on_other(message)
            return
        command = read_command(message, self.link.limits)
        if command.name in ("_result", "_error"):
            future = self._pending.pop(command.transaction, None)
            if future is not None and not future.done():
                future.set_result(command)
        elif command.name == "onStatus":
            self.on_status(command)

    def call(self, name: str, *values: Value, stream_id: int = 0) -> float:
        """Send a command whose answer nobody waits for, and return its number."""
        self._transaction += 1
        self.link.send(Command(name, self._transaction, values or (None,)).to_message(stream_id))
        return self._transaction

    async def ask(self, name: str, *values: Value) -> Command:
        """Send a command and return its answer, ``_result`` or ``_error``."""
        future: asyncio.Future[Command] = asyncio.get_running_loop().create_future()
        self._pending[self._transaction + 1] = future
        self.call(name, *values)
        return await self.link.until(future, self.link.timeouts.answer, self.overdue(name))

    def overdue(self, name: str) -> RtmpError:
        """Return the error for a command that gets no answer in time."""
        return NetworkError("rtmp.answer_timeout", {"command": name, "seconds": self.link.timeouts.answer})

    def scrubbed(self, command: Command) -> str:
        """Return what the server says about a refusal, without secrets."""
        info = command.info
        said = [str(info[name]) for name in ("code", "description") if info.get(name)]
        return scrub(": ".join(said), self.endpoint.secrets)

    async def create_stream(self) -> int:
        """Return the number of a new message stream."""
        answer = await self.ask("createStream")
        number = answer.argument(0)
        if answer.name != "_result" or not isinstance(number, float) or not 0 <= number < 2**32:
            raise protocol_error("createStream was not answered with a number").at(self.endpoint.peer)
        return int(number)

    async def discard(self) -> None:
        """End at once and wait until the socket is closed; for attempts that failed or were cancelled."""
        self.link.abort()
        if self.link.is_attached:
            await asyncio.wait({self.link.closed})


async def open_conversation(
    endpoint: Endpoint, *, limits: Limits, timeouts: Timeouts, send_buffer: int
) -> Conversation:
    """Connect to the endpoint's application, with user name and password where the server asks for them."""
    app_query = ""
    for _ in range(_AUTHENTICATION_STEPS):
        try:
            return await _attempt(endpoint, app_query, limits, timeouts, send_buffer)
        except _CredentialsWanted as question:
            app_query = next_app_query(endpoint, question.description)
    try:
        return await _attempt(endpoint, app_query, limits, timeouts, send_buffer)
    except _CredentialsWanted:
        raise RejectedError("rtmp.auth_failed", {"peer": endpoint.peer}) from None


class _CredentialsWanted(Exception):
    def __init__(self, description: str) -> None:
        super().__init__()
        self.description = description


async def _attempt(
    endpoint: Endpoint, app_query: str, limits: Limits, timeouts: Timeouts, send_buffer: int
) -> Conversation:
    conversation = Conversation(endpoint, limits, timeouts)
    link = conversation.link
    try:
        await open_link(endpoint, link, timeouts=timeouts, send_buffer=send_buffer)
        silent = NetworkError("rtmp.handshake_timeout", {"seconds": timeouts.handshake})
        await link.until(link.ready, timeouts.handshake, silent)
        link.write(pack_control(window_size(WINDOW_BYTES)))
        link.announce_chunk_size()
        await _connect(conversation, app_query)
    except BaseException:
        await conversation.discard()
        raise
    return conversation


async def _connect(conversation: Conversation, app_query: str) -> None:
    endpoint = conversation.endpoint
    query = ("&" if "?" in endpoint.app else "?") + app_query if app_query else ""
    try:
        answer = await conversation.ask("connect", _connect_object(endpoint, query))
    except NetworkError as error:
        if error.code != "rtmp.closed":
            raise
        raise RejectedError("rtmp.connect_rejected", {"peer": endpoint.peer, "answer": "–"}, error.detail) from None
    if answer.name == "_result":
        return
    description = str(answer.info.get("description", ""))
    if asks_for_credentials(description):
        raise _CredentialsWanted(description)
    said = conversation.scrubbed(answer) or "–"
    raise RejectedError("rtmp.connect_rejected", {"peer": endpoint.peer, "answer": said})


def _connect_object(endpoint: Endpoint, query: str) -> dict[str, Value]:
    """Return what ffmpeg and OBS send; the codec numbers are the specification's 'all' (section 7.2.1.1)."""
    return {
        "app": endpoint.app + query,
        "type": "nonprivate",
        "flashVer": _FLASH_VERSION,
        "tcUrl": endpoint.url + query,
        "fpad": False,
        "capabilities": 15.0,
        "audioCodecs": 4071.0,
        "videoCodecs": 252.0,
        "videoFunction": 1.0,
        "objectEncoding": 0.0,
        "fourCcList": list(FOUR_CC_LIST),
    }
