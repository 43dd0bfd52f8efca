"""A Twitch on loopback, written from its published reference: Helix, the ingest list, and id.twitch.tv.

https://dev.twitch.tv/docs/api/reference/ and https://dev.twitch.tv/docs/authentication/
What the reference does not allow is answered as an error and kept in ``violations``: the test has to end with none.
"""

from __future__ import annotations

import json
import re
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

CHANNEL = {"id": "141981764", "login": "zuerich_live", "display_name": "Zürich_Live"}
KEY = "live_141981764_canaryTwitchKey9f3a"
SCOPES = "channel:read:stream_key channel:manage:broadcast"
TAG = re.compile(r"\w{1,25}")
_LANGUAGES = {"de", "en", "fr", "ja", "other", "zh-hk", "asl"}


@dataclass(frozen=True)
class Endpoint:
    """What the reference says of one request."""

    required: frozenset[str]
    optional: frozenset[str] = frozenset()
    scope: str = ""
    body: frozenset[str] = frozenset()


ENDPOINTS = {
    ("GET", "/helix/users"): Endpoint(frozenset(), frozenset({"id", "login"})),
    ("GET", "/helix/streams/key"): Endpoint(frozenset({"broadcaster_id"}), scope="channel:read:stream_key"),
    ("GET", "/helix/search/categories"): Endpoint(frozenset({"query"}), frozenset({"first", "after"})),
    ("GET", "/helix/streams"): Endpoint(
        frozenset(), frozenset({"user_id", "user_login", "game_id", "type", "language", "first", "before", "after"})
    ),
    ("PATCH", "/helix/channels"): Endpoint(
        frozenset({"broadcaster_id"}),
        scope="channel:manage:broadcast",
        body=frozenset(
            {
                *("game_id", "broadcaster_language", "title", "delay", "tags"),
                *("content_classification_labels", "is_branded_content"),
            }
        ),
    ),
}


