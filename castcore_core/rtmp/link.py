"""One RTMP connection, either side: handshake, chunks, acknowledgements, pings, watchdog and end."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from typing import TypeVar, cast

from castcore_core.rtmp.chunk import FIRST_CHUNK_SIZE, OWN_CHUNK_SIZE, ChunkReader, pack, pack_control
from castcore_core.rtmp.error import NetworkError, RtmpError, limit_exceeded, protocol_error
from castcore_core.rtmp.handshake import Handshake
from castcore_core.rtmp.limit import Limits, Timeouts
from castcore_core.rtmp.message import (
    COMMAND_CSID,
    Event,
    Kind,
    Message,
    acknowledgement,
    read_uint32,
    set_chunk_size,
    user_control,
    window_size,
)

WINDOW_BYTES = 2_500_000
"""The acknowledgement window that Adobe's server and ffmpeg use."""

_UNREAD_ANSWERS = 2**18
_TLS_POLL = 0.02

T = TypeVar("T")


class Link(asyncio.Protocol):
    """Carry messages between the transport and its owner, who sets ``receiver``.

    ``closed`` ends with the reason once the connection is gone for whatever cause; None means that this side
    ended it. ``ready`` ends once the handshake is done.
    """

    def __init__(self, *, server: bool, peer: str, limits: Limits, timeouts: Timeouts) -> None:
        loop = asyncio.get_running_loop()
        self.peer = peer
        self.limits = limits
        self.timeouts = timeouts
        self.closed: asyncio.Future[RtmpError | None] = loop.create_future()
        self.ready: asyncio.Future[None] = loop.create_future()
        self.receiver: Callable[[Message], None] = lambda _message: None
        self.reader = ChunkReader(limits)
        self.chunk_size = FIRST_CHUNK_SIZE
        self.bytes_received = 0
        self.most_received: int | None = None
        """Bytes after which the session ends (a client that is not let in yet); None: no bound."""
        self.expects_media = False
        """Whether silence for ``timeouts.idle`` ends the session."""
        self._loop = loop
        self._handshake: Handshake | None = Handshake(server=server)
        self._transport: asyncio.Transport | None = None
        self._raw: asyncio.Transport | None = None
        self._error: RtmpError | None = None
        self._ending = False
        self._reading = True
        self._written = 0
        self._writable = asyncio.Event()
        self._window = 0
        self._acknowledged = 0
        self._early = b""
        self._watch: asyncio.TimerHandle | None = None
        self._taken, self._taken_at, self._heard_at = 0, 0.0, 0.0

    # --- the transport's side -------------------------------------------------------------------------------

    def attach(self, transport: asyncio.Transport, raw: asyncio.Transport) -> None:
        """Begin on ``transport``; ``raw`` is the TCP transport below TLS, else the same."""
        self._transport, self._raw = transport, raw
        self._writable.set()
        self._taken_at = self._heard_at = self._loop.time()
        if self._handshake is not None:
            self.write(self._handshake.start())
        self._look()
        if self._early:
            self.data_received(self._early)

    def data_received(self, data: bytes) -> None:
        """Take bytes from the peer."""
        if self._transport is None:  # they came with the end of the TLS handshake
            self._early += data
            return
        self.bytes_received += len(data)
        self._heard_at = self._loop.time()
        try:
            if self.most_received is not None and self.bytes_received > self.most_received:
                raise limit_exceeded("unauthenticated_bytes", self.most_received)
            if self._handshake is not None:
                self.write(self._handshake.feed(data))
                if self._handshake.rest is None:
                    return
                data, self._handshake = self._handshake.rest, None
                self.ready.set_result(None)
            for message in self.reader.feed(data):
                self._dispatch(message)
                if self._error is not None or self.closed.done():
                    return
            self._acknowledge()
        except RtmpError as error:
            self.fail(error)

    def eof_received(self) -> bool:
        """Take the peer's end of stream as the end: RTMP knows no half-open sessions."""
        if self._transport is not None and not self._ending:
            self._transport.abort()
        return False

    def pause_writing(self) -> None:
        """Note that the transport's buffer is over its mark."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Note that the transport's buffer is below its mark again."""
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Say why to everybody who waits."""
        if self._watch is not None:
            self._watch.cancel()
        self._writable.set()
        if not self.closed.done():
            self.closed.set_result(self._reason(exc))

    def _reason(self, exc: Exception | None) -> RtmpError | None:
        if self._error is not None:
            return self._error.at(self.peer)
        if self._ending:
            return None
        detail = str(exc) if exc is not None else "end of stream"
        if isinstance(exc, OSError) and exc.errno in (errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH):
            return NetworkError("rtmp.stalled", {"peer": self.peer, "seconds": self.timeouts.stalled}, detail)
        code = "rtmp.handshake_failed" if self._handshake is not None else "rtmp.closed"
        return NetworkError(code, {"peer": self.peer}, detail)

    # --- the protocol's own messages ------------------------------------------------------------------------

    def _dispatch(self, message: Message) -> None:
        if message.kind == Kind.WINDOW_SIZE:
            self._window = read_uint32(message)
        elif message.kind == Kind.PEER_BANDWIDTH:
            self.reply(pack_control(window_size(read_uint32(message))))
        elif message.kind == Kind.USER_CONTROL:
            self._control(message)
        elif message.kind != Kind.ACKNOWLEDGEMENT:
            self.receiver(message)

    def _control(self, message: Message) -> None:
        if len(message.payload) < 2:
            raise protocol_error("user control message cut short")
        event = int.from_bytes(message.payload[:2], "big")
        if event == Event.PING_REQUEST:
            stamp = int.from_bytes(message.payload[2:6], "big")
            self.reply(pack_control(user_control(Event.PING_RESPONSE, stamp)))
        else:
            self.receiver(message)

    def _acknowledge(self) -> None:
        if self._window and self.bytes_received - self._acknowledged >= self._window:
            self._acknowledged = self.bytes_received
            self.reply(pack_control(acknowledgement(self.bytes_received)))

    # --- the owner's side -----------------------------------------------------------------------------------

    def follow_closed(self) -> asyncio.Future[RtmpError | None]:
        """Return a future that ends as ``closed`` does; a waiter that is cancelled cannot harm the link with it."""
        follower: asyncio.Future[RtmpError | None] = self._loop.create_future()

        def tell(closed: asyncio.Future[RtmpError | None]) -> None:
            if not follower.done():
                follower.set_result(closed.result())

        self.closed.add_done_callback(tell)
        return follower

    @property
    def is_attached(self) -> bool:
        """Say whether there is a connection whose end ``closed`` will tell."""
        return self._transport is not None

    @property
    def unsent(self) -> int:
        """Bytes that the kernel has not taken yet."""
        if self._transport is None or self._raw is None or self.closed.done():
            return 0
        size = self._transport.get_write_buffer_size()
        return size if self._raw is self._transport else size + self._raw.get_write_buffer_size()

    @property
    def bytes_sent(self) -> int:
        """Bytes that the kernel has taken (before TLS)."""
        return max(0, self._written - self.unsent)

    def write(self, data: bytes) -> None:
        """Hand bytes to the transport; after the end they go nowhere. Never blocks."""
        if data and self._transport is not None and not self._transport.is_closing() and not self._ending:
            self._written += len(data)
            self._transport.write(data)

    def reply(self, data: bytes) -> None:
        """Write an answer, unless the peer leaves so much unread that answers would pile up."""
        if self.unsent < _UNREAD_ANSWERS:
            self.write(data)

    def send(self, message: Message) -> None:
        """Send a command message of our own accord."""
        self.write(pack(message, COMMAND_CSID, self.chunk_size))

    def answer(self, message: Message) -> None:
        """Send a command message that the peer has asked for."""
        self.reply(pack(message, COMMAND_CSID, self.chunk_size))

    def announce_chunk_size(self) -> None:
        """Change to large chunks for all that follows."""
        self.write(pack_control(set_chunk_size(OWN_CHUNK_SIZE)))
        self.chunk_size = OWN_CHUNK_SIZE

    def set_reading(self, wanted: bool) -> None:
        """Take or leave what the peer sends (back pressure)."""
        if self._transport is None or self._transport.is_closing() or wanted is self._reading:
            return
        self._reading = wanted
        self._heard_at = self._loop.time()
        if wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    async def drained(self, below: int) -> None:
        """Wait until fewer than ``below`` bytes (at least 1) are unsent or the session has ended."""
        while self.unsent >= below and not self.closed.done() and self._transport is not None:
            self._transport.set_write_buffer_limits(below - 1, below - 1)
            if self._raw is self._transport:
                await self._writable.wait()
            else:
                await asyncio.sleep(_TLS_POLL)

    async def until(self, awaited: asyncio.Future[T], seconds: float, overdue: RtmpError) -> T:
        """Return ``awaited``'s result; raise ``overdue`` after ``seconds``, or the reason of an earlier end."""
        futures = cast("set[asyncio.Future[object]]", {awaited, self.closed})
        await asyncio.wait(futures, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if awaited.done():
            return awaited.result()
        if self.closed.done():
            raise self.closed.result() or NetworkError("rtmp.closed", {"peer": self.peer})
        raise overdue.at(self.peer)

    def fail(self, error: RtmpError) -> None:
        """End at once because of ``error``; what is unsent is lost."""
        if self._error is None and not self._ending:
            self._error = error
        self.abort()

    def abort(self) -> None:
        """End at once."""
        self._ending = True
        if self._transport is not None:
            self._transport.abort()

    async def finish(self, timeout: float) -> None:
        """Send what is unsent, then end; after ``timeout`` seconds end at once. May be called twice.

        On plain TCP the peer gets our end of stream and closes first, so that no reset overtakes our last words.
        """
        transport = self._transport
        if transport is None or self.closed.done():
            return
        if not self._ending:
            self._ending = True
            try:
                ends_softly = transport.can_write_eof() and not transport.is_closing()
                (transport.write_eof if ends_softly else transport.close)()
            except OSError:  # the peer has cut the connection, which the event loop has not seen yet
                transport.abort()
        await asyncio.wait({self.closed}, timeout=timeout)
        if not self.closed.done():
            self.abort()
            await asyncio.wait({self.closed})

    # --- the watchdog ---------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Look now and then whether the peer still takes and, where it should, still sends."""
        now, taken = self._loop.time(), self.bytes_sent
        if taken != self._taken or not self.unsent:
            self._taken, self._taken_at = taken, now
        limits = self.timeouts
        if self._ending:
            return
        if now - self._taken_at > limits.stalled:
            self.fail(NetworkError("rtmp.stalled", {"seconds": limits.stalled}, f"{self.unsent} bytes unsent"))
        elif self.expects_media and self._reading and now - self._heard_at > limits.idle:
            self.fail(NetworkError("rtmp.silent", {"seconds": limits.idle}))
        else:
            self._watch = self._loop.call_later(min(1.0, limits.stalled / 4, limits.idle / 4), self._look)
