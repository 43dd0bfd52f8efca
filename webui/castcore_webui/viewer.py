"""Who looks at a page: name, role, language, time zone, colours."""

from __future__ import annotations

from dataclasses import dataclass

from quart import g, request

from castcore_core.accounts.actor import Account
from castcore_core.accounts.role import Role
from castcore_core.api.rule import current_core
from castcore_core.i18n import LANGUAGES
from castcore_core.settings import Settings


@dataclass(frozen=True, slots=True)
class Viewer:
    """What a page needs to know of the one who reads it; ``name`` is empty before the sign-in."""

    name: str
    role: str
    language: str
    time_zone: str
    theme: str
    server_name: str

    @property
    def operates(self) -> bool:
        """Tell whether they may start and change streams."""
        return self.role in ("operator", "admin")

    @property
    def administers(self) -> bool:
        """Tell whether they may do everything."""
        return self.role == "admin"


def account() -> Account | None:
    """Return who has signed in."""
    actor = getattr(g, "actor", None)
    return actor if isinstance(actor, Account) else None


async def viewer() -> Viewer:
    """Return who reads the page of this request."""
    core, actor = current_core(), account()
    settings = await core.get(Settings).read()
    # Before the sign-in a browser's language counts, unless the admin has chosen one for the server.
    guessed = request.accept_languages.best_match(LANGUAGES) if actor is None else None
    asked = request.args.get("lang") if actor is None else None
    default = settings.language or guessed or core.configuration.language
    chosen = (actor.language if actor else None) or (asked if asked in LANGUAGES else None)
    return Viewer(
        name=actor.name if actor else "",
        role=Role(actor.role).title if actor else "",
        language=chosen or default,
        time_zone=(actor.time_zone if actor else None) or settings.time_zone,
        theme=(actor.theme if actor else None) or "system",
        server_name=settings.server_name,
    )
