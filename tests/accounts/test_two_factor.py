"""The second factor: set up, asked for, used once, taken away."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path

import pyotp

from castcore_core.accounts.models import RecoveryCode, User
from castcore_core.accounts.role import Role
from servers.staff import PASSWORD, Staff, Visitor, staffed


async def _enabled(staff: Staff, visitor: Visitor) -> tuple[pyotp.TOTP, list[str]]:
    offer = (await visitor("POST", "/auth/2fa/setup", {"password": PASSWORD})).body
    totp = pyotp.TOTP(offer["secret"])
    reply = await visitor("POST", "/auth/2fa/verify", {"code": totp.now()})
    assert reply.status == 200, reply.body
    # The code that switched it on is used up; tests go on as if half a minute had passed.
    await User.filter(totp_active=True).update(totp_step=0)
    return totp, reply.body["recovery_codes"]


async def _login(staff: Staff, code: str | None, address: str = "192.0.2.7"):
    body = staff.credentials(Role.VIEWER) | ({} if code is None else {"totp": code})
    return await staff.anonymous(address)("POST", "/auth/login", body)


async def test_sign_in_asks_for_the_code_only_after_the_right_password(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        totp, _ = await _enabled(staff, await staff.signed_in(Role.VIEWER))
        assert (await _login(staff, None)).code == "auth.totp_required"
        wrong = {"username": "viewer 1", "password": "wrong password", "totp": totp.now()}
        assert (await staff.anonymous()("POST", "/auth/login", wrong)).code == "auth.invalid_credentials"
        assert (await _login(staff, totp.now())).status == 200


async def test_the_offer_fits_an_authenticator(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        visitor = await staff.signed_in(Role.VIEWER)
        offer = (await visitor("POST", "/auth/2fa/setup", {"password": PASSWORD})).body
        parsed = pyotp.parse_uri(offer["uri"])
        assert (parsed.secret, parsed.issuer, parsed.name) == (offer["secret"], "CastCore", "viewer 1")


async def test_nothing_is_in_force_before_a_code_was_verified(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        visitor = await staff.signed_in(Role.VIEWER)
        assert (await visitor("POST", "/auth/2fa/verify", {"code": "123456"})).code == "auth.totp_not_begun"
        await visitor("POST", "/auth/2fa/setup", {"password": PASSWORD})
        reply = await visitor("POST", "/auth/2fa/verify", {"code": "000000"})
        assert (reply.status, reply.body["error"]["params"]["fields"]) == (
            422,
            [{"path": ["code"], "type": "totp_invalid"}],
        )
        assert (await _login(staff, None)).status == 200


async def test_a_code_is_good_once(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        totp, _ = await _enabled(staff, await staff.signed_in(Role.VIEWER))
        code = totp.now()
        replies = await asyncio.gather(*(_login(staff, code) for _ in range(4)))
        assert sorted(reply.status for reply in replies) == [200, 401, 401, 401]
        assert (await _login(staff, code)).code == "auth.totp_invalid"


async def test_a_clock_may_be_one_step_off_and_no_more(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        totp, _ = await _enabled(staff, await staff.signed_in(Role.VIEWER))
        now = int(time.time())
        assert (await _login(staff, totp.at(now - 90))).code == "auth.totp_invalid"
        assert (await _login(staff, totp.at(now + 90))).code == "auth.totp_invalid"
        assert (await _login(staff, totp.at(now - 20))).status == 200
        assert (await _login(staff, totp.at(now + 29))).status == 200


async def test_recovery_codes_are_good_once_each(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        _, codes = await _enabled(staff, await staff.signed_in(Role.VIEWER))
        assert len(set(codes)) == 10
        assert all(re.fullmatch(r"([a-z2-7]{4}-){3}[a-z2-7]{4}", code) for code in codes)
        assert (await _login(staff, codes[0].upper().replace("-", " "))).status == 200
        assert (await _login(staff, codes[0])).code == "auth.totp_invalid"
        replies = await asyncio.gather(*(_login(staff, codes[1]) for _ in range(3)))
        assert sorted(reply.status for reply in replies) == [200, 401, 401]
        stored = [row.digest for row in await RecoveryCode.all()]
        assert len(stored) == 8
        assert not set(stored) & set(codes)


async def test_codes_cannot_be_tried_out(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        await _enabled(staff, await staff.signed_in(Role.VIEWER, "192.0.2.1"))
        statuses = [(await _login(staff, f"{n:06}", f"203.0.113.{n}")).status for n in range(11)]
        assert statuses == [401] * 10 + [429]


async def test_hostile_codes_are_only_wrong(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        await _enabled(staff, await staff.signed_in(Role.VIEWER))
        for code in ("١٢٣٤٥٦", "💥" * 6, " " * 8, "-" * 16, "%s%n", "' OR 1--"):
            assert (await _login(staff, code)).code == "auth.totp_invalid", code
        assert (await _login(staff, "1" * 33)).code == "validation.failed"


async def test_it_is_switched_off_with_password_and_code_only(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        visitor = await staff.signed_in(Role.VIEWER)
        totp, codes = await _enabled(staff, visitor)
        for proof, code in (
            ({"password": "wrong password", "totp": totp.now()}, "auth.invalid_credentials"),
            ({"password": PASSWORD}, "auth.totp_required"),
            ({"password": PASSWORD, "totp": "000000"}, "auth.totp_invalid"),
        ):
            reply = await visitor("POST", "/auth/2fa/disable", proof)
            assert (reply.status, reply.code) == (403, code)
        assert (await visitor("POST", "/auth/2fa/setup", {"password": PASSWORD, "totp": codes[0]})).code == (
            "auth.totp_active"
        )
        assert (await visitor("POST", "/auth/2fa/disable", {"password": PASSWORD, "totp": totp.now()})).status == 204
        assert (await _login(staff, None)).status == 200
        assert await RecoveryCode.all().count() == 0


async def test_an_admin_helps_somebody_who_lost_the_device(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        await _enabled(staff, await staff.signed_in(Role.VIEWER))
        admin = await staff.signed_in(Role.ADMIN)
        reply = await admin("PATCH", f"/users/{staff.users[Role.VIEWER].id}", {"two_factor": False})
        assert reply.body["two_factor"] is False
        assert (await _login(staff, None)).status == 200


async def test_the_secret_is_stored_locked(tmp_path: Path) -> None:
    async with staffed(tmp_path) as staff:
        totp, codes = await _enabled(staff, await staff.signed_in(Role.VIEWER))
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("castcore.db*"))
    assert totp.secret.encode() not in stored
    assert not any(code.encode() in stored for code in codes)
