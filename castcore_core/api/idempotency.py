"""``Idempotency-Key`` on POST: the same request twice is carried out once and answered twice.

Successful answers are kept for a day, locked with the key ring since some hold a secret that is shown once. A request
that fails leaves nothing behind: its key may be used again.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import wraps
from typing import Any, ParamSpec, cast

from quart import Response, current_app, request
from tortoise.exceptions import IntegrityError

from castcore_core.api.gate import current_actor
from castcore_core.api.models import KeptAnswer
from castcore_core.api.rule import current_core
from castcore_core.core import Core
from castcore_core.db import utc_now
from castcore_core.error import ConflictError, RequestError

_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_KEPT = timedelta(days=1)
_ABANDONED = timedelta(minutes=1)
_REPLAYED = ("Content-Type", "ETag", "Location")

P = ParamSpec("P")
View = Callable[P, Awaitable[Any]]


def idempotent(view: View[P]) -> View[P]:
    """Let a POST view honour ``Idempotency-Key``; stands directly below the route."""

    @wraps(view)
    async def once(*args: P.args, **kwargs: P.kwargs) -> Any:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return await view(*args, **kwargs)
        if not _KEY.fullmatch(key):
            raise RequestError("request.malformed")
        core = current_core()
        kept = await _begin(core, key, cast(bytes, await request.get_data()))
        if kept.answer is not None:
            return _replay(core, kept)
        # Carried on when the client hangs up: that is when it will ask again.
        return await asyncio.shield(asyncio.ensure_future(_carry_out(core, kept, lambda: view(*args, **kwargs))))

    return once


async def _begin(core: Core, key: str, body: bytes) -> KeptAnswer:
    actor = current_actor()
    place = _hash("\n".join([actor.id if actor else "", request.method, request.full_path, key]).encode())
    content = _hash(body)
    await KeptAnswer.filter(created_at__lt=utc_now() - _KEPT).delete()
    try:
        return await KeptAnswer.create(place=place, request=content, server=core.life)
    except IntegrityError:
        kept = await KeptAnswer.get_or_none(place=place)
    if kept is None:
        raise ConflictError("request.in_progress")
    if kept.request != content:
        raise RequestError("request.key_reused", status=422)
    if kept.answer is None and not await _take_over(core, kept):
        raise ConflictError("request.in_progress")
    return kept


async def _take_over(core: Core, kept: KeptAnswer) -> bool:
    """Tell whether the request was abandoned by a server that died, and now is ours."""
    if kept.server == core.life:
        return False
    if core.configuration.role != "all" and kept.updated_at > utc_now() - _ABANDONED:
        return False
    return bool(await KeptAnswer.filter(id=kept.id, server=kept.server, answer__isnull=True).update(server=core.life))


async def _carry_out(core: Core, kept: KeptAnswer, call: Callable[[], Awaitable[Any]]) -> Response:
    try:
        response = cast(Response, await current_app.make_response(await call()))
    except BaseException:
        await KeptAnswer.filter(id=kept.id).delete()
        raise
    if response.status_code >= 400:
        await KeptAnswer.filter(id=kept.id).delete()
        return response
    headers = {name: response.headers[name] for name in _REPLAYED if name in response.headers}
    document = {"headers": headers, "body": await response.get_data(as_text=True)}
    locked = core.ring.lock(json.dumps(document), f"kept_answer/{kept.id}")
    await KeptAnswer.filter(id=kept.id).update(status=response.status_code, answer=locked)
    return response


def _replay(core: Core, kept: KeptAnswer) -> Response:
    document = json.loads(core.ring.unlock(str(kept.answer), f"kept_answer/{kept.id}", remember=False))
    response = Response(document["body"], kept.status, document["headers"])
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
