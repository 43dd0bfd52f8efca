"""Only who has seen the present state may change it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from castcore_core.db.revision import Expectation, revision_of
from castcore_core.error import PreconditionError
from servers.castcore import application
from servers.stage import FOUNDATION, born

NOW = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)


def test_every_change_has_another_revision() -> None:
    moments = [NOW + timedelta(microseconds=n) for n in range(3)]
    assert len({revision_of(moment) for moment in moments}) == 3
    assert revision_of(NOW) == revision_of(NOW.astimezone())


@pytest.mark.parametrize(
    ("expectation", "holds"),
    [
        (Expectation(), True),
        (Expectation(frozenset({revision_of(NOW)})), True),
        (Expectation(frozenset({"0", "*"})), True),
        (Expectation(frozenset({"0"})), False),
        (Expectation(frozenset()), False),
        (Expectation(since=NOW), True),
        (Expectation(since=NOW - timedelta(microseconds=1)), False),
        (Expectation(since=NOW.replace(microsecond=0)), True),
        (Expectation(since=NOW.replace(microsecond=0) - timedelta(seconds=1)), False),
    ],
)
def test_what_was_expected(expectation: Expectation, holds: bool) -> None:
    if holds:
        expectation.check(NOW)
    else:
        with pytest.raises(PreconditionError, match=r"conflict\.changed"):
            expectation.check(NOW)


async def test_headers(tmp_path: Path) -> None:
    old = born - timedelta(hours=1)
    async with application(tmp_path, features=FOUNDATION) as app:

        async def status(**headers: str) -> int:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            response = await app.test_client().patch("/api/v1/stage/note", headers=named)
            assert response.status_code != 200 or response.headers["ETag"] == f'"{revision_of(born)}"'
            return response.status_code

        assert await status() == 200
        assert await status(If_Match=f'"{revision_of(born)}", "x"') == 200
        assert await status(If_Match="*") == 200
        assert await status(If_Match='"x"') == 412
        # A weak tag never matches for a change (RFC 9110, 13.1.1).
        assert await status(If_Match=f'W/"{revision_of(born)}"') == 412
        assert await status(If_Unmodified_Since=format_datetime(born, usegmt=True)) == 200
        assert await status(If_Unmodified_Since=format_datetime(old, usegmt=True)) == 412
        assert await status(If_Unmodified_Since=born.isoformat().replace("+00:00", "Z")) == 200
        assert await status(If_Unmodified_Since=old.isoformat()) == 412
        assert await status(If_Unmodified_Since="yesterday") == 400
