"""Google's own description of the YouTube API, and whether a request or an answer keeps to it.

The document is the one that google-api-python-client carries.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import googleapiclient


@cache
def document() -> Mapping[str, Any]:
    """Return the document."""
    folder = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
    return json.loads((folder / "youtube.v3.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Call:
    """A request that the document allows."""

    method: Mapping[str, Any]
    query: Mapping[str, Sequence[str]]
    body: Mapping[str, Any]
    content: bytes

    @property
    def name(self) -> str:
        return str(self.method["id"]).removeprefix("youtube.")

    @property
    def parts(self) -> list[str]:
        return [part for value in self.query.get("part", ()) for part in value.split(",")]

    def get(self, name: str) -> str:
        return self.query.get(name, [""])[0]


class Refused(Exception):
    """A request that the document does not allow."""


def _methods(resources: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for resource in resources.values():
        yield from resource.get("methods", {}).values()
        yield from _methods(resource.get("resources", {}))


@cache
def _table() -> Mapping[tuple[str, str], tuple[Mapping[str, Any], bool]]:
    """Return verb and path → method, and whether it is its upload."""
    found: dict[tuple[str, str], tuple[Mapping[str, Any], bool]] = {}
    for method in _methods(document()["resources"]):
        found[method["httpMethod"], "/" + method["path"]] = (method, False)
        if "mediaUpload" in method:
            found[method["httpMethod"], method["mediaUpload"]["protocols"]["simple"]["path"]] = (method, True)
    return found


def read_call(verb: str, target: str, headers: Mapping[str, str], content: bytes) -> Call:
    """Return the call. Raise Refused, with the reason, for what the document does not allow."""
    url = urlsplit(target)
    method, upload = _table().get((verb, url.path)) or _refuse(f"{verb} {url.path}: no such method")
    query = parse_qs(url.query, keep_blank_values=True, strict_parsing=bool(url.query))
    call = Call(method, query, {}, content)
    _check_query(call, upload)
    media_type = headers.get("content-type", "").partition(";")[0]
    if upload:
        accepted = method["mediaUpload"]["accept"]
        _require(media_type in accepted, f"{call.name}: {media_type} is none of {accepted}")
        _require(len(content) <= int(method["mediaUpload"]["maxSize"]), f"{call.name}: too large")
        return call
    if "request" not in method:
        _require(not content, f"{call.name}: takes no body")
        return call
    _require(media_type == "application/json", f"{call.name}: a body of {media_type!r}")
    body = json.loads(content)
    check(method["request"]["$ref"], body, method["id"])
    sections = set(body) - {"id", "kind", "etag"}
    _require(sections <= set(call.parts), f"{call.name}: {sections - set(call.parts)} is not in part")
    if method["id"].endswith((".insert", ".update")):
        _require("id" in body or method["id"].endswith(".insert"), f"{call.name}: no id")
    return Call(method, query, body, content)


def _check_query(call: Call, upload: bool) -> None:
    known = {**document()["parameters"], **call.method["parameters"]}
    for name, values in call.query.items():
        if name == "uploadType":
            _require(upload and values == ["media"], f"{call.name}: uploadType {values}")
            continue
        _require(name in known, f"{call.name}: no parameter {name}")
        _require(len(values) == 1 or known[name].get("repeated"), f"{call.name}: {name} twice")
        for value in values:
            _check_text(f"{call.name}: {name}", known[name], value)
    for name, wanted in call.method["parameters"].items():
        _require(not wanted.get("required") or call.get(name), f"{call.name}: {name} is missing")
    if "part" in call.method["parameters"]:
        _check_parts(call)


def _check_parts(call: Call) -> None:
    reference = call.method.get("response", {}).get("$ref", "")
    properties = document()["schemas"][reference]["properties"]
    if "items" in properties:
        properties = document()["schemas"][properties["items"]["items"]["$ref"]]["properties"]
    known = set(properties) - {"kind", "etag"}
    _require(set(call.parts) <= known, f"{call.name}: part {set(call.parts) - known}")
    _require(len(set(call.parts)) == len(call.parts), f"{call.name}: a part twice")


def _check_text(name: str, wanted: Mapping[str, Any], value: str) -> None:
    if wanted["type"] == "boolean":
        _require(value in ("true", "false"), f"{name}: {value!r} is not boolean")
    if wanted["type"] == "integer":
        _require(value.isdigit(), f"{name}: {value!r} is no number")
        least, most = int(wanted.get("minimum", 0)), int(wanted.get("maximum", 2**32))
        _require(least <= int(value) <= most, f"{name}: {value} is out of range")
    if "enum" in wanted:
        _require(value in wanted["enum"], f"{name}: {value!r} is none of {wanted['enum']}")


def check(schema: str, value: Any, method: str = "") -> None:
    """Raise Refused where ``value`` is no ``schema``; with a method, also for what that one requires."""
    _check_value(schema, {"$ref": schema}, value, method)


def _check_value(name: str, wanted: Mapping[str, Any], value: Any, method: str) -> None:
    if "$ref" in wanted:
        _check_object(name, document()["schemas"][wanted["$ref"]], value, method)
        return
    kind = wanted["type"]
    if kind == "array":
        _require(isinstance(value, list), f"{name}: no list")
        for item in value:
            _check_value(f"{name}[]", wanted["items"], item, method)
    elif kind == "object":
        _require(isinstance(value, dict), f"{name}: no object")
    elif kind == "boolean":
        _require(isinstance(value, bool), f"{name}: {value!r} is not boolean")
    elif kind == "integer":
        _require(isinstance(value, int) and not isinstance(value, bool), f"{name}: {value!r} is no number")
    else:
        _check_string(name, wanted, value)


def _check_string(name: str, wanted: Mapping[str, Any], value: Any) -> None:
    _require(isinstance(value, str), f"{name}: {value!r} is no text")
    if wanted.get("format") in ("date-time", "google-datetime"):
        _require(value[-1:] == "Z" or value[-6:-5] in "+-", f"{name}: {value!r} has no zone")
        datetime.fromisoformat(value)
    if wanted.get("format") in ("uint64", "int64"):
        _require(value.isdigit(), f"{name}: {value!r} is no number")
    if "enum" in wanted:
        _require(value in wanted["enum"], f"{name}: {value!r} is none of {wanted['enum']}")


def _check_object(name: str, schema: Mapping[str, Any], value: Any, method: str) -> None:
    _require(isinstance(value, dict), f"{name}: no object")
    for key, wanted in schema["properties"].items():
        required = method in wanted.get("annotations", {}).get("required", ()) and not wanted.get("deprecated")
        _require(not required or key in value, f"{name}.{key} is missing")
    for key, item in value.items():
        _require(key in schema["properties"], f"{name}.{key} is unknown")
        _check_value(f"{name}.{key}", schema["properties"][key], item, method)


def _require(holds: object, reason: str) -> None:
    if not holds:
        raise Refused(reason)


def _refuse(reason: str) -> Any:
    raise Refused(reason)
