"""``castcore run``: one input to many destinations."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.markup import escape

from castcore_core.cli.display import choose, clock, destination_table
from castcore_core.cli.message import console, fail, say, show_problem, still_there, write
from castcore_core.cli.place import data_folder, open_host
from castcore_core.cli.session import Outcome, conduct
from castcore_core.cli.status import ExitStatus
from castcore_core.ffmpeg.build import find_build
from castcore_core.runner.error import Problem, RunnerError
from castcore_core.streams.preparation import Prepared, prepare
from castcore_sdk import CastCoreError, TemporaryError

if TYPE_CHECKING:
    from castcore_core.ffmpeg.build import FFmpegBuild
    from castcore_core.streams.request import RunRequest

_SOURCE_PREFIXES = ("ffmpeg.", "media.", "rtmp.", "streams.source_")
"""Whose codes say that a feed was not reached; what plugins raise begins with their own names."""
_SYSTEM_CODES = ("ffmpeg.missing", "ffmpeg.not_executable", "ffmpeg.not_ffmpeg", "cli.data_folder")


def run(request: RunRequest, *, as_json: bool, verbose: bool) -> None:
    """Stream until the input ends or a signal comes; ends the program with an `ExitStatus`."""
    try:
        status = asyncio.run(stream(request, as_json=as_json, verbose=verbose))
    except (CastCoreError, RunnerError) as error:
        unreached = isinstance(error, TemporaryError) and error.code.startswith(_SOURCE_PREFIXES)
        status = ExitStatus.SOURCE if unreached else ExitStatus.INPUT
        status = ExitStatus.SYSTEM if error.code in _SYSTEM_CODES else status
        fail(error.code, error.params, status=status, json_output=as_json)
    except BrokenPipeError:  # the reader of our output is gone, which is its right; the stream has ended in order
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = ExitStatus.OK
    raise SystemExit(status)


async def stream(request: RunRequest, *, as_json: bool, verbose: bool) -> ExitStatus:
    """Carry the request to its end. Raises CastCoreError and RunnerError for what keeps it from starting."""
    folder = data_folder()
    async with open_host() as host:
        build = await find_build(request.ffmpeg)
        prepared = await prepare(request, host, build)
        try:
            if as_json:
                _announce_as_json(prepared)
            else:
                _announce(prepared, build)
            display = choose(prepared.names, as_json=as_json, verbose=verbose)
            try:
                outcome = await conduct(prepared.planned, folder / "run", display, lambda: _stopping(as_json=as_json))
            finally:
                with still_there():
                    display.close()
        finally:
            await prepared.close()
    status = _status(outcome)
    with still_there():
        if as_json:
            _report_as_json(prepared, outcome, status)
        else:
            _report(prepared, outcome)
    return status


def _announce(prepared: Prepared, build: FFmpegBuild) -> None:
    picture = say("copied") if prepared.profile.copies_video else prepared.profile.encoder
    if prepared.profile.video is None:
        picture = say("no_picture")
    line = say(
        "announce", source=prepared.source.name, profile=prepared.profile.name, encoder=picture, ffmpeg=build.label
    )
    write(escape(line))
    for notice in prepared.notices:
        show_problem(notice.code, notice.params, level=notice.severity.value if notice.severity != "ok" else "info")


def _announce_as_json(prepared: Prepared) -> None:
    for notice in prepared.notices:
        said = {"code": notice.code, "params": dict(notice.params), "level": notice.severity.value}
        print(json.dumps({"notice": said}), flush=True)  # noqa: T201


def _stopping(*, as_json: bool) -> None:
    if not as_json:
        console().print(say("stopping"))


def _report_as_json(prepared: Prepared, outcome: Outcome, status: ExitStatus) -> None:
    summary = {
        "status": int(status),
        "problem": outcome.problem.to_json() if outcome.problem else None,
        "cause": outcome.cause.to_json() if outcome.cause else None,
        "outputs": {output: {"name": prepared.names[output], **asdict(one)} for output, one in outcome.totals.items()},
    }
    print(json.dumps({"summary": summary}), flush=True)  # noqa: T201


def _report(prepared: Prepared, outcome: Outcome) -> None:
    if outcome.totals:
        longest = max((one.seconds for one in outcome.totals.values()), default=0.0)
        console().print(say("summary", time=clock(longest)))
        console().print(destination_table(prepared.names, outcome.totals, final=True))
    for problem in (outcome.problem, outcome.cause):
        if problem is not None:
            show_problem(problem.code, problem.params)


def _status(outcome: Outcome) -> ExitStatus:
    if outcome.aborted:
        return ExitStatus.ABORTED
    if outcome.problem is not None:
        return _failed(outcome.problem)
    if outcome.never_up:
        return ExitStatus.NO_DESTINATION
    return ExitStatus.PARTIAL if outcome.incomplete else ExitStatus.OK


def _failed(problem: Problem) -> ExitStatus:
    if problem.code == "runner.no_output_up":
        return ExitStatus.NO_DESTINATION
    if problem.code in ("runner.gone", "runner.silent", "runner.internal"):
        return ExitStatus.INTERNAL
    return ExitStatus.SYSTEM if problem.code in _SYSTEM_CODES else ExitStatus.SOURCE
