"""How YouTube sees a broadcast, and what moves it on: live when its time has come, over when the job is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from castcore_sdk import (
    BroadcastPhase,
    BroadcastStatus,
    NotFoundError,
    PermanentError,
    TemporaryError,
)
from castcore_youtube.answer import Answer, child, children, moment, number, text
from castcore_youtube.api import DELETE_BROADCAST, LIST_BROADCASTS, LIST_STREAMS, TRANSITION_BROADCAST, Api
from castcore_youtube.issue import issues
from castcore_youtube.metadata import only

_PHASES = {
    "liveStarting": BroadcastPhase.LIVE,
    "live": BroadcastPhase.LIVE,
    "complete": BroadcastPhase.ENDED,
    "revoked": BroadcastPhase.REJECTED,
}
_SOON = timedelta(seconds=10)
_LIVE = frozenset({"live", "liveStarting"})
_OVER = frozenset({"complete", "revoked"})


async def look(api: Api, reference: str, *, start: bool) -> BroadcastStatus:
    """Ask how the broadcast is, two units; with ``start``, take it live when its time has come and the stream is there.

    Raise NotFoundError where it was deleted.
    """
    answer = await api.call(LIST_BROADCASTS, id=reference, part="id,snippet,status,contentDetails,statistics")
    broadcast = only(answer)
    state = text(child(broadcast, "status"), "lifeCycleStatus")
    phase = _PHASES.get(state, BroadcastPhase.READY)
    stream: Answer = {}
    if state not in _OVER:
        stream = await _stream(api, text(child(broadcast, "contentDetails"), "boundStreamId"))
    if start and state == "ready" and text(stream, "streamStatus") == "active" and _due(api, broadcast):
        phase = await _go_live(api, reference)
    return BroadcastStatus(
        phase=phase,
        viewers=number(child(broadcast, "statistics"), "concurrentViewers"),
        watch_url=f"https://www.youtube.com/watch?v={reference}",
        issues=tuple(issues(stream)),
    )


async def end(api: Api, reference: str) -> None:
    """Complete a broadcast that is live; remove one that nobody has seen. What is over or gone is left as it is."""
    state = await _state(api, reference)
    if state in ("", *_OVER):
        return
    try:
        if state in _LIVE:
            await api.call(TRANSITION_BROADCAST, broadcastStatus="complete", id=reference, part="id,status")
        else:
            await api.call(DELETE_BROADCAST, id=reference)
    except NotFoundError:
        return
    except PermanentError as error:
        # Somebody in YouTube Studio, or auto-stop, may have been faster.
        if await _state(api, reference) in ("", *_OVER):
            return
        if state == "liveStarting":
            raise TemporaryError("youtube.still_starting", retry_after=_SOON, detail=error.detail) from None
        raise


async def _state(api: Api, reference: str) -> str:
    """Return the state, empty where the broadcast is gone."""
    answer = await api.call(LIST_BROADCASTS, id=reference, part="id,status")
    found: Sequence[Answer] = children(answer, "items")
    return text(child(found[0], "status"), "lifeCycleStatus") if found else ""


async def _stream(api: Api, name: str) -> Answer:
    if not name:
        return {}
    found = children(await api.call(LIST_STREAMS, id=name, part="id,status"), "items")
    return child(found[0], "status") if found else {}


def _due(api: Api, broadcast: Answer) -> bool:
    begin = moment(child(broadcast, "snippet"), "scheduledStartTime")
    return begin is None or begin <= api.quota.clock()


async def _go_live(api: Api, reference: str) -> BroadcastPhase:
    try:
        await api.call(TRANSITION_BROADCAST, broadcastStatus="live", id=reference, part="id,status")
    except (PermanentError, TemporaryError) as error:
        if error.code not in ("youtube.transition_redundant", "youtube.stream_inactive"):
            raise
        return BroadcastPhase.LIVE if isinstance(error, PermanentError) else BroadcastPhase.READY
    return BroadcastPhase.LIVE
