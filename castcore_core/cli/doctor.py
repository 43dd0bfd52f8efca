"""``castcore doctor``: is this machine fit, and what to mend if not."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path

from castcore_core.cli.message import fail, output, print_checks, say
from castcore_core.cli.place import cache_folder, data_folder, open_host
from castcore_core.cli.status import ExitStatus
from castcore_core.setup.check import check_machine
from castcore_sdk import CastCoreError, CheckResult, Severity


def doctor(ffmpeg: Path | None, *, as_json: bool) -> None:
    """Print one line per check; ends with status 7 where something is missing that every stream needs."""
    try:
        lines = asyncio.run(_check(ffmpeg))
    except CastCoreError as error:
        fail(error.code, error.params, status=ExitStatus.SYSTEM, json_output=as_json)
    bad = any(one.severity is Severity.ERROR for one in lines)
    if as_json:
        print(json.dumps({"fit": not bad, "checks": [asdict(one) for one in lines]}))  # noqa: T201
    else:
        print_checks(lines)
        output().print(say("doctor_bad" if bad else "doctor_good"))
    raise SystemExit(ExitStatus.SYSTEM if bad else ExitStatus.OK)


async def _check(ffmpeg: Path | None) -> list[CheckResult]:
    async with open_host() as host:
        return await check_machine(host, data_folder(), cache_folder(), ffmpeg)
