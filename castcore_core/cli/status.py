"""The exit codes, one meaning each; ``docs/reference/cli.md`` shows the same table."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """What the shell sees."""

    OK = 0
    """The stream ended as asked: the source's end, --duration, or a signal."""
    INTERNAL = 1
    """A fault of CastCore itself."""
    USAGE = 2
    """The command line cannot be understood."""
    INPUT = 3
    """The input, a target or a profile cannot be used; nothing was started."""
    SOURCE = 4
    """The source was never up, or the encoder failed for good."""
    NO_DESTINATION = 5
    """No destination was ever up."""
    PARTIAL = 6
    """The stream ended as asked, but a destination was down at its end or never up."""
    SYSTEM = 7
    """This machine lacks something: ffmpeg, a writable data folder, a supported system."""
    ABORTED = 130
    """A second signal ended the run at once."""
