"""``castcore plugin new``: write the tree of a plugin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from castcore_core.cli.message import fail, output, say
from castcore_core.cli.status import ExitStatus


def register(plugins: typer.Typer) -> None:
    """Add ``new`` to ``plugins``."""
    plugins.command("new", help=say("help_plugin_new"))(new)


def new(
    name: Annotated[str, typer.Argument(help=say("help_plugin_new_name"), show_default=False)],
    kind: Annotated[str, typer.Option("--kind", metavar="KIND", help=say("help_plugin_new_kind"))],
    folder: Annotated[Path | None, typer.Option("--folder", metavar="DIR", help=say("help_plugin_new_folder"))] = None,
    licence: Annotated[str, typer.Option("--licence", help=say("help_plugin_new_licence"))] = "Apache-2.0",
    author: Annotated[str, typer.Option("--author", help=say("help_plugin_new_author"))] = "",
    json_output: Annotated[bool, typer.Option("--json", help=say("help_json"))] = False,
) -> None:
    """Write a plugin."""
    from castcore_core.plugins.scaffold import write_plugin
    from castcore_sdk import CastCoreError

    try:
        written = write_plugin(name, kind, folder=folder, licence=licence, author=author)
    except CastCoreError as error:
        fail(error.code, error.params, status=ExitStatus.INPUT, json_output=json_output)
    if json_output:
        files = [str(file) for file in written.files]
        print(json.dumps({"plugin": written.plugin, "folder": str(written.folder), "files": files}))  # noqa: T201
        return
    for file in written.files:
        output().print(f"  {file}", markup=False, soft_wrap=True)
    output().print(
        say("plugin_new_done", count=len(written.files), folder=written.folder), markup=False, soft_wrap=True
    )
    output().print(say("plugin_new_next", folder=written.folder), markup=False, soft_wrap=True)
