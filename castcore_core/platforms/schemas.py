"""Accounts on their way in and out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from castcore_core.api.page import PageQuery
from castcore_core.destinations.schemas import Limits, Name, TypeId

Text = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+$")]
ClientId = Annotated[Text, Field(min_length=1, max_length=255)]
ClientSecret = Annotated[SecretStr, Field(min_length=1, max_length=1000)]
OwnPath = Annotated[
    str, StringConstraints(pattern=r"^/([\x21-\x2e\x30-\x5b\x5d-\x7e][\x21-\x5b\x5d-\x7e]*)?$", max_length=500)
]
"""A path on this server: no host, no blanks, no backslash, which browsers take for a slash."""


class AccountCreation(BaseModel):
    """An account to keep. The client is what the platform's developer console shows for this installation."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    name: Name
    type: TypeId = Field(description="Id of a type; see /platforms.")
    client_id: ClientId
    client_secret: ClientSecret | None = None


class AccountPatch(BaseModel):
    """What is to change; another client id disconnects the account, a secret of null is removed."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    name: Name | None = None
    client_id: ClientId | None = None
    client_secret: ClientSecret | None = None


class AccountAnswer(BaseModel):
    """A kept account; its tokens are shown to nobody."""

    id: UUID
    name: str
    type: str
    available: bool = Field(description="Whether the plugin of its type is loaded.")
    client_id: str
    client_secret: str | None = Field(description="Masked.")
    label: str = Field(description="What the platform calls the account; empty until it is connected.")
    scopes: list[str] = Field(description="What the platform has granted.")
    state: Literal["disconnected", "connecting", "connected", "reauthentication"]
    code: str = Field(description="The last error; empty where nothing is wrong.")
    params: dict[str, str | int | float | bool]
    expires_at: datetime | None = Field(description="When the access token expires; it is renewed before.")
    created_at: datetime
    updated_at: datetime


class AccountQuery(PageQuery):
    """Filters of the list. ``sort`` takes name, type, state, created_at and updated_at."""

    q: str | None = Field(default=None, max_length=100, description="Part of the name.")
    type: TypeId | None = None


class PlatformAnswer(BaseModel):
    """A type of platform that a plugin brings."""

    id: str
    plugin: str
    capabilities: list[Literal["oauth", "device", "metadata", "status", "thumbnail"]]
    limits: Limits
    scopes: list[str] = Field(description="What is asked for when an account is connected.")
    redirect_uri: str | None = Field(description="What to enter at the platform when this installation is registered.")


class PlatformList(BaseModel):
    """Every type."""

    items: list[PlatformAnswer]


class DepartureQuery(BaseModel):
    """Which account is to be connected, and where to go afterwards."""

    model_config = ConfigDict(extra="forbid")

    account: UUID
    return_to: OwnPath | None = Field(default=None, alias="return", description="Path on this server.")


class DepartureAnswer(BaseModel):
    """Where to send the browser."""

    url: str
    expires_at: datetime


class ArrivalQuery(BaseModel):
    """What the platform sends along; further parameters are ignored, as RFC 6749, 4.1.2 asks."""

    state: str = Field(min_length=1, max_length=256)
    code: str | None = Field(default=None, max_length=4096)
    error: str | None = Field(default=None, max_length=256)
    again: Literal["1"] | None = Field(default=None, description="This server's own page has asked again.")


class DeviceAnswer(BaseModel):
    """What a person is to type where, and how far it is."""

    user_code: str
    verification_url: str
    verification_url_complete: str | None = Field(description="With the code in it, to be shown as a QR code.")
    state: Literal["pending", "failed"]
    code: str = Field(description="Why it failed.")
    interval: int = Field(description="Seconds between two questions of this server.")
    expires_at: datetime
