"""Settings on their way in and out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from castcore_core.settings.model import Language, ServerSettings, TimeZone


def _optional() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, field in ServerSettings.model_fields.items():
        kind: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
        found[name] = (kind | None, Field(default=None, description=field.description))
    return found


# Made from the one declaration: every key may be absent (keep) or null (default).
SettingsChange = create_model("SettingsChange", __config__=ConfigDict(extra="forbid"), **_optional())


class Preference(BaseModel):
    """What a user has chosen for themselves; null follows the server."""

    model_config = ConfigDict(extra="forbid")

    language: Language | None = Field(default=None, description="Language of pages and messages.")
    time_zone: TimeZone | None = Field(default=None, description="IANA time zone that times are shown in.")
    theme: Literal["dark", "light", "system"] | None = Field(default=None, description="Colours of the pages.")
