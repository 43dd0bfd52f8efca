"""Accounts over HTTP."""

from castcore_core.accounts.routes import provider, session, token, two_factor, user
from castcore_core.accounts.routes.place import blueprint

__all__ = ["blueprint", "provider", "session", "token", "two_factor", "user"]
