"""The server's log: readable for programs, and without secrets."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from castcore_core.config import load_configuration
from castcore_core.secrets import scrubber
from castcore_core.server.log import configure_log

CANARY = "canary-of-the-log"


@pytest.fixture(autouse=True)
def untouched() -> Iterator[None]:
    root = logging.getLogger()
    before = (root.handlers, root.level)
    yield
    root.handlers, level = before
    root.setLevel(level)
    structlog.reset_defaults()


def lines(tmp_path: Path, form: str) -> list[str]:
    stream = io.StringIO()
    settings = {"CASTCORE_DATA_DIR": str(tmp_path), "CASTCORE_LOG_FORMAT": form}
    configure_log(load_configuration(environment=settings), stream)
    scrubber.add(CANARY)
    structlog.contextvars.bind_contextvars(request_id="r-1")
    log, hidden = structlog.get_logger("any"), {"key": CANARY}
    try:
        raise ValueError(f"bad {CANARY}")
    except ValueError:
        log.exception("failed", where=hidden, path=Path(f"/x/{CANARY}"), parts=[CANARY, 1])
    logging.getLogger("some.library").warning("url %s", f"rtmp://h/{CANARY}")
    logging.getLogger("tortoise").info("SELECT '%s'", CANARY)
    log.debug("not shown")
    structlog.contextvars.clear_contextvars()
    assert sys.exc_info() == (None, None, None)
    return stream.getvalue().splitlines()


def test_json_is_one_object_a_line_without_variables_of_frames(tmp_path: Path) -> None:
    found = lines(tmp_path, "json")
    assert CANARY not in "".join(found)
    first, second = (json.loads(line) for line in found)
    assert (first["event"], first["level"], first["request_id"]) == ("failed", "error", "r-1")
    assert (first["path"], first["parts"]) == ("/x/••••", ["••••", 1])
    assert first["exception"][0]["exc_value"] == "bad ••••"
    assert "locals" not in first["exception"][0]["frames"][0]
    assert (second["event"], second["level"]) == ("url rtmp://h/••••", "warning")


def test_the_console_form_hides_the_same(tmp_path: Path) -> None:
    text = "\n".join(lines(tmp_path, "console"))
    assert CANARY not in text
    assert "ValueError: bad ••••" in text
    assert "url rtmp://h/••••" in text
