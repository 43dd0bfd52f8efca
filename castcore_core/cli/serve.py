"""``castcore serve``, ``castcore config show`` and ``castcore migrate``."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from castcore_core.cli.message import console, fail, say, text_of
from castcore_core.cli.status import ExitStatus

if TYPE_CHECKING:
    from castcore_core.core import Core
    from castcore_sdk.errors import CastCoreError

Json = Annotated[bool, typer.Option("--json", help=say("help_json"))]


def register(app: typer.Typer) -> None:
    """Add the server's commands to ``app``."""
    app.command("serve", help=say("help_serve"))(serve)
    app.command("migrate", help=say("help_migrate"))(migrate)
    config = typer.Typer(help=say("help_config"), no_args_is_help=True)
    config.command("show", help=say("help_config_show"))(show)
    app.add_typer(config, name="config")


def serve(
    host: Annotated[str | None, typer.Option(help=say("help_host"))] = None,
    port: Annotated[int | None, typer.Option(help=say("help_port"), min=0, max=65535)] = None,
    headless: Annotated[bool, typer.Option("--headless", help=say("help_headless"))] = False,
    safe: Annotated[bool, typer.Option("--safe", help=say("help_safe"))] = False,
    role: Annotated[str | None, typer.Option(help=say("help_role"), metavar="all|web|engine")] = None,
    json_output: Json = False,
) -> None:
    """Serve until stopped."""
    given = {"host": host, "port": port, "role": role, "headless": headless or None, "safe": safe or None}
    serve_until_stopped(given, json_output=json_output)


def serve_until_stopped(overrides: Mapping[str, object], *, json_output: bool) -> None:
    """Serve, print address and one-time texts, and leave with the exit status of what went wrong."""
    from castcore_core.server.command import serve as serve_with
    from castcore_sdk.errors import CastCoreError

    def ready(address: str, core: Core) -> None:
        if json_output:
            announced = [{"code": code, "params": params} for code, params in core.announcements]
            print(json.dumps({"address": address, "announcements": announced}), flush=True)  # noqa: T201
            return
        console().print(say("serve_ready", address=address), soft_wrap=True, markup=False)
        for code, params in core.announcements:
            console().print(text_of(code, params).message, soft_wrap=True, markup=False)

    try:
        serve_with(overrides, ready)
    except CastCoreError as error:
        _leave(error, json_output=json_output)


def migrate(json_output: Json = False) -> None:
    """Bring the database to the newest schema."""
    from castcore_core.server.command import migrate_database
    from castcore_sdk.errors import CastCoreError

    try:
        done = migrate_database({})
    except CastCoreError as error:
        _leave(error, json_output=json_output)
    if json_output:
        print(json.dumps({"applied": done.applied, "backup": str(done.backup) if done.backup else None}))  # noqa: T201
    elif done.applied:
        console().print(say("migrate_done", migrations=", ".join(done.applied)), soft_wrap=True, markup=False)
        if done.backup:
            console().print(say("migrate_backup", path=Path(done.backup)), soft_wrap=True, markup=False)
    else:
        console().print(say("migrate_current"), soft_wrap=True, markup=False)


def show(json_output: Json = False) -> None:
    """Print every configuration key, masked where secret, and where it comes from."""
    from castcore_core.config import show_configuration
    from castcore_sdk.errors import CastCoreError

    try:
        keys = show_configuration()
    except CastCoreError as error:
        _leave(error, json_output=json_output)
    if json_output:
        print(json.dumps([asdict(key) for key in keys], ensure_ascii=False, indent=2))  # noqa: T201
        return
    for key in keys:
        shown = "" if key.value is None else ", ".join(key.value) if isinstance(key.value, list) else key.value
        print(f"{key.key} = {shown}  [{key.origin}]")  # noqa: T201


def _leave(error: CastCoreError, *, json_output: bool) -> NoReturn:
    status = ExitStatus.INPUT if error.code.startswith("configuration.") else ExitStatus.SYSTEM
    try:
        fail(error.code, error.params, status=status, json_output=json_output)
    finally:
        # A resolver that hangs keeps a thread that a normal exit would wait for; nothing is open any more.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
