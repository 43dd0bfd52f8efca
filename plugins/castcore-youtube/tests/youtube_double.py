"""A YouTube on loopback: a real HTTP server that holds each request against Google's description of the API.

It models what the plugin relies on: the life of broadcasts and streams, quota, errors, and Google's OAuth endpoints.
A request that the description does not allow is answered 400 and kept in ``violations``: the test has to end with none.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from youtube_discovery import Call, Refused, check, read_call
from youtube_oauth import SCOPE, Authority

__all__ = ["KEY", "SCOPE", "YouTube", "youtube"]

KEY = "canary-yt-key-9f3a"
COSTS = {"list": 1, "set": 50, "insert": 50, "update": 50, "delete": 50, "bind": 50, "transition": 50}


class ApiError(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, reason: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = dict(headers or {})


@dataclass
class Fault:
    """What goes wrong with the next calls of a method: ``*`` means any."""

    method: str
    status: int
    reason: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int = 1
    done: bool = False
    """The call takes effect, and only its answer is an error; with status 0 the connection ends without one."""


class YouTube(Authority):
    """What there is on the other side."""

    def __init__(self) -> None:
        super().__init__()
        self.broadcasts: dict[str, dict[str, Any]] = {}
        self.streams: dict[str, dict[str, Any]] = {}
        self.videos: dict[str, dict[str, Any]] = {}
        self.playlists: dict[str, list[str]] = {"PLlive": []}
        self.thumbnails: dict[str, bytes] = {}
        self.calls: list[str] = []
        self.violations: list[str] = []
        self.faults: list[Fault] = []
        self.quota = 10_000
        self.units = 0
        self.enabled = True
        self.channel = "Kanal Zürich 🎬"
        self.page = 50
        self.ingest = "rtmp://a.rtmp.youtube.com/live2"
        self._ids = 0

    # What a test does.

    def feed(self, name: str) -> None:
        """Let the stream of a broadcast arrive: auto-start takes it live."""
        with self.lock:
            stream = self.stream_of(name)
            stream["status"]["streamStatus"] = "active"
            stream["status"]["healthStatus"] = {"status": "good"}
            for each in self.broadcasts.values():
                bound = each["contentDetails"].get("boundStreamId") == stream["id"]
                ready = each["status"]["lifeCycleStatus"] == "ready"
                if bound and ready and each["contentDetails"]["enableAutoStart"]:
                    self._live(each)

    def starve(self, name: str) -> None:
        """Let it stop."""
        with self.lock:
            status = self.stream_of(name)["status"]
            status["streamStatus"], status["healthStatus"] = "inactive", {"status": "noData"}

    def stream_of(self, name: str) -> dict[str, Any]:
        """Return the stream that a broadcast is bound to."""
        return self.streams[self.broadcasts[name]["contentDetails"]["boundStreamId"]]

    def state(self, name: str) -> str:
        """Return the state of a broadcast."""
        return str(self.broadcasts[name]["status"]["lifeCycleStatus"])

    def fail(self, method: str, status: int, reason: str = "", **more: Any) -> None:
        """Let calls fail."""
        self.faults.append(Fault(method, status, reason, **more))

    def counted(self) -> Counter[str]:
        """Return how often each method was called."""
        return Counter(self.calls)

    def await_call(self, method: str) -> None:
        """Wait until a method was called. Raise TimeoutError after ten seconds."""
        with self.lock:
            if not self.lock.wait_for(lambda: method in self.calls, timeout=10):
                raise TimeoutError(method)

    # What it answers.

    def answer(
        self, verb: str, target: str, headers: Mapping[str, str], content: bytes
    ) -> tuple[int, Any, dict[str, str]]:
        """Return status, JSON and headers; status 0: none, the connection ends."""
        with self.lock:
            try:
                call = read_call(verb, target, headers, content)
            except (Refused, ValueError) as error:
                self.violations.append(str(error))
                return _error(400, "badRequest")
            self.calls.append(call.name)
            self.lock.notify_all()
            fault = self._fault(call.name)
            try:
                if fault is not None and not fault.done:
                    raise ApiError(fault.status, fault.reason, fault.headers)
                self._admit(call, headers)
                found = self._do(call)
            except ApiError as error:
                return _error(error.status, error.reason, error.headers)
            if fault is not None:
                return _error(fault.status, fault.reason, fault.headers)
            return (204 if found is None else 200), found, {}

    def _fault(self, method: str) -> Fault | None:
        for fault in self.faults:
            if fault.method in ("*", method):
                fault.times -= 1
                if not fault.times:
                    self.faults.remove(fault)
                return fault
        return None

    def _admit(self, call: Call, headers: Mapping[str, str]) -> None:
        scopes = self.tokens.get(headers.get("authorization", "").removeprefix("Bearer "))
        if scopes is None:
            raise ApiError(401, "authError")
        if not set(scopes.split()) & set(call.method["scopes"]):
            raise ApiError(403, "insufficientPermissions")
        cost = COSTS[call.name.partition(".")[2]]
        if self.units + cost > self.quota:
            raise ApiError(403, "quotaExceeded")
        self.units += cost
        if not self.enabled and call.name.startswith("live"):
            raise ApiError(403, "liveStreamingNotEnabled")

    def _do(self, call: Call) -> Any:
        name = "_" + "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in call.name)
        handler: Callable[[Call], Any] = getattr(self, name.replace(".", "_"))
        found = handler(call)
        if found is not None:
            check(call.method["response"]["$ref"], found)
        return found

    def _live_broadcasts_list(self, call: Call) -> Any:
        chosen = [name for name in ("broadcastStatus", "id", "mine") if call.get(name)]
        if len(chosen) != 1:
            self.violations.append(f"liveBroadcasts.list: filters {chosen}")
        found = list(self.broadcasts.values())
        if ids := call.get("id"):
            found = [each for each in found if each["id"] in ids.split(",")]
        wanted = {
            "upcoming": ("created", "ready", "testing"),
            "active": ("live", "liveStarting"),
            "completed": ("complete",),
        }.get(call.get("broadcastStatus"))
        if wanted:
            found = [each for each in found if each["status"]["lifeCycleStatus"] in wanted]
        return self._listing("youtube#liveBroadcastListResponse", found, call)

    def _live_streams_list(self, call: Call) -> Any:
        found = list(self.streams.values())
        if ids := call.get("id"):
            found = [each for each in found if each["id"] in ids.split(",")]
        else:
            # What is used once is not listed (liveStream.contentDetails.isReusable in the reference).
            found = [each for each in found if each["contentDetails"]["isReusable"]]
        return self._listing("youtube#liveStreamListResponse", found, call)

    def _listing(self, kind: str, found: list[dict[str, Any]], call: Call) -> Any:
        first = int(call.get("pageToken") or 0)
        size = min(int(call.get("maxResults") or 5), self.page)
        answer: dict[str, Any] = {"kind": kind, "items": [_parts(each, call) for each in found[first : first + size]]}
        if first + size < len(found):
            answer["nextPageToken"] = str(first + size)
        return answer

    def _live_broadcasts_insert(self, call: Call) -> Any:
        body = call.body
        _check_title(body["snippet"]["title"])
        begin = datetime.fromisoformat(body["snippet"]["scheduledStartTime"])
        if (begin - datetime.now(UTC)).total_seconds() < 0:
            raise ApiError(400, "invalidScheduledStartTime")
        name = self._name("bc")
        status = {"lifeCycleStatus": "created", "recordingStatus": "notRecording", **body["status"]}
        self.broadcasts[name] = {
            "id": name,
            "kind": "youtube#liveBroadcast",
            "snippet": {**body["snippet"], "channelId": "UC1"},
            "status": status,
            "contentDetails": {"enableAutoStart": False, **body.get("contentDetails", {})},
            "statistics": {},
        }
        self.videos[name] = {"id": name, "snippet": {"title": body["snippet"]["title"], "categoryId": "22"}}
        return _parts(self.broadcasts[name], call)

    def _live_broadcasts_update(self, call: Call) -> Any:
        found = self._broadcast(str(call.body["id"]))
        snippet = call.body["snippet"]
        _check_title(snippet["title"])
        found["snippet"] = {"channelId": "UC1", **snippet}
        video = self.videos[found["id"]]["snippet"]
        video["title"], video["description"] = snippet["title"], snippet.get("description", "")
        return _parts(found, call)

    def _live_broadcasts_delete(self, call: Call) -> Any:
        found = self._broadcast(call.get("id"))
        if found["status"]["lifeCycleStatus"] in ("live", "liveStarting"):
            raise ApiError(403, "liveBroadcastDeletionNotAllowed")
        del self.broadcasts[found["id"]]

    def _live_broadcasts_bind(self, call: Call) -> Any:
        found = self._broadcast(call.get("id"))
        if found["status"]["lifeCycleStatus"] not in ("created", "ready"):
            raise ApiError(403, "liveBroadcastBindingNotAllowed")
        stream = self.streams.get(call.get("streamId"))
        if stream is None:
            raise ApiError(404, "liveStreamNotFound")
        found["contentDetails"]["boundStreamId"] = stream["id"]
        found["status"]["lifeCycleStatus"] = "ready"
        return _parts(found, call)

    def _live_broadcasts_transition(self, call: Call) -> Any:
        found = self._broadcast(call.get("id"))
        state, wanted = found["status"]["lifeCycleStatus"], call.get("broadcastStatus")
        if state == wanted:
            raise ApiError(403, "redundantTransition")
        if wanted in ("testing", "live") and self.stream_of(found["id"])["status"]["streamStatus"] != "active":
            raise ApiError(403, "errorStreamInactive")
        allowed = {("ready", "testing"), ("ready", "live"), ("testing", "live"), ("live", "complete")}
        if (state, wanted) not in allowed:
            raise ApiError(403, "invalidTransition")
        if wanted == "live":
            self._live(found)
        found["status"]["lifeCycleStatus"] = wanted
        return _parts(found, call)

    def _live_streams_insert(self, call: Call) -> Any:
        name = self._name("st")
        again = call.body.get("contentDetails", {}).get("isReusable", True)
        cdn = call.body["cdn"]
        if {"resolution", "frameRate"} - set(cdn):
            raise ApiError(400, "required")
        ingestion = {
            "streamName": f"{KEY}-{name}",
            "ingestionAddress": self.ingest,
            "backupIngestionAddress": "rtmp://b.rtmp.youtube.com/live2?backup=1",
            "rtmpsIngestionAddress": "rtmps://a.rtmps.youtube.com:443/live2",
            "rtmpsBackupIngestionAddress": "rtmps://b.rtmps.youtube.com:443/live2?backup=1",
        }
        self.streams[name] = {
            "id": name,
            "kind": "youtube#liveStream",
            "snippet": dict(call.body["snippet"]),
            "cdn": {**cdn, "ingestionInfo": ingestion},
            "status": {"streamStatus": "ready", "healthStatus": {"status": "noData"}},
            "contentDetails": {"isReusable": again},
        }
        return _parts(self.streams[name], call)

    def _videos_list(self, call: Call) -> Any:
        found = [self.videos[name] for name in call.get("id").split(",") if name in self.videos]
        return self._listing("youtube#videoListResponse", found, call)

    def _videos_update(self, call: Call) -> Any:
        video = self.videos.get(str(call.body["id"]))
        if video is None:
            raise ApiError(404, "videoNotFound")
        snippet = call.body["snippet"]
        _check_title(snippet.get("title", ""))
        if not snippet.get("categoryId", "").isdigit() or int(snippet["categoryId"]) > 44:
            raise ApiError(400, "invalidCategoryId")
        video["snippet"] = dict(snippet)
        return _parts(video, call)

    def _video_categories_list(self, call: Call) -> Any:
        names = {"1": "Film & Animation", "20": "Gaming", "22": "People & Blogs", "18": "Short Movies"}
        items = [
            {"id": number, "snippet": {"title": name, "assignable": number != "18", "channelId": "UC1"}}
            for number, name in names.items()
        ]
        return {"kind": "youtube#videoCategoryListResponse", "items": items}

    def _playlist_items_list(self, call: Call) -> Any:
        videos = self._playlist(call.get("playlistId"))
        items = [{"id": f"pi-{video}"} for video in videos if video == call.get("videoId")]
        return {"kind": "youtube#playlistItemListResponse", "items": items}

    def _playlist_items_insert(self, call: Call) -> Any:
        snippet = call.body["snippet"]
        self._playlist(snippet["playlistId"]).append(snippet["resourceId"]["videoId"])
        return {"id": self._name("pi"), "snippet": dict(snippet)}

    def _thumbnails_set(self, call: Call) -> Any:
        if call.get("videoId") not in self.videos:
            raise ApiError(404, "videoNotFound")
        self.thumbnails[call.get("videoId")] = call.content
        return {"kind": "youtube#thumbnailSetResponse", "items": []}

    def _channels_list(self, call: Call) -> Any:
        items = [{"id": "UC1", "snippet": {"title": self.channel}}] if self.channel else []
        return {"kind": "youtube#channelListResponse", "items": items}

    def _playlist(self, name: str) -> list[str]:
        if name not in self.playlists:
            raise ApiError(404, "playlistNotFound")
        return self.playlists[name]

    def _broadcast(self, name: str) -> dict[str, Any]:
        if name not in self.broadcasts:
            raise ApiError(404, "liveBroadcastNotFound")
        return self.broadcasts[name]

    def _live(self, broadcast: dict[str, Any]) -> None:
        broadcast["status"]["lifeCycleStatus"] = "live"
        broadcast["statistics"] = {"concurrentViewers": "17"}

    def _name(self, prefix: str) -> str:
        self._ids += 1
        return f"{prefix}{self._ids:04}"


def _check_title(title: str) -> None:
    if not 0 < len(title.encode("utf-16-le")) // 2 <= 100 or "<" in title or ">" in title or "\n" in title:
        raise ApiError(400, "invalidTitle")


def _parts(resource: dict[str, Any], call: Call) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name in ("id", "kind") or name in call.parts}


def _error(status: int, reason: str, headers: Mapping[str, str] | None = None) -> tuple[int, Any, dict[str, str]]:
    errors = [{"message": "No.", "domain": "youtube.liveBroadcast", "reason": reason}] if reason else []
    return status, {"error": {"code": status, "message": "No.", "errors": errors}}, dict(headers or {})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes
    server: _Server

    def _handle(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        path = urlsplit(self.path).path
        if path in ("/token", "/revoke", "/device/code"):
            form = {name: values[0] for name, values in parse_qs(content.decode()).items()}
            status, found, more = self.server.youtube.oauth(path, form)
        else:
            status, found, more = self.server.youtube.answer(self.command, self.path, headers, content)
        if status == 0:
            self.close_connection = True
            return
        self._send(status, found, more)

    def _send(self, status: int, found: Any, headers: Mapping[str, str]) -> None:
        body = b"" if found is None else json.dumps(found).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815

    def log_message(self, *_: object) -> None:
        return


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, youtube: YouTube) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.youtube = youtube


@contextmanager
def youtube() -> Iterator[YouTube]:
    """Run the double; at the end, fail for any request that Google's description does not allow."""
    double = YouTube()
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
