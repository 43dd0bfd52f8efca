"""Our server's side of one connection: from ``connect`` to a stream in or out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from castcore_core.rtmp.admission import Authorize, Intent, Refusal, Request
from castcore_core.rtmp.amf0 import Value
from castcore_core.rtmp.chunk import pack_control
from castcore_core.rtmp.command import Command, read_command, status
from castcore_core.rtmp.conversation import FOUR_CC_LIST
from castcore_core.rtmp.error import NetworkError, RtmpError, limit_exceeded, protocol_error
from castcore_core.rtmp.link import WINDOW_BYTES, Link
from castcore_core.rtmp.media import TagQueue, TagSender
from castcore_core.rtmp.message import Event, Kind, Message, peer_bandwidth, user_control, window_size
from castcore_core.rtmp.tag import Tag

_MOST_STREAMS = 16
_SERVER_VERSION = "FMS/3,0,1,123"
"""What nginx and ffmpeg call themselves; some encoders refuse a server without it."""


class IncomingStream:
    """What a client publishes to our server: iterate over it for its tags.

    The iteration ends when the client says goodbye and raises RtmpError when it is lost.
    """

    def __init__(self, request: Request, link: Link) -> None:
        self.request = request
        self.closed = link.follow_closed()
        """Ends with an RtmpError, or None where this side ended the session; never raises."""
        self.tags = TagQueue(link)
        self._link = link

    @property
    def bytes_received(self) -> int:
        """All bytes that have come in."""
        return self._link.bytes_received

    def __aiter__(self) -> AsyncIterator[Tag]:
        return self

    async def __anext__(self) -> Tag:
        tag = await self.tags.get()
        if tag is None:
            raise StopAsyncIteration
        return tag

    def abort(self) -> None:
        """Cut the client off at once."""
        self._link.abort()


class OutgoingStream(TagSender):
    """What a client plays from our server: send it tags. The session ends when the handler returns."""

    def __init__(self, request: Request, link: Link, stream_id: int) -> None:
        super().__init__(link, stream_id, publishes=False)
        self.request = request


PublishHandler = Callable[[IncomingStream], Awaitable[None]]
PlayHandler = Callable[[OutgoingStream], Awaitable[None]]


class Session:
    """One connection to our server."""

    def __init__(
        self,
        link: Link,
        address: str,
        *,
        authorize: Authorize,
        publish: PublishHandler | None,
        play: PlayHandler | None,
    ) -> None:
        self.link = link
        self._address = address
        self._authorize = authorize
        self._publish = publish
        self._play = play
        self._app: str | None = None
        self._streams = 0
        self._incoming: IncomingStream | None = None
        self._task: asyncio.Task[None] | None = None
        link.receiver = self._receive
        link.most_received = link.limits.unauthenticated_bytes
        link.reader.longest = min(link.limits.unauthenticated_bytes, link.limits.message_bytes)
        timeouts = link.timeouts
        self._deadline = asyncio.get_running_loop().call_later(timeouts.handshake + timeouts.answer, self._too_late)
        link.closed.add_done_callback(lambda _closed: self._deadline.cancel())

    async def end(self, timeout: float) -> None:
        """End the session and its handler."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        await self.link.finish(timeout)

    def _too_late(self) -> None:
        seconds = self.link.timeouts.handshake + self.link.timeouts.answer
        self.link.fail(NetworkError("rtmp.answer_timeout", {"command": "publish/play", "seconds": seconds}))

    def _receive(self, message: Message) -> None:
        if message.kind in (Kind.COMMAND, Kind.AMF3_COMMAND):
            self._command(read_command(message, self.link.limits), message.stream_id)
        elif self._incoming is not None:
            self._incoming.tags.put(message)

    def _command(self, command: Command, stream_id: int) -> None:
        if command.name == "connect":
            self._connect(command)
        elif command.name == "createStream":
            self._create_stream(command)
        elif command.name in ("publish", "play"):
            self._ask(command, stream_id)
        elif command.name in ("FCUnpublish", "deleteStream", "closeStream") and self._task is not None:
            self._goodbye()
        elif command.name in ("releaseStream", "FCPublish", "FCSubscribe", "getStreamLength"):
            self._answer(command, 0.0 if command.name == "getStreamLength" else None)

    def _answer(self, command: Command, *values: Value) -> None:
        self.link.answer(Command("_result", command.transaction, (None, *values)).to_message())

    def _connect(self, command: Command) -> None:
        app = command.info.get("app")
        if self._app is not None or not isinstance(app, str):
            raise protocol_error("connect twice or without an application")
        self._app = app.strip("/")
        link = self.link
        link.write(pack_control(window_size(WINDOW_BYTES)))
        link.write(pack_control(peer_bandwidth(WINDOW_BYTES)))
        link.announce_chunk_size()
        properties: dict[str, Value] = {"fmsVer": _SERVER_VERSION, "capabilities": 31.0}
        info: dict[str, Value] = {
            "level": "status",
            "code": "NetConnection.Connect.Success",
            "description": "Connection succeeded.",
            "objectEncoding": 0.0,
            "fourCcList": list(FOUR_CC_LIST),
        }
        link.send(Command("_result", command.transaction, (properties, info)).to_message())

    def _create_stream(self, command: Command) -> None:
        if self._app is None:
            raise protocol_error("createStream before connect")
        self._streams += 1
        if self._streams > _MOST_STREAMS:
            raise limit_exceeded("message_streams", _MOST_STREAMS)
        self._answer(command, float(self._streams))

    def _ask(self, command: Command, stream_id: int) -> None:
        if self._app is None or self._task is not None:
            raise protocol_error(f"{command.name} before connect or twice")
        intent: Intent = "publish" if command.name == "publish" else "play"
        request = Request(intent=intent, app=self._app, key=command.text(0), address=self._address)
        self._deadline.cancel()
        self.link.set_reading(False)
        if intent == "publish":
            self._incoming = IncomingStream(request, self.link)
        self._task = asyncio.create_task(self._serve(request, stream_id))
        self._task.add_done_callback(_report)

    def _goodbye(self) -> None:
        """Take FCUnpublish, deleteStream or closeStream: the first of them ends the session."""
        if self._incoming is not None:
            self._incoming.tags.complete()
        else:
            self.link.abort()

    async def _serve(self, request: Request, stream_id: int) -> None:
        """Decide, let the handler work, and end the connection."""
        link = self.link
        try:
            refusal = await self._decide(request)
            link.set_reading(True)
            if refusal is not None:
                code = refusal.status_code(request.intent)
                link.send(status("error", code, refusal.description).to_message(stream_id))
            elif self._incoming is not None:
                await self._take_in(self._incoming, stream_id)
            else:
                await self._give_out(OutgoingStream(request, link, stream_id))
        except RtmpError as error:  # the client is lost, which ``closed`` tells as well
            link.fail(error)
        except Exception:
            link.abort()
            raise
        await link.finish(link.timeouts.answer)

    async def _decide(self, request: Request) -> Refusal | None:
        if (self._publish if request.intent == "publish" else self._play) is None:
            return Refusal(description=f"This server does not offer {request.intent}")
        try:
            async with asyncio.timeout(self.link.timeouts.answer):
                return await self._authorize(request)
        except TimeoutError:
            return Refusal(description="No decision in time")

    def _let_in(self, stream_id: int, *statuses: tuple[str, str]) -> None:
        link = self.link
        link.most_received = None
        link.reader.longest = link.limits.message_bytes
        link.write(pack_control(user_control(Event.STREAM_BEGIN, stream_id)))
        for code, description in statuses:
            link.send(status("status", code, description).to_message(stream_id))

    async def _take_in(self, incoming: IncomingStream, stream_id: int) -> None:
        assert self._publish is not None
        self.link.expects_media = True
        self._let_in(stream_id, ("NetStream.Publish.Start", "Start publishing"))
        await self._publish(incoming)
        self.link.send(status("status", "NetStream.Unpublish.Success", "Stop publishing").to_message(stream_id))

    async def _give_out(self, outgoing: OutgoingStream) -> None:
        """Run the play handler; it is cancelled when the client goes."""
        assert self._play is not None
        stream_id = outgoing.stream_id
        self._let_in(
            stream_id, ("NetStream.Play.Reset", "Playing and resetting"), ("NetStream.Play.Start", "Start playing")
        )
        handler = asyncio.ensure_future(self._play(outgoing))
        try:
            waited: set[asyncio.Future[Any]] = {handler, self.link.closed}
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            handler.cancel()
            await asyncio.wait({handler})
        if not handler.cancelled():
            handler.result()
        self.link.write(pack_control(user_control(Event.STREAM_EOF, stream_id)))
        self.link.send(status("status", "NetStream.Play.UnpublishNotify", "Stop playing").to_message(stream_id))


def _report(task: asyncio.Task[None]) -> None:
    """Tell the loop of a handler's own error."""
    if not task.cancelled() and (error := task.exception()) is not None:
        task.get_loop().call_exception_handler({"message": "RTMP handler failed", "exception": error, "task": task})
