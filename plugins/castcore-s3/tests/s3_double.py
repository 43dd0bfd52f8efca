"""A small S3 server in memory on a real socket: it checks every signature, and fails in the manner a test chooses."""

from __future__ import annotations

import calendar
import hashlib
import hmac
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

BUCKET, REGION = "studio-media", "eu-central-1"
KEY_ID, SECRET = "AKIADOUBLE", "double-canary-secret-51f0c2"
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?"
    r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})"
)


@dataclass(frozen=True)
class Request:
    """What a client asked for."""

    method: str
    path: str
    """Still encoded."""
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def key(self) -> str:
        """The object; empty for the bucket."""
        return unquote(self.path).removeprefix(f"/{BUCKET}").removeprefix("/")


@dataclass
class Reply:
    """What is answered; ``cut`` and ``stall`` end or hold the body after so many bytes."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: int | None = None
    stall: int | None = None


def error(status: int, code: str, more: str = "", **headers: str) -> Reply:
    """Return an error as S3 words it; ``headers`` with underscores for dashes."""
    text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{SECRET} was signed</Message>{more}</Error>"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {"content-type": "application/xml", **named}, text.encode())


class Double:
    """The contents, what was asked, and what goes wrong."""

    def __init__(self) -> None:
        self.url = ""
        self.objects: dict[str, bytes] = {}
        self.uploads: dict[str, dict[int, bytes]] = {}
        self.requests: list[Request] = []
        self.fault: Callable[[Request], Reply | None] = lambda request: None
        """Answers in place of the server where it returns a reply."""
        self.page = 1000
        self.heeds_if_match = True
        self.released = threading.Event()
        """Ends all stalls."""

    def config(self, **changes: object) -> dict[str, Any]:
        """Return a configuration of the plugin for this server."""
        config = {"provider": "other", "endpoint": self.url, "region": REGION, "bucket": BUCKET, "allow_http": True}
        return {**config, "access_key_id": KEY_ID, "secret_access_key": SECRET, **changes}

    def answer(self, request: Request) -> Reply:
        """Answer a request as S3 does."""
        self.requests.append(request)
        refused = self.fault(request) or _refusal(request)
        if refused is not None:
            return refused
        if not request.path.startswith(f"/{BUCKET}"):
            return error(404, "NoSuchBucket")
        if not request.key and request.method == "GET":
            return self._list(request.query)
        if "uploads" in request.query or "uploadId" in request.query:
            return self._upload(request)
        return self._object(request)

    def _object(self, request: Request) -> Reply:
        key = request.key
        if request.method == "PUT":
            self.objects[key] = request.body
            return Reply(200, {"etag": _etag(request.body)})
        if request.method == "DELETE":
            self.objects.pop(key, None)
            return Reply(204)
        if len(key.encode()) > 1024:
            return error(400, "KeyTooLongError")
        data = self.objects.get(key)
        if data is None:
            return error(404, "NoSuchKey")
        headers = {"etag": _etag(data), "last-modified": formatdate(1_790_000_000, usegmt=True)}
        if self.heeds_if_match and request.headers.get("if-match", _etag(data)) != _etag(data):
            return error(412, "PreconditionFailed")
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
        if found is None:
            return Reply(200, headers, data)
        first, last = int(found[1]), min(int(found[2] or len(data)), len(data) - 1)
        if first >= len(data):
            return error(416, "InvalidRange")
        headers["content-range"] = f"bytes {first}-{last}/{len(data)}"
        return Reply(206, headers, data[first : last + 1])

    def _upload(self, request: Request) -> Reply:
        if "uploads" in request.query:
            name = f"upload-{len(self.requests)}"
            self.uploads[name] = {}
            return _xml(f"<InitiateMultipartUploadResult><UploadId>{name}</UploadId></InitiateMultipartUploadResult>")
        name = request.query["uploadId"]
        if request.method == "PUT":
            self.uploads[name][int(request.query["partNumber"])] = request.body
            return Reply(200, {"etag": _etag(request.body)})
        parts = self.uploads.pop(name)
        if request.method == "DELETE":
            return Reply(204)
        self.objects[request.key] = b"".join(parts[number] for number in sorted(parts))
        tag = _etag(self.objects[request.key])
        return _xml(f"<CompleteMultipartUploadResult><ETag>{escape(tag)}</ETag></CompleteMultipartUploadResult>")

    def _list(self, query: dict[str, str]) -> Reply:
        prefix, token = query.get("prefix", ""), query.get("continuation-token", "")
        most = min(int(query.get("max-keys", "1000")), self.page)
        names: dict[str, bool] = {}
        for key in sorted(self.objects):
            if key.startswith(prefix):
                head, slash, _ = key.removeprefix(prefix).partition("/")
                names[f"{prefix}{head}{slash}" if slash else key] = bool(slash)
        left = [name for name in names if name > token]
        texts = [self._listed(name, folder=names[name]) for name in left[:most]]
        more = f"<NextContinuationToken>{escape(left[most - 1])}</NextContinuationToken>" if len(left) > most else ""
        truncated = str(bool(more)).lower()
        about = f"<EncodingType>url</EncodingType><IsTruncated>{truncated}</IsTruncated>{more}"
        return _xml(f"<ListBucketResult>{about}{''.join(texts)}</ListBucketResult>")

    def _listed(self, name: str, *, folder: bool) -> str:
        text = quote(name, safe="/").replace("%20", "+")
        if folder:
            return f"<CommonPrefixes><Prefix>{text}</Prefix></CommonPrefixes>"
        data = self.objects[name]
        about = f"<LastModified>2026-09-21T14:13:20.000Z</LastModified><ETag>{escape(_etag(data))}</ETag>"
        return f"<Contents><Key>{text}</Key>{about}<Size>{len(data)}</Size></Contents>"


@contextmanager
def double() -> Iterator[Double]:
    """Run the server."""
    content = Double()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10
        disable_nagle_algorithm = True

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            reply = content.answer(Request(self.command, parts.path, query, headers, body))
            self.send_response_only(reply.status)
            self.send_header("date", reply.headers.get("date", formatdate(usegmt=True)))
            for name, value in {"content-length": str(len(reply.body)), **reply.headers}.items():
                if name != "date":
                    self.send_header(name, value)
            self.end_headers()
            if self.command == "HEAD":
                return
            held = next((count for count in (reply.cut, reply.stall) if count is not None), len(reply.body))
            self.wfile.write(reply.body[:held])
            if reply.stall is not None:
                content.released.wait(20)
            self.close_connection = held < len(reply.body)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Say nothing: clients that leave early are part of what is tested."""

    with Server(("127.0.0.1", 0), Handler) as server:
        content.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield content
        finally:
            content.released.set()
            server.shutdown()
            thread.join()


