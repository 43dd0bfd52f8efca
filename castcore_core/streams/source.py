"""What a job takes in: the text that a user types, told apart and split from its secrets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, unquote, urlsplit

from castcore_core.streams.placeholder import expand
from castcore_sdk import ConfigurationError

SourceKind = Literal["file", "stored", "url", "pull", "push", "test", "device"]
"""``stored``: a file that is read through the gateway of a storage worker."""

NETWORK_SCHEMES = frozenset({"http", "https", "rtsp", "rtsps", "srt", "udp"})
_RTMP_SCHEMES = frozenset({"rtmp", "rtmps"})
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*)://")
_TEST = re.compile(r"^test(?::(?P<width>\d{1,9})x(?P<height>\d{1,9})(?:@(?P<fps>\d{1,9}(?:\.\d{1,9})?))?)?$")
_DEVICE = re.compile(r"^device:(?P<path>.+)$", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LARGEST_SIDE = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One input. ``location`` may hold credentials and stays out of logs; ``name`` is for people."""

    kind: SourceKind
    name: str
    location: str = ""
    has_secret: bool = False
    """``location`` holds a credential."""
    width: int = 1280
    height: int = 720
    fps: float = 30.0

    @property
    def live(self) -> bool:
        """Say whether the source is awaited again when it ends."""
        return self.kind in ("url", "pull", "push", "device")

    def __repr__(self) -> str:
        return f"Source(kind={self.kind!r}, name={self.name!r})"


def parse_source(text: str) -> Source:
    """Tell what ``text`` names: a path, a URL, ``test[:WxH[@FPS]]``, ``device:PATH`` or ``listen:rtmp://…``.

    A path that exists is always a path, whatever it looks like; elsewhere ``{env:NAME}`` and ``{file:PATH}`` stand for
    what they name. Raises ConfigurationError.
    """
    if not text:
        raise ConfigurationError("streams.input_empty")
    if "\0" not in text and _exists(text):
        return _file(text)
    text = expand(text)
    if match := _TEST.match(text):
        return _test(match)
    if match := _DEVICE.match(text):
        return Source(kind="device", name=match["path"], location=match["path"])
    if text.startswith("listen:"):
        return _rtmp(text.removeprefix("listen:"), "push")
    if match := _SCHEME.match(text):
        return _url(text, match[1].lower())
    return _file(text.removeprefix("file:"))


def _file_url(text: str) -> Source:
    """Read ``file:///PATH`` (RFC 8089): percent-encoded, on this machine."""
    host, slash, rest = text.partition("://")[2].partition("/")
    if host.lower() not in ("", "localhost"):
        raise ConfigurationError("streams.input_invalid", params={"input": "file://…"})
    return _file(slash + unquote(rest))


def _exists(text: str) -> bool:
    try:
        return Path(text).exists()
    except OSError:
        return False


def _file(path: str) -> Source:
    if not path:
        raise ConfigurationError("streams.input_empty")
    if "\0" in path:
        raise ConfigurationError("streams.input_invalid", params={"input": shown(path)})
    return Source(kind="file", name=shown(Path(path).name or path), location=str(Path(path).absolute()))


def _test(match: re.Match[str]) -> Source:
    width, height, fps = int(match["width"] or 1280), int(match["height"] or 720), float(match["fps"] or 30)
    fits = all(16 <= side <= _LARGEST_SIDE and side % 2 == 0 for side in (width, height)) and 1 <= fps <= 240
    if not fits:
        raise ConfigurationError("streams.test_size", params={"width": width, "height": height, "fps": fps})
    return Source(kind="test", name="test", width=width, height=height, fps=fps)


def _url(text: str, scheme: str) -> Source:
    if scheme in _RTMP_SCHEMES:
        return _rtmp(text, "pull")
    if scheme == "file":
        return _file_url(text)
    if scheme not in NETWORK_SCHEMES:
        known = ", ".join(sorted(NETWORK_SCHEMES | _RTMP_SCHEMES))
        raise ConfigurationError("streams.unknown_scheme", params={"scheme": scheme, "known": known})
    parts = _split(text)
    secret = bool(parts.username or parts.password or parts.query)
    name = f"{scheme}://{_host(text)}{parts.path}"
    return Source(kind="url", name=shown(name), location=text, has_secret=secret)


def _rtmp(text: str, kind: Literal["pull", "push"]) -> Source:
    match = _SCHEME.match(text)
    if match is None or match[1].lower() not in (_RTMP_SCHEMES if kind == "pull" else {"rtmp"}):
        raise ConfigurationError("streams.listen_form")
    parts = _split(text)
    app = parts.path.strip("/").split("/")[0]
    return Source(kind=kind, name=shown(f"{parts.scheme}://{_host(text)}/{app}"), location=text, has_secret=True)


def _split(text: str) -> SplitResult:
    """Split a URL; raise ConfigurationError for one that no peer could be found by."""
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  reading it checks the number
    except ValueError:
        raise ConfigurationError("streams.input_invalid", params={"input": f"{text.partition(':')[0]}://…"}) from None
    if _CONTROL.search(text) or not (parts.hostname or parts.scheme in ("srt", "udp")):
        raise ConfigurationError("streams.input_invalid", params={"input": f"{parts.scheme}://…"})
    return parts


def _host(text: str) -> str:
    """Return host and port without what stands before an ``@``."""
    return urlsplit(text).netloc.rpartition("@")[2]


def shown(text: str, most: int = 80) -> str:
    """Return ``text`` fit for one line of a terminal: control characters visible, the middle of a long one left out."""
    visible = _CONTROL.sub("�", text)
    visible = visible.encode("utf-8", "replace").decode("utf-8")
    return visible if len(visible) <= most else f"{visible[: most // 2]}…{visible[-most // 2 :]}"
