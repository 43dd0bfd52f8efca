"""Where the routes of accounts are mounted, and what all of them ask."""

from __future__ import annotations

from pydantic import SecretStr
from quart import Blueprint, g
from quart_schema import tag_blueprint

from castcore_core.accounts.actor import Account
from castcore_core.accounts.models import User
from castcore_core.accounts.sign_in import SignIn
from castcore_core.api.rule import current_core
from castcore_core.error import UnauthenticatedError

blueprint = Blueprint("accounts", __name__)
tag_blueprint(blueprint, ["accounts"])


def current_account() -> Account:
    """Return who calls. Raises UnauthenticatedError on an open route without a login."""
    account = g.actor
    if not isinstance(account, Account):
        raise UnauthenticatedError("auth.required")
    return account


async def current_user() -> User:
    """Return the stored user who calls."""
    user = await User.get_or_none(id=current_account().user_id)
    if user is None:
        raise UnauthenticatedError("auth.session_ended")
    return user


async def confirmed_user(password: SecretStr | None, totp: str | None) -> User:
    """Return the stored user who calls, once they have proved again who they are; see :meth:`SignIn.confirm`."""
    user = await current_user()
    secret = password.get_secret_value() if password else None
    await current_core().get(SignIn).confirm(user, current_account().session_id, secret, totp)
    return user
