"""A job's source: kept with its secret apart, shown without it, and handed to the planner with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import TypeAdapter

from castcore_core.error import UnavailableError
from castcore_core.secrets import KeyRing, mask, mask_url, scrubber
from castcore_core.streams.definition import (
    DeviceInput,
    FileInput,
    IngestInput,
    Input,
    MediaItemInput,
    PatternInput,
    StorageInput,
    UrlInput,
    dump,
)
from castcore_core.streams.models import StreamJob
from castcore_core.streams.source import Source, parse_source, shown
from castcore_sdk import ConfigurationError

APP = "live"
"""RTMP application of every ingest."""
_SECRET = {"url": "url", "ingest": "key"}
"""Kind → the field that is kept locked."""
_reader: TypeAdapter[Input] = TypeAdapter(Input)


def store_input(ring: KeyRing, job_id: UUID, value: Input) -> tuple[dict[str, Any], str | None]:
    """Return what is kept of a source: without its secret, and this locked."""
    public = dump(value)
    field = _SECRET.get(value.kind)
    secret = getattr(value, field).get_secret_value() if field and getattr(value, field) else None
    if field:
        public.pop(field, None)
    if secret is None:
        return public, None
    remember(value.kind, secret)
    return public, ring.lock(secret, _place(job_id))


def read_input(ring: KeyRing, job: StreamJob) -> Input:
    """Return the whole source. Raises PermanentError ``secrets.unreadable``."""
    return _reader.validate_python(whole_input(ring, job.id, job.source, job.source_secret))


def whole_input(ring: KeyRing, job_id: UUID, public: dict[str, Any], locked: str | None) -> dict[str, Any]:
    """Return the source with its secret, as data."""
    if locked is None:
        return public
    secret = ring.unlock(locked, _place(job_id), remember=False)
    remember(public["kind"], secret)
    return {**public, _SECRET[public["kind"]]: secret}


def shown_input(ring: KeyRing, job_id: UUID, public: dict[str, Any], locked: str | None) -> dict[str, Any]:
    """Return the source as users see it."""
    whole = whole_input(ring, job_id, public, locked)
    if "url" in whole:
        whole = whole | {"url": shown_url(whole["url"])}
    if whole.get("key"):
        whole = whole | {"key": mask(whole["key"])}
    return whole


def source_of(value: Input) -> Source:
    """Return the source as the planner takes it.

    Raises ConfigurationError for an address that is none, UnavailableError for kinds of later versions.
    """
    match value:
        case FileInput():
            return Source(kind="file", name=shown(Path(value.path).name), location=value.path)
        case StorageInput():
            # Where it lies is found out when it is used: see ``resolution.py``.
            return Source(kind="stored", name=shown(value.path.rpartition("/")[2]))
        case MediaItemInput():
            return Source(kind="stored", name="media")
        case UrlInput():
            return _network(value.url.get_secret_value())
        case IngestInput():
            key = value.key.get_secret_value() if value.key else ""
            return parse_source(f"listen:rtmp://{_host(value.host)}:{value.port}/{APP}/{key}")
        case DeviceInput():
            return Source(kind="device", name=value.device, location=value.device)
        case PatternInput():
            return Source(kind="test", name="test", width=value.width, height=value.height, fps=value.fps)
        case _:
            raise UnavailableError("feature.not_available", params={"feature": value.kind})


def _network(url: str) -> Source:
    source = parse_source(url)
    if source.kind not in ("url", "pull"):
        # What is typed into a terminal may name a file; here files have a kind, and rules, of their own.
        raise ConfigurationError("streams.address_invalid", field="source.url")
    return source


def shown_url(url: str) -> str:
    """Return an address without what may be secret in it; of RTMP the last part of the path is the key."""
    shown_form = mask_url(url)
    try:
        parts = urlsplit(url)
    except ValueError:
        return shown_form
    head, slash, key = parts.path.rpartition("/")
    if parts.scheme.lower() in ("rtmp", "rtmps") and head.strip("/") and slash:
        return mask_url(parts._replace(path=head, query="").geturl()) + "/" + mask(key)
    return shown_form


def remember(kind: str, secret: str) -> None:
    """Let the scrubber know what is secret in a source."""
    scrubber.add(secret)
    if kind != "url":
        return
    try:
        parts = urlsplit(secret)
    except ValueError:
        return
    if parts.password:
        scrubber.add(parts.password)
    for pair in parts.query.split("&"):
        scrubber.add(pair.partition("=")[2])
    if parts.scheme.lower() in ("rtmp", "rtmps"):
        scrubber.add(parts.path.rpartition("/")[2])


def _host(host: str | None) -> str:
    text = host or "127.0.0.1"
    return f"[{text}]" if ":" in text else text


def _place(job_id: UUID) -> str:
    return f"stream_job/{job_id}/source"
