"""YouTube as a destination."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from castcore_sdk import (
    AuthenticationError,
    BroadcastMetadata,
    BroadcastPhase,
    BroadcastRequest,
    BroadcastStatus,
    CastCoreError,
    CheckResult,
    ConfigurationError,
    Destination,
    OAuthProvider,
    OAuthSession,
    PublishProtocol,
    PublishTarget,
    Severity,
    StreamLimits,
    SupportsMetadata,
    SupportsOAuth,
    SupportsStatus,
    SupportsThumbnail,
    TemporaryError,
)
from castcore_youtube.answer import child, children, text
from castcore_youtube.api import LIST_BROADCASTS, LIST_CHANNELS, Api, Backoff
from castcore_youtube.configuration import YoutubeConfig, key_from_url
from castcore_youtube.ingest import SERVERS, reachability
from castcore_youtube.limit import LIMITS, limits_for
from castcore_youtube.lock import lock
from castcore_youtube.metadata import dress, picture, show
from castcore_youtube.note import Notes
from castcore_youtube.opening import Opening
from castcore_youtube.quota import Quota, now
from castcore_youtube.watch import end, look

_SCOPE = "https://www.googleapis.com/auth/youtube"
_SPARING = timedelta(minutes=5)
"""How old a status may be while little is left of the quota."""
_NEEDS_CHANNEL = frozenset({SupportsMetadata, SupportsStatus, SupportsThumbnail})


class YoutubeDestination(
    Destination[YoutubeConfig], SupportsMetadata, SupportsStatus, SupportsThumbnail, SupportsOAuth
):
    """YouTube Live: with a stream key alone, or with broadcasts made on a connected channel."""

    id = "youtube"
    protocols = frozenset({PublishProtocol.RTMPS, PublishProtocol.RTMP})
    limits = LIMITS
    url_schemes = frozenset({"youtube"})
    status_interval = timedelta(seconds=60)
    timeouts: ClassVar[Mapping[str, timedelta]] = {"open_broadcast": timedelta(seconds=90)}
    oauth_provider = OAuthProvider(
        authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
        token_url="https://oauth2.googleapis.com/token",  # noqa: S106
        revoke_url="https://oauth2.googleapis.com/revoke",
        device_url="https://oauth2.googleapis.com/device/code",
        scopes=(_SCOPE,),
        # Without both Google hands out a refresh token once, and none when a channel is connected again.
        authorize_params={"access_type": "offline", "prompt": "consent"},
    )
    api_url: ClassVar[str] = "https://youtube.googleapis.com"
    servers: ClassVar[Mapping[str, tuple[str, str]]] = SERVERS
    """Protocol → first and second server, for stream keys."""

    def __init__(self, config: YoutubeConfig, context: Any) -> None:
        super().__init__(config, context)
        self._backoff = Backoff()
        self._seen: dict[str, tuple[datetime, BroadcastStatus]] = {}

    @classmethod
    def config_from_url(cls, url: str, /) -> Mapping[str, Any]:
        """Take ``youtube:KEY``."""
        return key_from_url(url)

    def clock(self) -> datetime:
        """Return the time."""
        return now()

    def limits_for(self, width: int, height: int, fps: float, codec: str, /) -> StreamLimits:
        """Return what YouTube recommends for H.264 and allows for the others."""
        return limits_for(width, height, fps, codec)

    def offers(self, capability: type[Any], /) -> bool:
        """With a stream key YouTube cannot be asked or told anything."""
        return super().offers(capability) and not (self.config.stream_key and capability in _NEEDS_CHANNEL)

    async def open_broadcast(self, request: BroadcastRequest, /) -> PublishTarget:
        """Make the broadcast and its stream, and bind them; with a stream key, name the server alone."""
        if self.config.stream_key is not None:
            return self._keyed(request)
        async with lock(f"open:{request.broadcast_id}"):
            api, notes = await self._api(), Notes(self.context.store)
            opening = Opening(api, self.config, notes, request, f"castcore {self.context.instance_id}")
            note, target = await opening.run()
            if not note.dressed:
                problems = await dress(api, self.config, target.reference, request.metadata)
                await notes.change(request.broadcast_id, note, dressed=not problems, problems=problems)
        return target

    def _keyed(self, request: BroadcastRequest) -> PublishTarget:
        protocol = self.config.protocol
        url, backup = self.servers[protocol]
        return PublishTarget(
            reference=request.broadcast_id,
            protocol=PublishProtocol(protocol),
            url=url,
            stream_key=self.config.stream_key,
            backup_url=backup if self.config.backup else None,
        )

    async def close_broadcast(self, reference: str, /) -> None:
        """Complete the broadcast; one that never was live is removed from the channel. With a key, do nothing."""
        if self.config.stream_key is not None:
            return
        self._seen.pop(reference, None)
        if reference:
            await end(await self._api(), reference)
            await Notes(self.context.store).forget(reference)

    async def update_metadata(self, reference: str, metadata: BroadcastMetadata, /) -> None:
        """Show title, description, category, tags and language."""
        self._require_channel()
        await show(await self._api(), self.config, reference, metadata)

    async def set_thumbnail(self, reference: str, image: bytes, media_type: str, /) -> None:
        """Show a JPEG or PNG of at most 50 MiB."""
        self._require_channel()
        await picture(await self._api(), reference, image, media_type)

    async def status(self, reference: str, /) -> BroadcastStatus:
        """Ask how YouTube sees the broadcast, more seldom while little is left of the day's quota.

        While nothing is left YouTube is not asked: TemporaryError ``youtube.quota_exceeded`` until midnight Pacific.
        """
        self._require_channel()
        api = await self._api()
        if await api.quota.used_up():
            raise TemporaryError("youtube.quota_exceeded", retry_after=api.quota.wait())
        near = await api.quota.near()
        seen = self._seen.get(reference)
        if near and seen is not None and self.clock() - seen[0] < _SPARING:
            return seen[1]
        found = await look(api, reference, start=self.config.start == "scheduled")
        status = BroadcastStatus(
            phase=found.phase,
            viewers=found.viewers,
            watch_url=found.watch_url,
            issues=(*found.issues, *await self._more_issues(api, reference, near=near)),
        )
        if status.phase in (BroadcastPhase.ENDED, BroadcastPhase.REJECTED):
            self._seen.pop(reference, None)
        else:
            self._seen[reference] = (self.clock(), status)
        return status

    async def _more_issues(self, api: Api, reference: str, *, near: bool) -> Sequence[CheckResult]:
        note = await Notes(self.context.store).of(reference)
        warned = note.problems if note else ()
        problems = [CheckResult(code=code, severity=Severity.WARNING, params=params) for code, params in warned]
        return [*problems, await api.quota.result()] if near else problems

    async def check(self) -> Sequence[CheckResult]:
        """With a key, reach the servers; with an account, ask for the channel and whether it may stream: two units."""
        if self.config.stream_key is not None:
            urls = self.servers[self.config.protocol][: 1 + self.config.backup]
            return [await reachability(url) for url in urls]
        try:
            api = await self._api()
        except AuthenticationError:
            return [CheckResult(code="youtube.not_connected", severity=Severity.ERROR)]
        try:
            label = await self._channel(api)
            await api.call(LIST_BROADCASTS, part="id", broadcastStatus="active", maxResults=1)
        except CastCoreError as error:
            return [
                CheckResult(code=error.code, severity=Severity.ERROR, params=error.params),
                await api.quota.result(),
            ]
        ready = CheckResult(code="youtube.channel_ready", severity=Severity.OK, params={"channel": label})
        return [ready, await api.quota.result()]

    async def account_label(self, session: OAuthSession, /) -> str:
        """Return the channel's name."""
        return await self._channel(self._api_of(session))

    async def _channel(self, api: Api) -> str:
        answer = await api.call(LIST_CHANNELS, part="id,snippet", mine=True)
        for channel in children(answer, "items"):
            return text(child(channel, "snippet"), "title") or text(channel, "id")
        raise AuthenticationError("youtube.no_channel")

    def _require_channel(self) -> None:
        if self.config.stream_key is not None:
            raise ConfigurationError("youtube.key_only", field="stream_key")

    async def _api(self) -> Api:
        return self._api_of(await self.context.oauth())

    def _api_of(self, session: OAuthSession) -> Api:
        quota = Quota(self.context.store, session.client_id, self.config.daily_quota, self.clock)
        return Api(self.api_url, session, quota, self._backoff)
