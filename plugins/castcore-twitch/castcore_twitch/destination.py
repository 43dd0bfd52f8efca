"""Twitch as a destination."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from pydantic import SecretStr

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
    NotFoundError,
    OAuthProvider,
    OAuthSession,
    PluginContext,
    PublishProtocol,
    PublishTarget,
    Severity,
    StreamLimits,
    SupportsMetadata,
    SupportsOAuth,
    SupportsStatus,
    TemporaryError,
)
from castcore_twitch.answer import Answer, children, number, text
from castcore_twitch.api import Api
from castcore_twitch.configuration import TwitchConfig, key_from_url
from castcore_twitch.ingest import GLOBAL, Ingests, reachability, servers
from castcore_twitch.metadata import show
from castcore_twitch.pace import Pace

_SCOPES = ("channel:read:stream_key", "channel:manage:broadcast")
_HOUR_S = 3600.0
_TEST = "?bandwidthtest=true"


@dataclass(frozen=True, slots=True)
class Channel:
    """Whose token it is."""

    id: str
    login: str
    seen_at: float
    """Of the monotonic clock."""


class TwitchDestination(Destination[TwitchConfig], SupportsMetadata, SupportsStatus, SupportsOAuth):
    """Twitch: with a stream key alone, or with a connected channel."""

    id = "twitch"
    protocols = frozenset({PublishProtocol.RTMPS, PublishProtocol.RTMP})
    url_schemes = frozenset({"twitch"})
    limits = StreamLimits(
        # https://help.twitch.tv/s/article/broadcasting-guidelines
        max_video_bitrate=6_000_000,
        max_audio_bitrate=320_000,
        max_width=1920,
        max_height=1080,
        max_fps=60,
        keyframe_interval=timedelta(seconds=2),
        video_codecs=frozenset({"h264"}),
        audio_codecs=frozenset({"aac", "mp3"}),
        constant_bitrate=True,
        max_duration=timedelta(hours=48),
    )
    status_interval = timedelta(seconds=60)
    """Twitch's list of live streams lags by up to some minutes anyway."""
    oauth_provider = OAuthProvider(
        authorize_url="https://id.twitch.tv/oauth2/authorize",
        token_url="https://id.twitch.tv/oauth2/token",  # noqa: S106
        revoke_url="https://id.twitch.tv/oauth2/revoke",
        device_url="https://id.twitch.tv/oauth2/device",
        scopes=_SCOPES,
        # Twitch calls the parameter "scopes" there.
        device_params={"scopes": " ".join(_SCOPES)},
        # So that another channel can be chosen than the one the browser is signed in to.
        authorize_params={"force_verify": "true"},
    )
    api_url: ClassVar[str] = "https://api.twitch.tv"
    validate_url: ClassVar[str] = "https://id.twitch.tv/oauth2/validate"
    ingests_url: ClassVar[str] = "https://ingest.twitch.tv/ingests"
    ingest_hosts: ClassVar[Sequence[str]] = (".live-video.net", ".twitch.tv")

    def __init__(self, config: TwitchConfig, context: PluginContext) -> None:
        super().__init__(config, context)
        self._pace = Pace()
        self._channel: Channel | None = None
        self._problems: tuple[CheckResult, ...] = ()

    @classmethod
    def config_from_url(cls, url: str, /) -> Mapping[str, Any]:
        """Take ``twitch:KEY`` and ``twitch:KEY?bandwidthtest=true``."""
        return key_from_url(url)

    def offers(self, capability: type[Any], /) -> bool:
        """With a stream key Twitch cannot be asked or told anything."""
        mine = capability not in (SupportsMetadata, SupportsStatus)
        return super().offers(capability) and (mine or self.config.stream_key is None)

    async def open_broadcast(self, request: BroadcastRequest, /) -> PublishTarget:
        """Find the server, fetch the key, and show the metadata where somebody wrote any."""
        if self.config.stream_key is not None:
            return await self._target(request.broadcast_id, self.config.stream_key)
        api = await self._api()
        channel = await self._validated(api)
        answer = await api.get("/helix/streams/key", broadcaster_id=channel.id)
        key = text(next(iter(children(answer, "data")), {}), "stream_key")
        if not key:
            raise TemporaryError("twitch.answer_unreadable", detail="no stream key")
        if request.push_metadata:
            await self._decorate(api, channel, request.metadata)
        return await self._target(f"{channel.id}:{request.broadcast_id}", SecretStr(key))

    async def _decorate(self, api: Api, channel: Channel, metadata: BroadcastMetadata) -> None:
        """Show the metadata; what cannot be shown is told by the status and does not keep the stream off the air."""
        self._problems = ()
        try:
            await show(api, self.config, channel.id, metadata)
        except CastCoreError as error:
            self._problems = (CheckResult(code=error.code, severity=Severity.WARNING, params=error.params),)

    async def _target(self, reference: str, key: SecretStr) -> PublishTarget:
        first, second = await self._servers()
        return PublishTarget(
            reference=reference,
            protocol=PublishProtocol(self.config.protocol),
            url=first,
            stream_key=SecretStr(key.get_secret_value() + _TEST) if self.config.bandwidth_test else key,
            backup_url=second if self.config.backup else None,
        )

    async def _servers(self) -> tuple[str, str | None]:
        protocol = self.config.protocol
        if self.config.ingest == "automatic" and not self.config.backup:
            return GLOBAL[protocol], None
        ingests = Ingests(self.ingests_url, self.ingest_hosts, self.context.store, self.context.http)
        found = await ingests.nearest(protocol)
        first = [GLOBAL[protocol]] if self.config.ingest == "automatic" else []
        return servers(protocol, [*first, *found])

    async def close_broadcast(self, reference: str, /) -> None:
        """Do nothing: the publisher's own goodbye ends it."""

    async def update_metadata(self, reference: str, metadata: BroadcastMetadata, /) -> None:
        """Show title, category, tags and language; Twitch has no description."""
        api, channel = await self._of(reference)
        await show(api, self.config, channel.id, metadata)
        self._problems = ()

    async def status(self, reference: str, /) -> BroadcastStatus:
        """Ask whether the channel is live, one point of 800 a minute."""
        api, channel = await self._of(reference)
        watch_url = f"https://www.twitch.tv/{channel.login}"
        if self.config.bandwidth_test:
            issue = CheckResult(code="twitch.bandwidth_test", severity=Severity.OK)
            return BroadcastStatus(phase=BroadcastPhase.READY, issues=(issue,))
        answer = await api.get("/helix/streams", user_id=channel.id)
        live = next((each for each in children(answer, "data") if text(each, "type") == "live"), None)
        if live is None:
            issue = CheckResult(code="twitch.not_live", severity=Severity.WARNING)
            return BroadcastStatus(phase=BroadcastPhase.READY, watch_url=watch_url, issues=(*self._problems, issue))
        return BroadcastStatus(
            phase=BroadcastPhase.LIVE,
            viewers=number(live, "viewer_count"),
            watch_url=watch_url,
            issues=self._problems,
        )

    async def check(self) -> Sequence[CheckResult]:
        """Reach the server, and with an account ask whose it is and for its key."""
        first, second = await self._servers()
        reached = [await reachability(url) for url in (first, second if self.config.backup else None) if url]
        if self.config.stream_key is not None:
            return reached
        try:
            api = await self._api()
        except AuthenticationError:
            return [CheckResult(code="twitch.not_connected", severity=Severity.ERROR), *reached]
        try:
            self._channel = None
            channel = await self._validated(api)
            await api.get("/helix/streams/key", broadcaster_id=channel.id)
        except CastCoreError as error:
            return [CheckResult(code=error.code, severity=Severity.ERROR, params=error.params), *reached]
        params = {"channel": channel.login}
        return [CheckResult(code="twitch.channel_ready", severity=Severity.OK, params=params), *reached]

    async def account_label(self, session: OAuthSession, /) -> str:
        """Return the name that viewers see."""
        answer = await Api(self.api_url, session, self._pace).get("/helix/users")
        user: Answer = next(iter(children(answer, "data")), {})
        return text(user, "display_name") or text(user, "login") or session.account

    async def _of(self, reference: str) -> tuple[Api, Channel]:
        """Return the channel of a broadcast. Raise NotFoundError where it is another one's than the account's."""
        if self.config.stream_key is not None:
            raise ConfigurationError("twitch.key_only", field="stream_key")
        api = await self._api()
        channel = await self._validated(api)
        if reference.partition(":")[0] != channel.id:
            raise NotFoundError("twitch.other_channel")
        return api, channel

    async def _validated(self, api: Api) -> Channel:
        """Return whose token it is, asked at the first use and every hour as Twitch demands.

        https://dev.twitch.tv/docs/authentication/validate-tokens/
        """
        known = self._channel
        if known is not None and time.monotonic() - known.seen_at < _HOUR_S:
            return known
        answer = await api.validate(self.validate_url)
        name, login = text(answer, "user_id"), text(answer, "login")
        if not name.isascii() or not name.isdigit() or not login.isascii() or not login.replace("_", "").isalnum():
            raise TemporaryError("twitch.answer_unreadable", detail="no user")
        self._channel = Channel(name, login, time.monotonic())
        return self._channel

    async def _api(self) -> Api:
        return Api(self.api_url, await self.context.oauth(), self._pace)
