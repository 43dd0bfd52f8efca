"""Users and everything they sign in with. Only digests and locked values are stored, never a secret itself."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from tortoise import fields

from castcore_core.db.record import Record


class User(Record):
    """A person who may sign in."""

    name = fields.CharField(max_length=64, description="as the user writes it")
    key = fields.CharField(max_length=192, unique=True, description="the name as it is compared")
    role = fields.CharField(max_length=16)
    enabled = fields.BooleanField(default=True)
    password = fields.CharField(max_length=255, null=True, description="argon2id, null signs in elsewhere only")
    totp_secret = fields.TextField(null=True, description="locked, in force only while totp_active")
    totp_active = fields.BooleanField(default=False)
    totp_step = fields.BigIntField(default=0, description="newest time step that was used, against replay")
    language = fields.CharField(max_length=8, null=True)
    time_zone = fields.CharField(max_length=64, null=True)
    theme = fields.CharField(max_length=8, null=True)

    class Meta:
        table = "user_account"
        indexes: ClassVar = (("role", "enabled"),)


class Identity(Record):
    """Who a user is at an OpenID provider."""

    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "core.User", related_name="identities", on_delete=fields.CASCADE
    )
    issuer = fields.CharField(max_length=255)
    subject = fields.CharField(max_length=255)

    class Meta:
        table = "user_identity"
        unique_together = (("issuer", "subject"),)


class Session(Record):
    """One sign-in that is alive: a program's has refresh tokens, a page's has a cookie."""

    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "core.User", related_name="sessions", on_delete=fields.CASCADE
    )
    cookie = fields.CharField(max_length=64, unique=True, null=True, description="digest")
    address = fields.CharField(max_length=64)
    agent = fields.CharField(max_length=256)
    last_seen_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "user_session"


class RefreshToken(Record):
    """One link in the chain of a session's refresh tokens. The used ones stay, to notice when one comes again."""

    session: fields.ForeignKeyRelation[Session] = fields.ForeignKeyField(
        "core.Session", related_name="refresh_tokens", on_delete=fields.CASCADE
    )
    digest = fields.CharField(max_length=64, unique=True)
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "refresh_token"


class ApiToken(Record):
    """A program's own access, with a part of its user's rights."""

    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "core.User", related_name="api_tokens", on_delete=fields.CASCADE
    )
    name = fields.CharField(max_length=64)
    digest = fields.CharField(max_length=64, unique=True)
    hint = fields.CharField(max_length=4, description="last characters, to tell tokens apart")
    scopes: fields.Field[list[str]] = fields.JSONField()
    expires_at = fields.DatetimeField(null=True)
    last_used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "api_token"
        unique_together = (("user", "name"),)


class RecoveryCode(Record):
    """A code that stands in once for the second factor."""

    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "core.User", related_name="recovery_codes", on_delete=fields.CASCADE
    )
    digest = fields.CharField(max_length=64)

    class Meta:
        table = "recovery_code"
        unique_together = (("user", "digest"),)


class Ticket(Record):
    """Opens one live channel once, for those who cannot send a header."""

    digest = fields.CharField(max_length=64, unique=True)
    session: fields.ForeignKeyNullableRelation[Session] = fields.ForeignKeyField(
        "core.Session", null=True, on_delete=fields.CASCADE
    )
    token: fields.ForeignKeyNullableRelation[ApiToken] = fields.ForeignKeyField(
        "core.ApiToken", null=True, on_delete=fields.CASCADE
    )
    expires_at = fields.DatetimeField(db_index=True)
    session_id: UUID | None
    token_id: UUID | None

    class Meta:
        table = "live_ticket"


class ProviderVisit(Record):
    """A browser on its way to the OpenID provider and back."""

    state = fields.CharField(max_length=64, unique=True, description="digest")
    browser = fields.CharField(max_length=64, description="digest of the cookie that binds it")
    nonce = fields.CharField(max_length=64)
    verifier = fields.TextField(description="PKCE, locked")
    issuer = fields.CharField(max_length=255)
    redirect_uri = fields.CharField(max_length=512)
    user: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "core.User", null=True, on_delete=fields.CASCADE, description="who asked to be linked with the identity"
    )
    expires_at = fields.DatetimeField(db_index=True)
    user_id: UUID | None

    class Meta:
        table = "provider_visit"
