"""Commands: a name, a number that its answer repeats, and AMF0 values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from castcore_core.rtmp import amf0
from castcore_core.rtmp.error import protocol_error
from castcore_core.rtmp.limit import Limits
from castcore_core.rtmp.message import Kind, Message


@dataclass(frozen=True, slots=True)
class Command:
    """One command or answer. Source: Adobe's Real Time Messaging Protocol (2012), section 7.2."""

    name: str
    transaction: float = 0
    values: tuple[amf0.Value, ...] = field(default=(None,), repr=False)
    """The command object, then the arguments."""

    def to_message(self, stream_id: int = 0) -> Message:
        """Return the command as an AMF0 message."""
        return Message(Kind.COMMAND, amf0.encode([self.name, self.transaction, *self.values]), stream_id)

    def argument(self, index: int) -> amf0.Value:
        """Return the value after the command object at ``index``, None where there is none."""
        return self.values[index + 1] if len(self.values) > index + 1 else None

    def text(self, index: int) -> str:
        """Return an argument that is to be a string, empty where it is none."""
        value = self.argument(index)
        return value if isinstance(value, str) else ""

    @property
    def info(self) -> Mapping[str, amf0.Value]:
        """The last object among the values: where answers carry ``code``, ``level`` and ``description``."""
        objects = [value for value in self.values if isinstance(value, Mapping)]
        return objects[-1] if objects else {}


def read_command(message: Message, limits: Limits) -> Command:
    """Return the command in a type 20 or type 17 message. Raise PeerError where it holds none."""
    payload = message.payload
    if message.kind == Kind.AMF3_COMMAND:
        payload = payload[1:]
    values = amf0.decode(payload, limits)
    if not values or not isinstance(values[0], str):
        raise protocol_error("a command without a name")
    if len(values) > 1 and isinstance(values[1], float):
        return Command(values[0], values[1], tuple(values[2:]) or (None,))
    return Command(values[0], 0, tuple(values[1:]) or (None,))  # ffmpeg's onFCPublish has no number


def status(level: str, code: str, description: str) -> Command:
    """Return an ``onStatus`` command."""
    return Command("onStatus", 0, (None, {"level": level, "code": code, "description": description}))
