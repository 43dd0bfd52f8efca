"""The client that plays: a stream's tags as an async iterator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from castcore_core.rtmp.address import Endpoint
from castcore_core.rtmp.chunk import pack_control
from castcore_core.rtmp.command import Command
from castcore_core.rtmp.conversation import SEND_BUFFER, Conversation, open_conversation
from castcore_core.rtmp.error import NetworkError, RejectedError
from castcore_core.rtmp.limit import DEFAULT_LIMITS, DEFAULT_TIMEOUTS, Limits, Timeouts
from castcore_core.rtmp.media import TagQueue
from castcore_core.rtmp.message import Event, Kind, Message, user_control
from castcore_core.rtmp.tag import Tag

_STARTED = ("NetStream.Play.Start", "NetStream.Play.Reset", "NetStream.Play.PublishNotify")
_ENDED = ("NetStream.Play.UnpublishNotify", "NetStream.Play.Stop", "NetStream.Play.Complete")
_MISSING = "NetStream.Play.StreamNotFound"
_BUFFER_MS = 3000


class Player:
    """A play session: iterate over it for its tags, first those that describe the stream.

    The iteration ends where the server says that the stream is over, and raises RtmpError where the session
    breaks (``rtmp.silent`` for a server that keeps the session of a publisher that is gone).
    """

    def __init__(self, conversation: Conversation, stream_id: int, tags: TagQueue) -> None:
        self._conversation = conversation
        self._stream_id = stream_id
        self._tags = tags
        self.closed = conversation.link.follow_closed()
        """Ends with an RtmpError, or None where this side ended the session; never raises."""

    @property
    def bytes_received(self) -> int:
        """All bytes that have come in."""
        return self._conversation.link.bytes_received

    def __aiter__(self) -> AsyncIterator[Tag]:
        return self

    async def __anext__(self) -> Tag:
        tag = await self._tags.get()
        if tag is None:
            raise StopAsyncIteration
        return tag

    async def close(self, timeout: float = 3.0) -> None:
        """Say goodbye (deleteStream) and end, by force after ``timeout`` seconds. May be called twice."""
        self._conversation.call("deleteStream", None, float(self._stream_id))
        await self._conversation.link.finish(timeout)

    def abort(self) -> None:
        """End at once."""
        self._conversation.link.abort()


async def play(endpoint: Endpoint, *, limits: Limits = DEFAULT_LIMITS, timeouts: Timeouts = DEFAULT_TIMEOUTS) -> Player:
    """Connect, play the endpoint's key as a live stream, and return once the server has accepted.

    A server may accept before anybody publishes; then the first tag takes up to ``timeouts.idle`` seconds.
    Raise RtmpError with the code of the step that failed.
    """
    conversation = await open_conversation(endpoint, limits=limits, timeouts=timeouts, send_buffer=SEND_BUFFER)
    try:
        return await _start(conversation)
    except BaseException:
        await conversation.discard()
        raise


async def _start(conversation: Conversation) -> Player:
    endpoint, link = conversation.endpoint, conversation.link
    tags = TagQueue(link)
    started: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_status(command: Command) -> None:
        code = str(command.info.get("code", ""))
        if code in _ENDED:
            tags.complete()
        elif command.info.get("level") == "error":
            said = {"answer": conversation.scrubbed(command) or "–"}
            link.fail(RejectedError("rtmp.stream_not_found" if code == _MISSING else "rtmp.key_refused", said))
        elif code in _STARTED and not started.done():
            started.set_result(None)

    def on_media(message: Message) -> None:
        tags.put(message)
        if message.kind != Kind.USER_CONTROL and not started.done():  # some servers send the stream without a word
            started.set_result(None)

    conversation.on_status = on_status
    conversation.on_other = on_media
    try:
        stream_id = await conversation.create_stream()
        link.expects_media = True
        conversation.call("play", None, endpoint.stream_key, -2000.0, stream_id=stream_id)
        link.write(pack_control(user_control(Event.SET_BUFFER_LENGTH, stream_id, _BUFFER_MS)))
        await link.until(started, link.timeouts.answer, conversation.overdue("play"))
    except NetworkError as error:
        if error.code != "rtmp.closed":
            raise
        params = {"peer": endpoint.peer, "answer": "–"}
        raise RejectedError("rtmp.key_refused", params, "the server closed the connection") from None
    return Player(conversation, stream_id, tags)
