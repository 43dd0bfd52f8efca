"""Refuse destinations that would be in each other's way, or in the source's."""

from __future__ import annotations

import os
from collections.abc import Sequence

from castcore_core.streams.source import Source, shown
from castcore_sdk import ConfigurationError, PublishProtocol, PublishTarget

_ON_DISK = (PublishProtocol.FILE, PublishProtocol.HLS)


def check_conflicts(targets: Sequence[PublishTarget], source: Source) -> None:
    """See that no two targets write to one place, and none over the file that is read.

    Raises ConfigurationError ``streams.target_twice``, ``streams.target_is_input``.
    """
    taken: set[tuple[str, ...]] = set()
    for target in targets:
        if target.protocol is PublishProtocol.FILE and _is_input(target.url, source):
            raise ConfigurationError("streams.target_is_input", params={"path": shown(target.url)})
        place = _place(target)
        if place in taken:
            raise ConfigurationError("streams.target_twice", params={"target": shown(target.url)})
        taken.add(place)


def _place(target: PublishTarget) -> tuple[str, ...]:
    """Return what two targets have in common only where they are one; holds secrets."""
    if target.protocol in _ON_DISK:
        return (os.path.realpath(target.url),)
    hidden = [target.stream_key, *(value for _, value in sorted(target.secret_options.items()))]
    return (target.url, *(value.get_secret_value() if value else "" for value in hidden))


def _is_input(path: str, source: Source) -> bool:
    try:
        return source.kind == "file" and os.path.samefile(path, source.location)  # noqa: PTH121  text paths
    except OSError:  # one of them does not exist, which others report
        return False
