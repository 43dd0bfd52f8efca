"""Every setting with its meaning and default."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from castcore_core.secrets import mask

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def _printable(text: str) -> str:
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise PydanticCustomError("not_printable", "control characters are not allowed")
    return text


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise PydanticCustomError("time_zone_unknown", "not a time zone of the IANA database")
    return name


def _absolute(path: str) -> str:
    pure = PurePosixPath(path)
    if not pure.is_absolute() or ".." in pure.parts:
        raise PydanticCustomError("path_not_absolute", "an absolute path without .. is needed")
    return str(pure)


def _issuer(url: str) -> str:
    try:
        parts = urlsplit(url)
        secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        clean = bool(parts.hostname) and not (parts.query or parts.fragment or parts.username or parts.password)
    except ValueError:
        secure = clean = False
    if not (secure and clean):
        raise PydanticCustomError("url_not_https", "an https address is needed")
    return url.rstrip("/")


def _shown(secret: SecretStr) -> str:
    return mask(secret.get_secret_value())


Line = Annotated[str, AfterValidator(_printable)]
Language = Literal["en", "de"]
TimeZone = Annotated[Line, Field(max_length=64), AfterValidator(_known_zone)]
Path = Annotated[Line, Field(max_length=4096), AfterValidator(_absolute)]
Secret = Annotated[SecretStr, Field(max_length=4096), PlainSerializer(_shown, return_type=str, when_used="json")]
"""A secret that comes back masked."""


class ServerSettings(BaseModel):
    """What is in force; keys that nobody has set have their defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    server_name: Annotated[Line, Field(min_length=1, max_length=64)] = Field(
        default="CastCore", description="Name that pages, notifications and templates show."
    )
    language: Language | None = Field(
        default=None, description="Language where a user has chosen none; null takes the server's configuration."
    )
    time_zone: TimeZone = Field(default="UTC", description="IANA time zone where a user has chosen none.")
    private_addresses: bool = Field(
        default=True, description="Media sources and destinations may use private and loopback addresses."
    )
    media_roots: Annotated[tuple[Path, ...], Field(max_length=64)] = Field(
        default=(),
        description="Folders that sources of kind file may read from; empty: any file for admins, "
        "the data folder's media for operators.",
    )
    ffmpeg_path: Path | None = Field(
        default=None, description="ffmpeg to use; null takes the configured one, else the newest that is found."
    )
    preflight_gate: bool = Field(default=False, description="A red preflight report keeps a job from starting.")
    reopen_broadcasts: bool = Field(
        default=True, description="A broadcast that its platform has ended while the job is on air is opened anew."
    )
    plugin_install: bool = Field(
        default=False,
        description="Admins may install, upgrade and remove plugins over the API: code that runs as the server.",
    )
    audit_days: Annotated[int, Field(ge=30, le=3650)] = Field(
        default=365, description="Days that entries of the audit log are kept."
    )
    oidc_enabled: bool = Field(default=False, description="Offer sign-in through an OpenID provider.")
    oidc_label: Annotated[Line, Field(max_length=64)] = Field(
        default="Single sign-on", description="What the sign-in page calls the provider."
    )
    oidc_issuer: Annotated[Line, Field(max_length=255), AfterValidator(_issuer)] | None = Field(
        default=None, description="Address of the provider, https (http on this machine only)."
    )
    oidc_client_id: Annotated[Line, Field(min_length=1, max_length=255)] | None = Field(
        default=None, description="This server's name at the provider."
    )
    oidc_client_secret: Secret | None = Field(default=None, description="This server's secret at the provider.")
    oidc_scopes: Annotated[Line, Field(max_length=255, pattern=r"^openid( [\x21\x23-\x5b\x5d-\x7e]+)*$")] = Field(
        default="openid profile", description="Scopes to ask the provider for; the first is openid."
    )
    oidc_create_users: bool = Field(
        default=False, description="Somebody whom the provider knows and this server does not gets an account."
    )
    oidc_new_role: Literal["viewer", "operator"] = Field(
        default="viewer", description="Role of accounts that are made so; admins are made by admins."
    )

    @model_validator(mode="after")
    def _belong_together(self) -> ServerSettings:
        if self.oidc_enabled and not (self.oidc_issuer and self.oidc_client_id):
            raise PydanticCustomError("oidc_incomplete", "oidc_enabled needs oidc_issuer and oidc_client_id")
        return self


SECRETS = frozenset(name for name, field in ServerSettings.model_fields.items() if "SecretStr" in str(field.annotation))
"""Keys whose values are stored locked."""
