"""What a person at a terminal reads: language, sentences for codes, and errors without a traceback."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, NoReturn

from castcore_core.i18n import LANGUAGES, Text, translate

if TYPE_CHECKING:
    from rich.console import Console

    from castcore_sdk import CheckResult

_MARKS = {"ok": "[green]✓[/green]", "warning": "[yellow]![/yellow]", "error": "[red]✗[/red]"}


def language() -> str:
    """Return the language to speak: ``--lang``, ``CASTCORE_LANGUAGE``, then the locale; English where none fits."""
    for index, argument in enumerate(sys.argv[1:], start=1):
        if argument.startswith("--lang="):
            return _known(argument.partition("=")[2])
        if argument == "--lang" and index + 1 < len(sys.argv):
            return _known(sys.argv[index + 1])
    for name in ("CASTCORE_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return _known(value)
    return "en"


def _known(value: str) -> str:
    return value[:2].lower() if value[:2].lower() in LANGUAGES else "en"


@cache
def console() -> Console:
    """Return the terminal for people: standard error, so that standard output stays free for ``--json``."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


@cache
def output() -> Console:
    """Return standard output, for commands whose purpose is what they print."""
    from rich.console import Console

    return Console(highlight=False)


def write(line: str, to: Console | None = None) -> None:
    """Print a line of rich markup, by default to `console`: wrapped at words on a terminal, left whole elsewhere."""
    to = to or console()
    to.print(line, soft_wrap=not to.is_terminal)


@contextmanager
def still_there() -> Iterator[None]:
    """Pass over a terminal that was closed (EIO): what is said to it is lost, and nothing else."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.EIO:
            raise


def say(name: str, /, **params: object) -> str:
    """Return the command line's own text ``cli.NAME`` in the user's language."""
    return translate(f"cli.{name}", params, language=language()).message


_plugin_texts: dict[str, Mapping[str, str]] = {}


def use_texts(texts: Mapping[str, Mapping[str, str]]) -> None:
    """Know the texts of the installed plugins from now on."""
    _plugin_texts.update(texts)


def text_of(code: str, params: Mapping[str, object] | None = None) -> Text:
    """Return message, cause and remedy of any code, of the core or of an installed plugin."""
    return translate(code, params, language=language(), extra=_plugin_texts)


def show_problem(code: str, params: Mapping[str, object] | None = None, *, level: str = "error") -> None:
    """Print one problem: what, why, what to do, and the code to search for."""
    from rich.markup import escape

    text = text_of(code, params)
    colour = {"error": "red", "warning": "yellow"}.get(level, "cyan")
    label = f"[{colour}]{say('level_' + level)}[/{colour}]"
    write(f"{label} {escape(text.message)} [dim]({escape(code)})[/dim]")
    for line in (text.cause, text.remedy):
        if line:
            write(f"  {escape(line)}")


def print_checks(lines: Iterable[CheckResult]) -> None:
    """Print one line per check, with what to do where it is not well."""
    from rich.markup import escape

    for one in lines:
        text = text_of(one.code, one.params)
        mark = _MARKS[one.severity.value]
        write(f"{mark} {escape(text.message)} [dim]({escape(one.code)})[/dim]", output())
        if one.severity.value != "ok" and text.remedy:
            write(f"  {escape(text.remedy)}", output())


def fail(code: str, params: Mapping[str, object] | None = None, *, status: int, json_output: bool = False) -> NoReturn:
    """Say what is wrong and end the program with ``status``."""
    if json_output:
        import json

        error = {"code": code, "params": dict(params or {}), "level": "error"}
        print(json.dumps({"error": error}), flush=True)  # noqa: T201
    else:
        show_problem(code, params)
    raise SystemExit(status)
