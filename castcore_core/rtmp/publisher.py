"""The client that publishes: one session that takes tags until either side ends it."""

from __future__ import annotations

import asyncio

from castcore_core.rtmp.address import Endpoint
from castcore_core.rtmp.command import Command
from castcore_core.rtmp.conversation import SEND_BUFFER, Conversation, open_conversation
from castcore_core.rtmp.error import NetworkError, RejectedError, RtmpError
from castcore_core.rtmp.limit import DEFAULT_LIMITS, DEFAULT_TIMEOUTS, Limits, Timeouts
from castcore_core.rtmp.media import TagSender

_STARTED = "NetStream.Publish.Start"
_IN_USE = "NetStream.Publish.BadName"
_ENDED = ("NetStream.Unpublish.Success", "NetConnection.Connect.Closed", "NetConnection.Connect.AppShutdown")
_REFUSALS = ("Denied", "Forbidden", "Rejected", "Unauthorized", "Failed", "BadName", "BadConnection")


class Publisher(TagSender):
    """A publish session that the server has accepted."""

    def __init__(self, conversation: Conversation, stream_id: int) -> None:
        super().__init__(conversation.link, stream_id, publishes=True)
        self._conversation = conversation

    @property
    def peer(self) -> str:
        """``host:port`` of the server."""
        return self._link.peer

    async def close(self, timeout: float = 3.0) -> None:
        """Say goodbye (FCUnpublish, deleteStream), send what is unsent, and end, by force after ``timeout`` seconds.

        Returns once the socket is closed. May be called twice, and after the session has ended.
        """
        conversation = self._conversation
        conversation.call("FCUnpublish", None, conversation.endpoint.stream_key)
        conversation.call("deleteStream", None, float(self.stream_id))
        await self._link.finish(timeout)


async def publish(
    endpoint: Endpoint,
    *,
    limits: Limits = DEFAULT_LIMITS,
    timeouts: Timeouts = DEFAULT_TIMEOUTS,
    send_buffer: int = SEND_BUFFER,
) -> Publisher:
    """Connect, publish under the endpoint's key, and return once the server has accepted.

    ``send_buffer`` is the socket's SO_SNDBUF in bytes. Raise RtmpError with the code of the step that failed;
    nothing stays open then, nor where the call is cancelled.
    """
    conversation = await open_conversation(endpoint, limits=limits, timeouts=timeouts, send_buffer=send_buffer)
    try:
        return await _start(conversation)
    except BaseException:
        await conversation.discard()
        raise


async def _start(conversation: Conversation) -> Publisher:
    endpoint, link = conversation.endpoint, conversation.link
    answered: asyncio.Future[Command] = asyncio.get_running_loop().create_future()

    def on_status(command: Command) -> None:
        if answered.done():  # on air, perhaps before this task has run again
            if command.info.get("level") == "error" or command.info.get("code") in _ENDED:
                link.fail(NetworkError("rtmp.closed", detail=conversation.scrubbed(command)))
        elif _is_start(command) or _is_refusal(command):
            answered.set_result(command)

    conversation.on_status = on_status
    conversation.call("releaseStream", None, endpoint.stream_key)
    conversation.call("FCPublish", None, endpoint.stream_key)
    try:
        stream_id = await conversation.create_stream()
        conversation.call("publish", None, endpoint.stream_key, "live", stream_id=stream_id)
        answer = await link.until(answered, link.timeouts.answer, conversation.overdue("publish"))
    except NetworkError as error:
        if error.code != "rtmp.closed":
            raise
        params = {"peer": endpoint.peer, "answer": "–"}
        raise RejectedError("rtmp.key_refused", params, "the server closed the connection") from None
    if not _is_start(answer):
        raise _refusal(conversation, answer)
    return Publisher(conversation, stream_id)


def _is_start(command: Command) -> bool:
    return command.info.get("code") == _STARTED


def _is_refusal(command: Command) -> bool:
    code = str(command.info.get("code", ""))
    return command.info.get("level") == "error" or code.rpartition(".")[2] in _REFUSALS


def _refusal(conversation: Conversation, answer: Command) -> RtmpError:
    params = {"peer": conversation.endpoint.peer, "answer": conversation.scrubbed(answer) or "–"}
    if answer.info.get("code") == _IN_USE:
        return RejectedError("rtmp.name_in_use", params, retryable=True)
    return RejectedError("rtmp.key_refused", params)
