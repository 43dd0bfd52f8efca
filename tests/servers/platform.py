"""A platform for tests: a destination with an account, metadata, status and thumbnails, before a real RTMP server.

What the platform says is in a file that the test writes, and what it was told in one that the test reads; so it is the
same in the test's own process and in a server's. ``register(core)`` brings it into a running core, ``install(folder)``
makes it a plugin for processes that have ``folder`` on their path.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from castcore_core.core import Core
from castcore_core.plugins.contract import Contribution
from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.offer import Kind, Offer
from castcore_sdk import (
    AuthenticationError,
    BroadcastMetadata,
    BroadcastPhase,
    BroadcastRequest,
    BroadcastStatus,
    CheckResult,
    Destination,
    ExtensionConfig,
    NotFoundError,
    OAuthProvider,
    OAuthSession,
    PermanentError,
    PublishProtocol,
    PublishTarget,
    Secret,
    Severity,
    StreamLimits,
    SupportsMetadata,
    SupportsOAuth,
    SupportsStatus,
    SupportsThumbnail,
    TemporaryError,
    hookimpl,
)

TYPE = "stageplatform"


@dataclass(frozen=True)
class Control:
    """The test's end: what the platform answers, and what it has heard."""

    folder: Path

    def say(self, **answers: Any) -> None:
        """Answer so from now on: ``phase``, ``viewers``, ``issues``, ``refuse`` (a call's name), ``retry_after``."""
        file = self.folder / "says.json"
        draft = file.with_suffix(".new")
        draft.write_text(json.dumps({**self.says(), **answers}))
        draft.replace(file)

    def says(self) -> dict[str, Any]:
        """Return the answers."""
        file = self.folder / "says.json"
        return dict(json.loads(file.read_text())) if file.exists() else {}

    def hear(self, call: str, **details: Any) -> None:
        """Note a call."""
        with (self.folder / "heard.jsonl").open("a") as stream:
            stream.write(json.dumps({"call": call, **details}) + "\n")

    def heard(self, call: str) -> list[dict[str, Any]]:
        """Return what was told in such calls."""
        file = self.folder / "heard.jsonl"
        lines = file.read_text().splitlines() if file.exists() else []
        return [each for each in map(json.loads, lines) if each["call"] == call]


class StageConfig(ExtensionConfig):
    url: str = "rtmp://127.0.0.1:1/live"
    """Where it receives."""
    control: str = ""
    """Folder of the test's files."""
    stream_key: Secret | None = None


class Stage(Destination[StageConfig], SupportsOAuth, SupportsMetadata, SupportsStatus, SupportsThumbnail):
    id = TYPE
    protocols = frozenset({PublishProtocol.RTMP})
    limits = StreamLimits(max_video_bitrate=6_000_000, constant_bitrate=True)
    status_interval: ClassVar[timedelta] = timedelta(milliseconds=200)
    oauth_provider: ClassVar[OAuthProvider] = OAuthProvider(
        authorize_url="http://127.0.0.1:1/auth", token_url="http://127.0.0.1:1/token", scopes=("openid", "profile")
    )
    api_url: ClassVar[str] = "http://127.0.0.1:1"

    @property
    def control(self) -> Control:
        return Control(Path(self.config.control))

    async def account_label(self, session: OAuthSession, /) -> str:
        answer = await session.http.get(f"{self.api_url}/me")
        if answer.status_code == 401:
            raise AuthenticationError("platforms.reauthentication", params={"account": session.account})
        answer.raise_for_status()
        return str(answer.json()["name"])

    async def open_broadcast(self, request: BroadcastRequest, /) -> PublishTarget:
        self._heed("open")
        self.control.hear(
            "open",
            id=request.broadcast_id,
            title=request.metadata.title,
            tags=list(request.metadata.tags),
            push=request.push_metadata,
        )
        key = request.broadcast_id.replace(".", "-")
        url = self.config.url
        return PublishTarget(
            reference=request.broadcast_id, protocol=PublishProtocol.RTMP, url=url, stream_key=Secret(key)
        )

    async def close_broadcast(self, reference: str, /) -> None:
        self._heed("close")
        self.control.hear("close", id=reference)

    async def update_metadata(self, reference: str, metadata: BroadcastMetadata, /) -> None:
        self._heed("metadata")
        self.control.hear("metadata", id=reference, title=metadata.title, description=metadata.description)

    async def set_thumbnail(self, reference: str, image: bytes, media_type: str, /) -> None:
        self.control.hear("thumbnail", id=reference, size=len(image), media_type=media_type)

    async def status(self, reference: str, /) -> BroadcastStatus:
        self.control.hear("status", id=reference)
        self._heed("status")
        says = self.control.says()
        phases: Mapping[str, str] = says.get("phases", {})
        return BroadcastStatus(
            phase=BroadcastPhase(phases.get(reference, says.get("phase", "live"))),
            viewers=says.get("viewers"),
            watch_url=says.get("watch_url"),
            issues=tuple(CheckResult(code=code, severity=Severity(level)) for code, level in says.get("issues", ())),
        )

    def _heed(self, call: str) -> None:
        says = self.control.says()
        if says.get("refuse") != call:
            return
        match says.get("error"):
            case "authentication":
                raise AuthenticationError("platforms.reauthentication", params={"account": "x"})
            case "permanent":
                raise PermanentError("stageplatform.never")
            case "unknown":
                raise NotFoundError("stageplatform.unknown")
            case _:
                wait = timedelta(seconds=says.get("retry_after", 60))
                raise TemporaryError("stageplatform.busy", retry_after=wait)


@hookimpl
def castcore_register_destinations() -> list[type[Destination[Any]]]:
    """Bring the platform as a plugin of its own."""
    return [Stage]


def provider_at(issuer: str, *, token_url: str | None = None) -> OAuthProvider:
    """Return where the tokens of npm's oidc-provider come from."""
    return OAuthProvider(
        authorize_url=f"{issuer}/auth",
        token_url=token_url or f"{issuer}/token",
        revoke_url=f"{issuer}/token/revocation",
        device_url=f"{issuer}/device/auth",
        scopes=("openid", "profile"),
    )


def register(core: Core, kind: type[Stage] = Stage) -> None:
    """Bring the platform into a core that runs in this process."""
    offer = Offer(Kind.DESTINATION, kind.id)
    assert core.get(PluginHost).registry.add(kind.id, [Contribution(offer, kind)]) is None


def install(folder: Path, module: str = "servers.platform") -> None:
    """Make the platform a plugin that processes with ``folder`` on their path find; ``module`` has the hooks."""
    info = folder / "castcore_stageplatform-1.0.dist-info"
    info.mkdir(parents=True)
    lines = [
        "Metadata-Version: 2.1",
        "Name: castcore-stageplatform",
        "Version: 1.0",
        "Requires-Dist: castcore-sdk>=1,<2",
    ]
    (info / "METADATA").write_text("\n".join(lines) + "\n")
    (info / "entry_points.txt").write_text(f"[castcore.plugins]\n{TYPE} = {module}\n")
    (info / "RECORD").write_text("")
