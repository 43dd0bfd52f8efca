"""Turn messages into rows, one for each target that is to have it, stored before anything is sent."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from tortoise.functions import Count
from tortoise.transactions import in_transaction

from castcore_core.core import Core
from castcore_core.db import utc_now
from castcore_core.notifications.event import EVENTS, Happening
from castcore_core.notifications.flood import Flood
from castcore_core.notifications.incident import Incident, Incidents, Told, to_json
from castcore_core.notifications.models import NotificationDelivery, NotificationIncident, NotificationTarget
from castcore_core.notifications.rule import quiet_hours, wants
from castcore_core.notifications.text import Writer, short
from castcore_core.plugins.host import PluginHost
from castcore_core.settings import Settings
from castcore_sdk import LEVELS

MOST_QUEUED = 200
"""Messages that wait for one target; what comes after them is left out and counted."""
EXPIRES = timedelta(hours=6)
"""How long a message is tried, from the moment at which it may be sent."""

Targets = Mapping[UUID, NotificationTarget]


async def make_writer(core: Core) -> Writer:
    """Return who writes for the readers of this server, by the settings of now."""
    settings, configuration = await core.get(Settings).read(), core.configuration
    return Writer(
        server=settings.server_name,
        language=settings.language or configuration.language,
        public_url=configuration.public_url,
        texts=core.get(PluginHost).texts,
    )


class Outbox:
    """Writes the rows; only the engine's process has one."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._host = core.get(PluginHost)
        self._flood = Flood()
        self._last = datetime.min.replace(tzinfo=UTC)

    @property
    def full(self) -> bool:
        """Tell whether something was left out of which nobody has been told yet."""
        return bool(self._flood.left_out)

    async def keep(self, told: Sequence[Told], targets: Targets, incidents: Incidents) -> set[UUID]:
        """Store messages, and what has become of the incidents, and return the targets that have something to send.

        Raises what the database raises; then nothing is stored, and it may be called again.
        """
        changed, incidents.changed = incidents.changed, {}
        try:
            writer = await make_writer(self._core)
            async with in_transaction():
                for (topic, subject), incident in changed.items():
                    await _store(topic, subject, incident)
                room = await _room(targets)
                rows = [row for each in told for row in await self._rows(each, targets, writer, room)]
                rows += self._left_out(targets, writer)
                await NotificationDelivery.bulk_create(rows)
        except BaseException:
            incidents.changed = changed | incidents.changed
            raise
        return {row.target_id for row in rows}  # type: ignore[attr-defined]

    def forget(self, target_id: UUID) -> None:
        """Know a target no more."""
        self._flood.forget(target_id)

    async def _rows(
        self, told: Told, targets: Targets, writer: Writer, room: dict[UUID, int]
    ) -> list[NotificationDelivery]:
        if told.ends:
            chosen = [targets[each] for each in await _were_told(told.key) if each in targets]
        else:
            chosen = [target for target in targets.values() if wants(target, told)]
        rows = []
        for target in chosen:
            severity = told.what.kind.severity
            if not told.ends and not self._flood.admit(target.id, severity, time.time()):
                continue
            if room[target.id] <= 0:
                self._flood.leave_out(target.id, time.time())
                continue
            room[target.id] -= 1
            rows.append(self._row(told, target, writer))
        return rows

    def _left_out(self, targets: Targets, writer: Writer) -> Iterator[NotificationDelivery]:
        """Yield, for each target that was spared messages and can be told so now, the message that says it."""
        for target in targets.values():
            if count := self._flood.settle(target.id, time.time()):
                kind = EVENTS["notification.left_out"]
                what = Happening(kind=kind, subject=str(target.id), params={"count": count})
                yield self._row(Told(key=uuid4(), what=what), target, writer)

    def _row(self, told: Told, target: NotificationTarget, writer: Writer) -> NotificationDelivery:
        now, what = self._moment(), told.what
        hours = quiet_hours(target, what.kind.severity)
        due = (hours.until(now) if hours else None) or now
        registered = self._host.registry.notifiers.get(target.type)
        words = writer.write(told, target.language, registered.item.max_body if registered else None)
        return NotificationDelivery(
            id=uuid4(),
            target_id=target.id,
            key=told.key,
            event=what.kind.name,
            level=LEVELS[what.kind.severity],
            title=words.title,
            body=words.body,
            link=words.link,
            params=short(what.params) | ({"times": told.times} if told.times > 1 else {}),
            happened_at=datetime.fromtimestamp(what.at, UTC),
            created_at=now,
            state="queued",
            next_attempt=due,
            expires_at=due + EXPIRES,
        )

    def _moment(self) -> datetime:
        """Return a time that is later than all before: rows are sent in its order."""
        self._last = max(utc_now(), self._last + timedelta(microseconds=1))
        return self._last


async def _store(topic: str, subject: str, incident: Incident | None) -> None:
    await NotificationIncident.filter(topic=topic, subject=subject).delete()
    if incident is not None:
        kept = to_json(incident)
        await NotificationIncident.create(id=incident.key, topic=topic, subject=subject, kept=kept)


async def _room(targets: Targets) -> dict[UUID, int]:
    """Return how many more messages may wait for each target."""
    queued = NotificationDelivery.filter(state="queued").annotate(count=Count("id")).group_by("target_id")
    waiting = {row["target_id"]: row["count"] for row in await queued.values("target_id", "count")}
    return {target: MOST_QUEUED - waiting.get(target, 0) for target in targets}


async def _were_told(key: UUID) -> list[UUID]:
    """Return the targets that know of the incident ``key``.

    Where nobody has been troubled yet, because its quiet hours last, the beginning is left out: the end tells all.
    """
    rows = await NotificationDelivery.filter(key=key).exclude(state="dropped").values("target_id")
    waiting = NotificationDelivery.filter(key=key, state="queued", attempts=0, next_attempt__gt=utc_now())
    await waiting.update(state="dropped", code="notifications.superseded", done_at=utc_now())
    return list(dict.fromkeys(row["target_id"] for row in rows))
