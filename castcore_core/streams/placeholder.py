"""Keep secrets out of command lines: ``{env:NAME}`` and ``{file:PATH}`` stand for values that are read when needed."""

from __future__ import annotations

import os
import re
from pathlib import Path

from castcore_sdk import ConfigurationError

_PLACEHOLDER = re.compile(r"\{(env|file):([^{}]+)\}")
_LARGEST_FILE = 64 * 1024
"""Characters: a list of keys, not a film that was named by mistake."""


def has_placeholder(text: str) -> bool:
    """Say whether ``expand`` would change the text."""
    return bool(_PLACEHOLDER.search(text))


def expand(text: str) -> str:
    """Return ``text`` with its placeholders replaced.

    Raises ConfigurationError ``streams.variable_unset``, ``streams.key_file_unreadable`` or ``streams.key_file_empty``.
    """
    return _PLACEHOLDER.sub(lambda match: _variable(match[2]) if match[1] == "env" else read_lines(match[2])[0], text)


def _variable(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ConfigurationError("streams.variable_unset", params={"name": name})
    return value


def read_lines(path: str) -> list[str]:
    """Return the lines of a file of secrets, at least one; empty lines and ``#`` comments are left out.

    Raises ConfigurationError ``streams.key_file_unreadable``, ``streams.key_file_too_large``,
    ``streams.key_file_empty``.
    """
    try:
        with Path(path).expanduser().open(encoding="utf-8") as stream:
            text = stream.read(_LARGEST_FILE + 1)
    except (OSError, UnicodeDecodeError, ValueError):
        raise ConfigurationError("streams.key_file_unreadable", params={"path": path}) from None
    if len(text) > _LARGEST_FILE:
        raise ConfigurationError("streams.key_file_too_large", params={"path": path, "most": _LARGEST_FILE})
    lines = [line for line in map(str.strip, text.splitlines()) if line and not line.startswith("#")]
    if not lines:
        raise ConfigurationError("streams.key_file_empty", params={"path": path})
    return lines
