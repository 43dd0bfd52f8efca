"""What travels in and out about accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr

from castcore_core.accounts.role import RoleName
from castcore_core.accounts.table import SCOPES
from castcore_core.api.page import PageQuery

UserName = Annotated[str, Field(min_length=1, max_length=64)]
Password = Annotated[SecretStr, Field(min_length=1, max_length=256)]
NewPassword = Annotated[SecretStr, Field(min_length=10, max_length=256)]
Code = Annotated[str, Field(min_length=1, max_length=32)]
Scope = Literal[*SCOPES]  # type: ignore[valid-type]


class Body(BaseModel):
    """A request; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)


class UserAnswer(BaseModel):
    """A user as others see them."""

    id: UUID
    username: str
    role: RoleName
    enabled: bool
    two_factor: bool
    has_password: bool
    created_at: datetime
    updated_at: datetime


class UserQuery(PageQuery):
    """``sort`` takes username, role, created_at."""

    q: str | None = Field(default=None, max_length=64, description="Part of the name.")
    role: RoleName | None = None
    enabled: bool | None = None


class UserCreation(Body):
    """A new user; without a password they sign in through the OpenID provider only."""

    username: UserName
    password: NewPassword | None = None
    role: RoleName = "viewer"


class UserPatch(Body):
    """What to change in a user; absent keeps."""

    username: UserName | None = None
    password: NewPassword | None = None
    role: RoleName | None = None
    enabled: bool | None = None
    two_factor: Literal[False] | None = Field(default=None, description="false takes the second factor away.")


class RoleAnswer(BaseModel):
    """A role and what it may call."""

    name: RoleName
    routes: list[str] = Field(description="METHOD PATH, with * for variable parts.")


class RoleList(BaseModel):
    """All roles and all scopes that API tokens may have."""

    items: list[RoleAnswer]
    scopes: list[str]


class Credentials(Body):
    """A sign-in. A page asks for a cookie, a program gets tokens."""

    username: Annotated[str, Field(min_length=1, max_length=256)]
    password: Password
    totp: Code | None = Field(default=None, description="Code of the authenticator, or a recovery code.")
    cookie: bool = Field(default=False, description="Sign in by an HttpOnly cookie instead of tokens.")


class Me(BaseModel):
    """Who calls."""

    id: UUID
    username: str
    role: RoleName
    kind: Literal["user", "token"]
    session_id: UUID | None = None
    scopes: list[str] | None = Field(default=None, description="Of an API token; null is everything the role may.")
    language: str | None = None
    time_zone: str | None = None
    theme: str | None = None


class SignedIn(BaseModel):
    """The tokens of a program; both are null where the page got a cookie."""

    access_token: str | None
    refresh_token: str | None
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105
    expires_in: int = Field(description="Seconds until the access token, or the unused session, is over.")
    user: UserAnswer


class RefreshBody(Body):
    """A refresh token, good once."""

    refresh_token: Annotated[str, Field(min_length=1, max_length=256)]


class PasswordChange(Body):
    """The old password proves who asks."""

    current: Password | None = Field(default=None, description="Needed by everybody who has one.")
    new: NewPassword
    totp: Code | None = None


class Proof(Body):
    """Password, and second factor where there is one, once more.

    Who has no password must have signed in at the provider within ten minutes.
    """

    password: Password | None = None
    totp: Code | None = None


class CodeBody(Body):
    """A code of the authenticator."""

    code: Code


class TwoFactorOffer(BaseModel):
    """What the authenticator needs; shown this once."""

    secret: str
    uri: str = Field(description="otpauth: address, for a QR code.")


class RecoveryCodes(BaseModel):
    """Codes that stand in once each for the second factor; shown this once."""

    recovery_codes: list[str]


class SessionAnswer(BaseModel):
    """A place where the user is signed in."""

    id: UUID
    current: bool
    kind: Literal["page", "program"]
    address: str
    agent: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


class TokenCreation(Proof):
    """A new API token."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(SCOPES))]
    expires_at: AwareDatetime | None = None


class TokenAnswer(BaseModel):
    """An API token without its secret."""

    id: UUID
    name: str
    masked: str
    scopes: list[str]
    expires_at: datetime | None
    last_used_at: datetime | None
    created_at: datetime


class TokenCreated(TokenAnswer):
    """An API token with its secret, shown this once."""

    token: str


class TicketAnswer(BaseModel):
    """A ticket for one live channel: ``?ticket=…``."""

    ticket: str
    expires_in: int


class ProviderAnswer(BaseModel):
    """Whether the sign-in page offers an OpenID provider, and under which name."""

    enabled: bool
    label: str | None = None