def _refusal(request: Request) -> Reply | None:
    """Check the signature as S3 does, from the request alone (it shares no code with the plugin)."""
    found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if found is None:
        return error(403, "AccessDenied")
    key_id, day, region, names, mark = found.groups()
    if key_id != KEY_ID:
        return error(403, "InvalidAccessKeyId")
    if region != REGION:
        return error(400, "AuthorizationHeaderMalformed", f"<Region>{REGION}</Region>")
    stamp = request.headers["x-amz-date"]
    if not stamp.startswith(day) or abs(time.time() - _seconds(stamp)) > 900:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return error(403, "RequestTimeTooSkewed", f"<ServerTime>{now}</ServerTime>")
    digest = request.headers["x-amz-content-sha256"]
    if digest != "UNSIGNED-PAYLOAD" and digest != hashlib.sha256(request.body).hexdigest():
        return error(400, "XAmzContentSHA256Mismatch")
    query = "&".join(
        sorted(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in request.query.items())
    )
    lines = [f"{name}:{request.headers[name].strip()}" for name in names.split(";")]
    canonical = "\n".join([request.method, request.path, query, *lines, "", names, digest])
    text = (
        f"AWS4-HMAC-SHA256\n{stamp}\n{day}/{region}/s3/aws4_request\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    )
    key = b"AWS4" + SECRET.encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    right = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return None if hmac.compare_digest(right, mark) else error(403, "SignatureDoesNotMatch")


def _seconds(stamp: str) -> float:
    return calendar.timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))


def _etag(data: bytes) -> str:
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'


def _xml(text: str) -> Reply:
    return Reply(200, {"content-type": "application/xml"}, f'<?xml version="1.0"?>{text}'.encode())
