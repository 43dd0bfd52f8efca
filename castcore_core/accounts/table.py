"""The one table: who may call which route, and which scope an API token needs for it.

Rows are grouped by area; an API token's scopes are ``AREA:read`` and ``AREA:write``. A variable part of a path is
``*``. A route that has no row here is refused to everybody, and a test fails.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache

OWN = "own"
"""Area of what every API token may call, whatever its scopes."""
SESSION = "session"
"""Area of what no API token may call: it belongs to people who have signed in."""

_READING = frozenset({"GET", "HEAD", "OPTIONS", "WEBSOCKET"})
_PREFIX = "/api/v1"


class Access(IntEnum):
    """What a call needs; from VIEWER on the numbers are those of :class:`~castcore_core.accounts.role.Role`."""

    OPEN = -2
    """Nothing, also before there is an admin."""
    SETUP = -1
    """Nothing; the wizard itself refuses when it is over."""
    GUEST = 0
    """Nothing, once there is an admin."""
    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3


OPEN, SETUP, GUEST, VIEWER, OPERATOR, ADMIN = Access
_Rows = Mapping[str, Mapping[str, Access]]

PAGE = {"GET": OPEN}
"""Pages lead to the sign-in instead of refusing; their data comes from the API, which refuses."""
PLUGIN_PAGE = {"GET": OPEN, "POST": VIEWER}
"""The same for pages of plugins; each names the role it needs, and its dispatcher refuses."""
READS = {"GET": VIEWER}
RUNS = {"POST": OPERATOR}
LISTS = {"GET": VIEWER, "POST": OPERATOR}
KEEPS = {"GET": VIEWER, "PATCH": OPERATOR, "DELETE": OPERATOR}

TABLE: Mapping[str, _Rows] = {
    OWN: {
        "/auth/me": READS,
        "/auth/ws-ticket": {"POST": VIEWER},
        "/docs": {"GET": OPEN},
        "/i18n/*": {"GET": OPEN},
        "/openapi.json": {"GET": OPEN},
        "/roles": READS,
        "/system/health": {"GET": OPEN},
    },
    SESSION: {
        "/auth/login": {"POST": GUEST},
        "/auth/refresh": {"POST": GUEST},
        "/auth/logout": {"POST": VIEWER},
        "/auth/password": {"POST": VIEWER},
        "/auth/sessions": {"GET": VIEWER, "DELETE": VIEWER},
        "/auth/sessions/*": {"DELETE": VIEWER},
        "/auth/tokens": {"GET": VIEWER, "POST": VIEWER},
        "/auth/tokens/*": {"DELETE": VIEWER},
        "/auth/2fa/setup": {"POST": VIEWER},
        "/auth/2fa/verify": {"POST": VIEWER},
        "/auth/2fa/disable": {"POST": VIEWER},
        "/auth/oidc": {"GET": GUEST},
        "/auth/oidc/start": {"GET": GUEST},
        "/auth/oidc/callback": {"GET": GUEST},
        "/platforms/*/oauth/start": {"GET": ADMIN},
        "/platforms/*/oauth/callback": {"GET": GUEST},
        "/setup/state": {"GET": SETUP},
        "/setup/step/admin": {"POST": SETUP},
        "/setup/step/ffmpeg": {"POST": SETUP},
        "/setup/step/folders": {"POST": SETUP},
        "/setup/step/language": {"POST": SETUP},
        "/setup/step/plugins": {"POST": SETUP},
        "/setup/step/storage": {"POST": SETUP},
        "/setup/syscheck": {"POST": SETUP},
        "/setup/complete": {"POST": SETUP},
    },
    "users": {
        "/users": {"GET": ADMIN, "POST": ADMIN},
        "/users/*": {"GET": ADMIN, "PATCH": ADMIN, "DELETE": ADMIN},
    },
    "settings": {
        "/settings": {"GET": VIEWER, "PATCH": ADMIN},
        "/settings/schema": READS,
        "/settings/me": {"GET": VIEWER, "PATCH": VIEWER},
    },
    "audit": {"/audit": {"GET": ADMIN}, "/audit/export": {"GET": ADMIN}},
    "system": {
        "/system/metrics": READS,
        "/ws/system": {"WEBSOCKET": VIEWER},
    },
    "plugins": {
        "/plugins": READS,
        "/plugins/*": READS,
        "/plugins/*/schema": READS,
        "/plugins/*/enable": {"POST": ADMIN},
        "/plugins/*/disable": {"POST": ADMIN},
        "/plugins/*/uninstall": {"POST": ADMIN},
        "/plugins/*/upgrade": {"POST": ADMIN},
        "/plugins/install": {"POST": ADMIN},
        "/plugins/installation": {"GET": ADMIN},
        "/plugins/rescan": {"POST": ADMIN},
    },
    "profiles": {
        "/ffmpeg-profiles": LISTS,
        "/ffmpeg-profiles/*": KEEPS,
        "/ffmpeg-profiles/encoders": READS,
        "/ffmpeg-profiles/presets": READS,
    },
    "destinations": {
        "/destinations": LISTS,
        "/destinations/*": KEEPS,
        "/destinations/*/test": RUNS,
        "/destinations/types": READS,
    },
    "streams": {
        "/ffmpeg/preview": RUNS,
        "/stream-jobs": LISTS,
        "/stream-jobs/*": KEEPS,
        "/stream-jobs/*/start": RUNS,
        "/stream-jobs/*/stop": RUNS,
        "/stream-jobs/*/restart": RUNS,
        "/stream-jobs/*/pause": RUNS,
        "/stream-jobs/*/duplicate": RUNS,
        "/stream-jobs/*/dry-run": RUNS,
        "/stream-jobs/*/preflight": LISTS,
        "/stream-jobs/*/status": READS,
        "/sse/preflight/*": READS,
        "/ws/logs/*": {"WEBSOCKET": VIEWER},
        "/ws/status": {"WEBSOCKET": VIEWER},
    },
    "platforms": {
        "/metadata/resolve": RUNS,
        "/platform-accounts": {"GET": VIEWER, "POST": ADMIN},
        "/platform-accounts/*": {"GET": VIEWER, "PATCH": ADMIN, "DELETE": ADMIN},
        "/platform-accounts/*/device": {"GET": ADMIN, "POST": ADMIN, "DELETE": ADMIN},
        "/platform-accounts/*/test": RUNS,
        "/platforms": {"GET": VIEWER, "POST": ADMIN},
        "/stream-jobs/*/metadata/*": {"GET": VIEWER, "PUT": OPERATOR},
        "/stream-jobs/*/metadata/*/push": RUNS,
    },
    "channels": {
        "/channels": LISTS,
        "/channels/*": KEEPS,
        "/channels/*/epg.xml": READS,
        "/channels/*/playlist.m3u": READS,
        "/channels/*/simulate": RUNS,
        "/playlists": LISTS,
        "/playlists/*": KEEPS,
        "/playlists/*/items": RUNS,
        "/playlists/*/resolve": READS,
    },
    "media": {
        "/assets": LISTS,
        "/assets/*": {"GET": VIEWER, "DELETE": OPERATOR},
        "/assets/*/content": READS,
        "/media": READS,
        "/media/*": {"GET": VIEWER, "DELETE": OPERATOR},
        "/media/*/probe": RUNS,
        "/media/*/thumbnail": READS,
        "/mounts/*/mount": RUNS,
        "/mounts/*/status": READS,
        "/mounts/*/unmount": RUNS,
        "/storage-sources": LISTS,
        "/storage-sources/*": KEEPS,
        "/storage-sources/*/browse": READS,
        "/storage-sources/*/scan": RUNS,
        "/storage-sources/*/scans": READS,
        "/storage-sources/*/test": RUNS,
        "/storage-sources/types": READS,
    },
    "recordings": {
        "/recordings": READS,
        "/recordings/*": {"GET": VIEWER, "DELETE": OPERATOR},
        "/replay": LISTS,
        "/replay/*": {"PATCH": OPERATOR},
        "/stream-jobs/*/recording": RUNS,
    },
    "scheduler": {"/scheduler": LISTS, "/scheduler/*": KEEPS},
    "notifications": {
        "/notifications": {"GET": ADMIN, "POST": ADMIN},
        "/notifications/*": {"GET": ADMIN, "PATCH": ADMIN, "DELETE": ADMIN},
        "/notifications/*/deliveries": {"GET": ADMIN},
        "/notifications/*/test": {"POST": ADMIN},
        "/notifications/events": {"GET": ADMIN},
        "/notifications/types": {"GET": ADMIN},
    },
    "backups": {
        "/backups": {"GET": ADMIN, "POST": ADMIN},
        "/backups/*/download": {"GET": ADMIN},
        "/backups/*/restore": {"POST": ADMIN},
    },
    "updates": {
        "/update/check": {"POST": ADMIN},
        "/update/migrate": {"POST": ADMIN},
        "/update/state": {"GET": ADMIN},
    },
}
"""Area → path below ``/api/v1`` → method → what it needs."""

ROOT: Mapping[str, _Rows] = {
    OWN: {"/metrics": {"GET": OPEN}},
    SESSION: {
        "/": PAGE,
        "/account": PAGE,
        "/account/tokens": PAGE,
        "/assets": PAGE,
        "/audit": PAGE,
        "/destinations": PAGE,
        "/destinations/*": PAGE,
        "/destinations/new": PAGE,
        "/jobs": PAGE,
        "/jobs/*": PAGE,
        "/jobs/*/edit": PAGE,
        "/jobs/*/preview/*": READS,
        "/jobs/new": PAGE,
        "/login": PAGE,
        "/media": PAGE,
        "/media/*": PAGE,
        "/notifications": PAGE,
        "/notifications/*": PAGE,
        "/notifications/new": PAGE,
        "/platforms": PAGE,
        "/platforms/*": PAGE,
        "/platforms/new": PAGE,
        "/plugins": PAGE,
        "/plugins/*/": PLUGIN_PAGE,
        "/plugins/*/*": PLUGIN_PAGE,
        "/profiles": PAGE,
        "/profiles/*": PAGE,
        "/profiles/new": PAGE,
        "/settings": PAGE,
        "/setup": PAGE,
        "/static/*": PAGE,
        "/storage": PAGE,
        "/storage/*": PAGE,
        "/storage/*/browse": PAGE,
        "/storage/new": PAGE,
        "/system": PAGE,
        "/users": PAGE,
        "/users/*": PAGE,
        "/users/new": PAGE,
    },
}
"""The same for paths outside ``/api/v1``; ``/metrics`` guards itself."""

AREAS = tuple(area for area in TABLE if area not in (OWN, SESSION))
SCOPES = tuple(f"{area}:{kind}" for area in ("*", *AREAS) for kind in ("read", "write"))
"""What an API token may be given; ``write`` includes ``read``, ``*`` every area."""


@dataclass(frozen=True, slots=True)
class Row:
    """What the table says of one route and method."""

    access: Access
    area: str
    reads: bool

    def fits(self, scopes: frozenset[str]) -> bool:
        """Tell whether an API token with ``scopes`` may make the call."""
        if self.area in (OWN, SESSION):
            return self.area == OWN
        kinds = ("read", "write") if self.reads else ("write",)
        return any(f"{area}:{kind}" in scopes for area in ("*", self.area) for kind in kinds)


_ALL = {(_PREFIX + path): (area, rows) for area, paths in TABLE.items() for path, rows in paths.items()} | {
    path: (area, rows) for area, paths in ROOT.items() for path, rows in paths.items()
}


@cache
def row_of(rule: str, method: str) -> Row | None:
    """Return the row of a route as declared, such as ``/api/v1/users/<uuid:id>``; ``None`` where there is none.

    HEAD needs what GET needs; OPTIONS, which tells only the methods, what the least of them needs.
    """
    area, rows = _ALL.get(re.sub(r"<[^>]*>", "*", rule), (OWN, {}))
    if method == "OPTIONS" and rows:
        return Row(min(rows.values()), OWN, reads=True)
    access = rows.get("GET" if method == "HEAD" else method)
    return None if access is None else Row(access, area, reads=method in _READING)
