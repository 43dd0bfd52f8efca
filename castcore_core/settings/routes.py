"""Settings over HTTP."""

from __future__ import annotations

from typing import Any

from quart import Blueprint
from quart_schema import tag_blueprint, validate_request, validate_response

from castcore_core.accounts.models import User
from castcore_core.accounts.routes.place import current_user
from castcore_core.api.rule import current_core
from castcore_core.settings.model import ServerSettings
from castcore_core.settings.schemas import Preference, SettingsChange
from castcore_core.settings.service import Settings

blueprint = Blueprint("settings", __name__)
tag_blueprint(blueprint, ["settings"])


@blueprint.get("/settings")
@validate_response(ServerSettings)
async def read_settings() -> ServerSettings:
    """Return every setting; secrets are masked."""
    return await current_core().get(Settings).read()


@blueprint.patch("/settings")
@validate_request(SettingsChange)
@validate_response(ServerSettings)
async def change_settings(data: Any) -> ServerSettings:
    """Change settings; absent keeps, null goes back to the default."""
    given = {key: getattr(data, key) for key in data.model_fields_set}
    return await current_core().get(Settings).change(given)


@blueprint.get("/settings/schema")
async def describe_settings() -> dict[str, Any]:
    """Return the JSON Schema of the settings: type, description, default and limits of every key."""
    return ServerSettings.model_json_schema()


@blueprint.get("/settings/me")
@validate_response(Preference)
async def read_preference() -> Preference:
    """Return what the user has chosen for themselves."""
    return _preference(await current_user())


@blueprint.patch("/settings/me")
@validate_request(Preference)
@validate_response(Preference)
async def change_preference(data: Preference) -> Preference:
    """Change the own preferences; absent keeps, null follows the server."""
    user = await current_user()
    for key in data.model_fields_set:
        setattr(user, key, getattr(data, key))
    if data.model_fields_set:
        await user.save(update_fields=[*data.model_fields_set, "updated_at"])
    return _preference(user)


def _preference(user: User) -> Preference:
    return Preference.model_construct(language=user.language, time_zone=user.time_zone, theme=user.theme)
