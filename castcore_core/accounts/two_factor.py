"""The second factor: time-based codes (RFC 6238) and recovery codes."""

from __future__ import annotations

import base64
import hmac
import secrets
import time
from dataclasses import dataclass

import pyotp
from tortoise.transactions import in_transaction

from castcore_core.accounts.models import RecoveryCode, User
from castcore_core.accounts.secret import digest
from castcore_core.audit import Audit
from castcore_core.audit.service import Target
from castcore_core.error import ConflictError, InvalidError
from castcore_core.secrets import KeyRing

_STEP_S = 30
_DRIFT = 1
"""Steps that a clock may be off (RFC 6238, 5.2 recommends one)."""
_CODES = 10
_CODE_BYTES = 10


@dataclass(frozen=True, slots=True)
class Offer:
    """What the user's authenticator needs."""

    secret: str
    uri: str


class TwoFactor:
    """Set up, check and take away the second factor."""

    def __init__(self, ring: KeyRing, audit: Audit) -> None:
        self._ring = ring
        self._audit = audit

    async def begin(self, user: User, issuer: str) -> Offer:
        """Make a secret, not in force before :meth:`confirm`. Raises ConflictError ``auth.totp_active``."""
        if user.totp_active:
            raise ConflictError("auth.totp_active")
        secret = pyotp.random_base32()
        await User.filter(id=user.id, totp_active=False).update(totp_secret=self._ring.lock(secret, _place(user)))
        return Offer(secret, pyotp.TOTP(secret).provisioning_uri(name=user.name, issuer_name=issuer))

    async def confirm(self, user: User, code: str) -> list[str]:
        """Put the secret in force and return recovery codes, shown this once.

        Raises ConflictError ``auth.totp_active`` or ``auth.totp_not_begun``, InvalidError for a wrong code.
        """
        if user.totp_active:
            raise ConflictError("auth.totp_active")
        if user.totp_secret is None:
            raise ConflictError("auth.totp_not_begun")
        step = self._step_of(user, code)
        if step is None:
            raise InvalidError.at("code", type="totp_invalid")
        codes = [_new_code() for _ in range(_CODES)]
        async with in_transaction():
            if not await User.filter(id=user.id, totp_active=False).update(totp_active=True, totp_step=step):
                raise ConflictError("auth.totp_active")
            await RecoveryCode.filter(user_id=user.id).delete()
            await RecoveryCode.bulk_create([RecoveryCode(user=user, digest=_digest(user, each)) for each in codes])
            await self._audit.record("auth.totp_enabled", target=Target("user", user.id, user.name))
        return codes

    async def check(self, user: User, code: str) -> bool:
        """Tell whether ``code`` is the user's, of the authenticator or a recovery code; each is good once."""
        step = self._step_of(user, code)
        if step is not None:
            # Also this decides in one statement, so that two who send the same code do not both get in.
            return bool(await User.filter(id=user.id, totp_step__lt=step).update(totp_step=step))
        used = await RecoveryCode.filter(user_id=user.id, digest=_digest(user, code)).delete()
        if used:
            await self._audit.record("auth.recovery_code_used", target=Target("user", user.id, user.name))
        return bool(used)

    async def disable(self, user: User) -> None:
        """Take the second factor away."""
        async with in_transaction():
            await User.filter(id=user.id).update(totp_active=False, totp_secret=None)
            await RecoveryCode.filter(user_id=user.id).delete()
            await self._audit.record("auth.totp_disabled", target=Target("user", user.id, user.name))

    def _step_of(self, user: User, code: str) -> int | None:
        if user.totp_secret is None:
            return None
        totp = pyotp.TOTP(self._ring.unlock(user.totp_secret, _place(user)))
        given = code.replace(" ", "").encode()
        now = int(time.time()) // _STEP_S
        fitting = None
        for step in range(now - _DRIFT, now + _DRIFT + 1):
            if hmac.compare_digest(totp.generate_otp(step).encode(), given):
                fitting = step
        return fitting


def _place(user: User) -> str:
    return f"users/{user.id}/totp"


def _new_code() -> str:
    text = base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def _digest(user: User, code: str) -> str:
    return digest(f"{user.id}:{code.strip().lower().replace('-', '').replace(' ', '')}")
