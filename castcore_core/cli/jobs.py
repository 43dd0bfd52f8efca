"""``castcore jobs``: what the server carries, seen and commanded from its machine, also while no server runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from castcore_core.cli.message import console, fail, output, say, show_problem, text_of, write
from castcore_core.cli.status import ExitStatus

if TYPE_CHECKING:
    from castcore_core.engine.command import Stopped
    from castcore_sdk.errors import CastCoreError

Json = Annotated[bool, typer.Option("--json", help=say("help_json"))]


def register(app: typer.Typer) -> None:
    """Add ``jobs`` to ``app``."""
    jobs = typer.Typer(help=say("help_jobs"), no_args_is_help=True)
    jobs.command("list", help=say("help_jobs_list"))(show)
    jobs.command("start", help=say("help_jobs_start"))(start)
    jobs.command("stop", help=say("help_jobs_stop"))(stop)
    app.add_typer(jobs, name="jobs")


def show(json_output: Json = False) -> None:
    """List the jobs."""
    from dataclasses import asdict

    from castcore_core.engine.command import list_jobs
    from castcore_sdk.errors import CastCoreError

    try:
        lines = list_jobs({})
    except CastCoreError as error:
        _leave(error, json_output=json_output)
    if json_output:
        print(json.dumps({"jobs": [asdict(line) for line in lines]}, ensure_ascii=False))  # noqa: T201
        return
    from rich.markup import escape
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for name in ("job", "wanted", "state", "id"):
        table.add_column(say(f"column_{name}"), no_wrap=name == "id")
    for line in lines:
        table.add_row(Text(line.name), say(f"state_{line.desired}"), say(f"state_{line.state}"), line.id)
    output().print(table)
    for line in lines:
        if line.code:
            text = text_of(line.code, line.params)
            told = escape(f"{line.name}: {' '.join(filter(None, (text.message, text.cause, text.remedy)))}")
            write(f"{told} [dim]({escape(line.code)})[/dim]", output())


def start(
    job: Annotated[str, typer.Argument(help=say("help_job"), show_default=False)],
    override: Annotated[bool, typer.Option("--override", help=say("help_override"))] = False,
    json_output: Json = False,
) -> None:
    """Put a job on air."""
    from castcore_core.engine.command import start_job
    from castcore_sdk.errors import CastCoreError

    try:
        name = start_job({}, job, override=override)
    except CastCoreError as error:
        _leave(error, json_output=json_output)
    if json_output:
        print(json.dumps({"started": [name]}, ensure_ascii=False))  # noqa: T201
    else:
        console().print(say("jobs_started", name=name), soft_wrap=True, markup=False)


def stop(
    job: Annotated[str | None, typer.Argument(help=say("help_job"), show_default=False)] = None,
    every: Annotated[bool, typer.Option("--all", help=say("help_jobs_all"))] = False,
    json_output: Json = False,
) -> None:
    """Take a job off the air, or every job."""
    if (job is None) != every:
        fail("cli.jobs_which", status=ExitStatus.USAGE, json_output=json_output)
    from castcore_core.engine.command import stop_jobs
    from castcore_sdk.errors import CastCoreError

    try:
        done = stop_jobs({}, job)
    except CastCoreError as error:
        _leave(error, json_output=json_output)
    _report(done, json_output=json_output)
    raise SystemExit(ExitStatus.SYSTEM if done.left or done.problem else ExitStatus.OK)


def _report(done: Stopped, *, json_output: bool) -> None:
    problem = done.problem
    if json_output:
        told = {"code": problem.code, "params": dict(problem.params)} if problem else None
        answer = {"stopped": list(done.jobs), "ended": done.ended, "left": done.left, "problem": told}
        print(json.dumps(answer, ensure_ascii=False))  # noqa: T201
        return
    console().print(say("jobs_stopped", jobs=len(done.jobs), ended=done.ended), soft_wrap=True, markup=False)
    if done.left:
        show_problem("cli.jobs_left", {"count": done.left})
    if problem is not None:
        show_problem(problem.code, problem.params)
        show_problem("cli.jobs_still_wanted", level="warning")


def _leave(error: CastCoreError, *, json_output: bool) -> NoReturn:
    from castcore_core.error import ConflictError
    from castcore_sdk.errors import ConfigurationError, NotFoundError

    refused = isinstance(error, ConflictError | ConfigurationError | NotFoundError)
    fail(error.code, error.params, status=ExitStatus.INPUT if refused else ExitStatus.SYSTEM, json_output=json_output)
