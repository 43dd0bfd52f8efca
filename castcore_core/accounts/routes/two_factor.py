"""The second factor of the user who calls."""

from __future__ import annotations

from quart import Response
from quart_schema import validate_request, validate_response

from castcore_core.accounts.limit import CONFIRM, Limits
from castcore_core.accounts.routes.place import blueprint, confirmed_user, current_user
from castcore_core.accounts.schemas import CodeBody, Proof, RecoveryCodes, TwoFactorOffer
from castcore_core.accounts.two_factor import TwoFactor
from castcore_core.api.rule import current_core
from castcore_core.settings import Settings


@blueprint.post("/auth/2fa/setup")
@validate_request(Proof)
@validate_response(TwoFactorOffer)
async def begin_two_factor(data: Proof) -> TwoFactorOffer:
    """Begin with a second factor: a new secret, in force once a code has been verified."""
    core, user = current_core(), await confirmed_user(data.password, data.totp)
    offer = await core.get(TwoFactor).begin(user, (await core.get(Settings).read()).server_name)
    return TwoFactorOffer(secret=offer.secret, uri=offer.uri)


@blueprint.post("/auth/2fa/verify")
@validate_request(CodeBody)
@validate_response(RecoveryCodes)
async def verify_two_factor(data: CodeBody) -> RecoveryCodes:
    """Put the second factor in force and return the recovery codes, this once."""
    core, user = current_core(), await current_user()
    core.get(Limits).take(CONFIRM, str(user.id))
    return RecoveryCodes(recovery_codes=await core.get(TwoFactor).confirm(user, data.code))


@blueprint.post("/auth/2fa/disable")
@validate_request(Proof)
async def disable_two_factor(data: Proof) -> Response:
    """Take the second factor away."""
    await current_core().get(TwoFactor).disable(await confirmed_user(data.password, data.totp))
    return Response(b"", 204)
