"""Where a stream goes: RTMP addresses with the stream key kept apart."""

from __future__ import annotations

import urllib.parse
from dataclasses import dataclass

from castcore_core.rtmp.error import SetupError

_PORTS = {"rtmp": 1935, "rtmps": 443}
_LONGEST = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One RTMP application on one server, and what is needed to get in. Its repr shows no secret."""

    host: str
    """Name or address; IPv6 without brackets."""
    port: int
    app: str
    """May have several segments and a query: ``live/instance?vhost=example``."""
    tls: bool = False
    stream_key: str = ""
    """The publish (or play) name, query included."""
    username: str | None = None
    password: str | None = None
    ca_file: str | None = None
    """PEM file of the authorities to trust; None: the system's."""
    verify: bool = True

    @classmethod
    def parse(
        cls,
        url: str,
        *,
        stream_key: str | None = None,
        username: str | None = None,
        password: str | None = None,
        ca_file: str | None = None,
        verify: bool = True,
    ) -> Endpoint:
        """Read ``rtmp[s]://[user:password@]host[:port]/app[/key]``.

        With ``stream_key`` given (also empty) the whole path is the application; with None its last segment
        is the key. Raise SetupError ``rtmp.address_invalid``, whose text never holds the address.
        """
        parts, host, port = _split(url)
        rest = url.split("://", 1)[1].partition("/")[2]
        if stream_key is None:
            app, stream_key = _split_key(rest)
        else:
            app = rest.rstrip("/")
        if not app:
            raise _invalid("no application after the host, as in rtmp://host/app")
        if _has_controls(stream_key):
            raise _invalid("control characters in the stream key")
        return cls(
            host=host,
            port=port,
            app=app,
            tls=parts.scheme == "rtmps",
            stream_key=stream_key,
            username=username or _unquoted(parts.username),
            password=password or _unquoted(parts.password),
            ca_file=ca_file,
            verify=verify,
        )

    @property
    def scheme(self) -> str:
        """``rtmp`` or ``rtmps``."""
        return "rtmps" if self.tls else "rtmp"

    @property
    def peer(self) -> str:
        """``host:port`` for people, IPv6 in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The address without key and credentials; the port is left out where it is the scheme's own."""
        peer = self.peer
        if self.port == _PORTS[self.scheme]:
            peer = peer.removesuffix(f":{self.port}")
        return f"{self.scheme}://{peer}/{self.app}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every value that may stand in no text: key, password, and the values of the application's query."""
        query = self.app.partition("?")[2]
        values = (pair.partition("=")[2] for pair in query.split("&"))
        return tuple(value for value in (self.stream_key, self.password, *values) if value)

    def __repr__(self) -> str:
        app = self.app.partition("?")[0]
        return f"Endpoint({self.scheme}://{self.peer}/{app}, stream_key={'•••' if self.stream_key else 'none'})"


def _split(url: str) -> tuple[urllib.parse.SplitResult, str, int]:
    if len(url) > _LONGEST:
        raise _invalid(f"longer than {_LONGEST} characters")
    if _has_controls(url) or " " in url:
        raise _invalid("blanks or control characters")
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
    except ValueError:
        raise _invalid("host or port cannot be read") from None
    if parts.scheme not in _PORTS:
        raise _invalid("it has to start with rtmp:// or rtmps://")
    if not parts.hostname:
        raise _invalid("no host")
    if port == 0:
        raise _invalid("port 0")
    return parts, parts.hostname, port or _PORTS[parts.scheme]


def _split_key(rest: str) -> tuple[str, str]:
    """Split ``app/…/key?query``; a query before the last segment (``app?a=b/key``) belongs to the application."""
    path, mark, query = rest.partition("?")
    app, slash, key = path.rstrip("/").rpartition("/")
    if slash:
        return app, key + mark + query
    before, slash, key = query.rpartition("/")
    return (f"{path}?{before}", key) if slash else (path.rstrip("/") + mark + query, "")


def _unquoted(value: str | None) -> str | None:
    return urllib.parse.unquote(value) if value else None


def _has_controls(text: str) -> bool:
    return any(ord(char) < 32 or ord(char) == 127 for char in text)


def _invalid(detail: str) -> SetupError:
    return SetupError("rtmp.address_invalid", detail=detail)
