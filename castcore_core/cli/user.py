"""``castcore user create``: works while the server runs or not."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from castcore_core.cli.message import console, fail, say
from castcore_core.cli.status import ExitStatus

if TYPE_CHECKING:
    from castcore_core.error import InvalidError

_ROLES = ("viewer", "operator", "admin")
_LONGEST = 4096

Json = Annotated[bool, typer.Option("--json", help=say("help_json"))]


def register(app: typer.Typer) -> None:
    """Add ``user`` to ``app``."""
    users = typer.Typer(help=say("help_user"), no_args_is_help=True)
    users.callback()(_users)
    users.command("create", help=say("help_user_create"))(create)
    app.add_typer(users, name="user")


def create(
    name: Annotated[str, typer.Argument(help=say("help_user_name"), show_default=False)],
    role: Annotated[str, typer.Option(metavar="admin|operator|viewer", help=say("help_user_role"))] = "viewer",
    password: Annotated[str | None, typer.Option(help=say("help_user_password"), show_default=False)] = None,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help=say("help_user_password_stdin"))] = False,
    json_output: Json = False,
) -> None:
    """Create a user."""
    if role not in _ROLES:
        fail("cli.user_role_bad", {"role": role}, status=ExitStatus.USAGE, json_output=json_output)
    chosen = _password(password, from_stdin=password_stdin, json_output=json_output)
    from castcore_core.accounts.command import create_user
    from castcore_core.error import ConflictError, InvalidError
    from castcore_core.server.log import keep_log_aside
    from castcore_sdk.errors import CastCoreError

    keep_log_aside()
    try:
        made = create_user({}, name, chosen, role)
    except InvalidError as error:
        _refuse(error, name, json_output=json_output)
    except CastCoreError as error:
        status = ExitStatus.INPUT if isinstance(error, ConflictError) else ExitStatus.SYSTEM
        fail(error.code, error.params, status=status, json_output=json_output)
    if json_output:
        print(json.dumps({"id": made.id, "username": made.name, "role": made.role}))  # noqa: T201
    else:
        console().print(say("user_created", name=made.name, role=made.role), soft_wrap=True, markup=False)


def _users() -> None:
    """Keep ``create`` a command of its own name; typer folds a lone one into its group."""


def _password(given: str | None, *, from_stdin: bool, json_output: bool) -> str:
    if given is not None:
        return given
    if from_stdin:
        return sys.stdin.readline(_LONGEST).rstrip("\r\n")
    if not sys.stdin.isatty() or json_output:
        fail("cli.user_password_missing", status=ExitStatus.USAGE, json_output=json_output)
    prompt, repeat = say("user_password_prompt"), say("user_password_repeat")
    answer: str = typer.prompt(prompt, hide_input=True, confirmation_prompt=repeat, err=True)
    return answer


def _refuse(error: InvalidError, name: str, *, json_output: bool) -> NoReturn:
    field = error.fields[0]
    if field["path"] == ["username"]:
        fail("cli.user_name_bad", {"name": name}, status=ExitStatus.INPUT, json_output=json_output)
    fail("cli.user_password_bad", {"reason": field["type"]}, status=ExitStatus.INPUT, json_output=json_output)