@dataclass
class Fault:
    """What goes wrong with the next requests to a path: ``*`` means any; status 0 ends the connection."""

    path: str
    status: int
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int = 1


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Twitch:
    """What there is on the other side."""

    def __init__(self) -> None:
        self.url = ""
        self.client = "client-1"
        self.tokens: dict[str, str] = {}
        """Access token → scopes."""
        self.refresh: dict[str, str] = {}
        self.devices: dict[str, dict[str, str]] = {}
        self.channel: dict[str, Any] = {"title": "before", "tags": [], "game_id": "0", "broadcaster_language": "en"}
        self.live: int | None = None
        """Viewers while it is live."""
        self.ingests: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.violations: list[str] = []
        self.faults: list[Fault] = []
        self.points = 800
        self.lock = threading.RLock()

    def token(self, scopes: str = SCOPES) -> str:
        """Hand out an access token."""
        token = f"canary{secrets.token_hex(12)}"
        self.tokens[token] = scopes
        return token

    def fail(self, path: str, status: int, message: str = "", **more: Any) -> None:
        """Let requests fail."""
        self.faults.append(Fault(path, status, message, **more))

    def add_ingest(self, name: str, url: str, *, secure: bool = False, **more: Any) -> None:
        """List a server."""
        template = f"{url}/{{stream_key}}"
        entry = {"_id": len(self.ingests), "availability": 1, "default": False, "name": name, "priority": 1}
        urls = {"url_template": "" if secure else template, "url_template_secure": template if secure else ""}
        self.ingests.append({**entry, **urls, **more})

    def answer(
        self, verb: str, target: str, headers: Mapping[str, str], content: bytes
    ) -> tuple[int, Any, Mapping[str, str]]:
        """Return status, JSON and headers; status 0: none, the connection ends."""
        with self.lock:
            url = urlsplit(target)
            self.calls.append(f"{verb} {url.path}")
            for fault in self.faults:
                if fault.path in ("*", url.path):
                    fault.times -= 1
                    if not fault.times:
                        self.faults.remove(fault)
                    return fault.status, _error(fault.status, fault.message), fault.headers
            try:
                return self._do(verb, url.path, url.query, headers, content)
            except Refused as error:
                return error.status, _error(error.status, str(error)), {}

    def _do(
        self, verb: str, path: str, query: str, headers: Mapping[str, str], content: bytes
    ) -> tuple[int, Any, Mapping[str, str]]:
        if path == "/ingests":
            if "authorization" in headers:
                self.violations.append("the token was sent to the ingest list")
            return 200, {"ingests": self.ingests}, {}
        if path == "/oauth2/validate":
            scopes = self._scopes(headers)
            return (
                200,
                {"client_id": self.client, "user_id": CHANNEL["id"], "login": CHANNEL["login"], "scopes": scopes},
                {},
            )
        if path.startswith("/oauth2/"):
            form = {name: values[0] for name, values in parse_qs(content.decode()).items()}
            return self._oauth(path, form)
        return self._helix(verb, path, parse_qs(query, keep_blank_values=True), headers, content)

    def _helix(
        self, verb: str, path: str, query: Mapping[str, list[str]], headers: Mapping[str, str], content: bytes
    ) -> tuple[int, Any, Mapping[str, str]]:
        endpoint = ENDPOINTS.get((verb, path))
        if endpoint is None:
            raise self._violation(f"{verb} {path}: no such request", 404)
        if headers.get("client-id") != self.client:
            raise self._violation(f"{verb} {path}: Client-Id {headers.get('client-id')}", 401)
        scopes = self._scopes(headers)
        self._check(f"{verb} {path}", endpoint, query, headers, content)
        self.points -= 1
        limits = {
            "Ratelimit-Limit": "800",
            "Ratelimit-Remaining": str(max(self.points, 0)),
            "Ratelimit-Reset": str(int(time.time()) + 30),
        }
        if self.points < 0:
            return 429, _error(429, "Too Many Requests"), limits
        if endpoint.scope and endpoint.scope not in scopes:
            raise Refused(401, f"Missing scope: {endpoint.scope}")
        if query.get("broadcaster_id", [CHANNEL["id"]]) != [CHANNEL["id"]]:
            raise Refused(403, "The ID in broadcaster_id must match the user ID in the user access token.")
        values = {name: each[0] for name, each in query.items()}
        found = getattr(self, "_" + path.removeprefix("/helix/").replace("/", "_"))(values, content)
        return (204 if found is None else 200), found, limits

    def _check(
        self,
        name: str,
        endpoint: Endpoint,
        query: Mapping[str, list[str]],
        headers: Mapping[str, str],
        content: bytes,
    ) -> None:
        if not endpoint.required <= set(query) <= endpoint.required | endpoint.optional:
            raise self._violation(f"{name}: parameters {sorted(query)}", 400)
        if "first" in query and not 1 <= int(query["first"][0]) <= 100:
            raise self._violation(f"{name}: first {query['first']}", 400)
        if not endpoint.body:
            if content:
                raise self._violation(f"{name}: takes no body", 400)
            return
        if headers.get("content-type") != "application/json":
            raise self._violation(f"{name}: {headers.get('content-type')}", 400)
        body = json.loads(content)
        if not body or not set(body) <= endpoint.body:
            raise self._violation(f"{name}: body {sorted(body)}", 400)

    def _violation(self, said: str, status: int) -> Refused:
        self.violations.append(said)
        return Refused(status, said)

    def _scopes(self, headers: Mapping[str, str]) -> list[str]:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme not in ("Bearer", "OAuth") or token not in self.tokens:
            raise Refused(401, "Invalid OAuth token")
        return self.tokens[token].split()

    def _users(self, query: Mapping[str, str], content: bytes) -> Any:
        return {"data": [CHANNEL]}

    def _streams_key(self, query: Mapping[str, str], content: bytes) -> Any:
        return {"data": [{"stream_key": KEY}]}

    def _streams(self, query: Mapping[str, str], content: bytes) -> Any:
        live = {"user_id": CHANNEL["id"], "type": "live", "viewer_count": self.live}
        return {"data": [live] if self.live is not None else [], "pagination": {}}

    def _search_categories(self, query: Mapping[str, str], content: bytes) -> Any:
        names = {"26936": "Music", "509660": "Art", "1469308723": "Music & Performing Arts"}
        found = [
            {"id": number, "name": name} for number, name in names.items() if query["query"].lower() in name.lower()
        ]
        return {"data": found, "pagination": {}}

    def _channels(self, query: Mapping[str, str], content: bytes) -> Any:
        body = json.loads(content)
        if "title" in body and not 0 < len(body["title"]) <= 140:
            raise Refused(400, "The title field cannot be empty, and not be longer than 140 characters.")
        tags = body.get("tags", [])
        if (
            len(tags) > 10
            or not all(TAG.fullmatch(tag) for tag in tags)
            or len({tag.lower() for tag in tags}) < len(tags)
        ):
            raise Refused(400, "A tag is not valid.")
        if body.get("broadcaster_language", "en") not in _LANGUAGES:
            raise Refused(400, "The language is not valid.")
        if not body.get("game_id", "0").isdigit():
            raise Refused(400, "The game_id is not valid.")
        self.channel.update(body)

    def allow_device(self) -> None:
        """Do what a person does who enters the code."""
        for device in self.devices.values():
            device.pop("pending", None)

    def _oauth(self, path: str, form: Mapping[str, str]) -> tuple[int, Any, Mapping[str, str]]:
        """Twitch's own forms of RFC 8628: ``scopes``, and a sentence instead of a code."""
        if form.get("client_id") != self.client:
            raise Refused(400, "invalid client")
        if path == "/oauth2/revoke":
            self.tokens.pop(form["token"], None)
            return 200, None, {}
        if path == "/oauth2/device":
            code = secrets.token_hex(20)
            self.devices[code] = {"scopes": form["scopes"], "pending": "yes"}
            place = {"verification_uri": f"{self.url}/activate?device-code=ABCDEFGH", "user_code": "ABCDEFGH"}
            return 200, {"device_code": code, "expires_in": 1800, "interval": 1, **place}, {}
        if form["grant_type"] == "refresh_token":
            scopes = self.refresh.pop(form["refresh_token"], None)
            if scopes is None:
                raise Refused(400, "Invalid refresh token")
            return 200, self._tokens(scopes), {}
        device = self.devices.get(form["device_code"])
        if device is None or form["scopes"] != device["scopes"]:
            raise Refused(400, "invalid device code")
        if "pending" in device:
            raise Refused(400, "authorization_pending")
        del self.devices[form["device_code"]]
        return 200, self._tokens(device["scopes"]), {}

    def _tokens(self, scopes: str) -> Any:
        refresh = f"canaryrefresh{secrets.token_hex(12)}"
        self.refresh[refresh] = scopes
        token = {"access_token": self.token(scopes), "refresh_token": refresh, "expires_in": 14_400}
        return {**token, "scope": scopes.split(), "token_type": "bearer"}


def _error(status: int, message: str) -> Any:
    return {"error": "Error", "status": status, "message": message}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes
    server: _Server

    def _handle(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, found, more = self.server.twitch.answer(self.command, self.path, headers, content)
        if status == 0:
            self.close_connection = True
            return
        body = b"" if found is None else json.dumps(found).encode()
        self.send_response(status)
        for name, value in {**more, "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = _handle  # noqa: N815

    def log_message(self, *_: object) -> None:
        return


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, twitch: Twitch) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.twitch = twitch


@contextmanager
def twitch() -> Iterator[Twitch]:
    """Run the double; at the end, fail for any request that the reference does not allow."""
    double = Twitch()
    server = _Server(double)
    double.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert double.violations == [], double.violations
