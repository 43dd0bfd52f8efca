"""Write the tree of a new plugin, whose tests pass at once."""

from __future__ import annotations

import json
import keyword
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import castcore_sdk
from castcore_core.i18n import catalogue
from castcore_core.plugins.discovery import discover
from castcore_core.plugins.offer import BUILTIN, is_plugin_id
from castcore_sdk import ConfigurationError

TEMPLATES = Path(__file__).with_name("template")
LICENCES = {"Apache-2.0": "Apache-2.0", "MIT": "MIT", "BSD-3-Clause": "BSD-3-Clause", "none": "LicenseRef-Proprietary"}
"""What may be chosen, and its expression in the metadata."""
LONGEST = 20
"""Characters of a new plugin's id: it is part of names and lines."""
_PREFIX = "castcore-"
_PACKAGES = frozenset({"core", "sdk", "webui"})
_OURS = frozenset({"apprise", "nfs", "nvenc", "qsv", "s3", "smb", "twitch", "vaapi", "youtube"})
"""Plugins that come with CastCore, whether installed or not."""
_ADDRESSES = frozenset({"install", "installation", "rescan"})
"""Paths below ``/plugins`` that the API has for itself."""
_AUTHOR = re.compile(r"[^\x00-\x1f\x7f<>{}]{1,100}")


@dataclass(frozen=True, slots=True)
class Shape:
    """What is particular about plugins of one kind."""

    base: str
    hook: str
    suffix: str
    summary: str
    settings: Mapping[str, str]


SHAPES: Mapping[str, Shape] = {
    "destination": Shape(
        "Destination",
        "castcore_register_destinations",
        "Destination",
        "Streams to {title}.",
        {"server": "address without the key", "stream_key": "key of your channel"},
    ),
    "storage": Shape(
        "StorageBackend",
        "castcore_register_storage_backends",
        "Storage",
        "Plays the media of {title}.",
        {"root": "folder that holds the files"},
    ),
    "notifier": Shape(
        "Notifier",
        "castcore_register_notifiers",
        "Notifier",
        "Sends notifications to {title}.",
        {"server": "address of the service", "room": "room that gets the messages", "token": "token that may write"},
    ),
    "encoder": Shape(
        "EncoderProfile",
        "castcore_register_encoder_profiles",
        "H264",
        "Encodes with {title}.",
        {"threads": "threads it may use; 0 leaves the choice to it"},
    ),
    "source": Shape(
        "IngestSource",
        "castcore_register_ingest_sources",
        "Source",
        "Plays live channels of {title}.",
        {"api": "address of the service", "token": "token of your account"},
    ),
    "placement": Shape(
        "Placement",
        "castcore_register_placements",
        "Placement",
        "Runs jobs on a machine of {title}.",
        {"host": "name or address of the machine", "port": "port of its agent", "token": "what the agent asks for"},
    ),
    "page": Shape("Page", "castcore_register_pages", "Page", "Adds a page to CastCore's web interface.", {}),
}
"""The kinds of plugins that ``castcore plugin new`` knows."""


@dataclass(frozen=True, slots=True)
class Written:
    """A tree that was written."""

    folder: Path
    files: tuple[Path, ...]
    plugin: str


def reserved_ids() -> frozenset[str]:
    """Return ids that no plugin of others should have: packages of ours, and namespaces of the core's codes."""
    return frozenset({BUILTIN, *_PACKAGES, *_ADDRESSES, *(code.partition(".")[0] for code in catalogue("en"))})


def plugin_id(name: str) -> str:
    """Return the plugin id that ``name`` stands for, with or without ``castcore-``. Raises ConfigurationError."""
    found = name.removeprefix(_PREFIX)
    if not is_plugin_id(found) or len(found) > LONGEST:
        raise ConfigurationError("plugins.new_name", params={"name": name[:80], "longest": LONGEST})
    if found in reserved_ids():
        raise ConfigurationError("plugins.id_reserved", params={"id": found})
    return found


def write_plugin(
    name: str, kind: str, *, folder: Path | None = None, licence: str = "Apache-2.0", author: str = ""
) -> Written:
    """Write a plugin into ``folder`` (``castcore-NAME`` here where None), all of it or nothing.

    Raises ConfigurationError ``plugins.new_name``, ``plugins.id_reserved``, ``plugins.new_taken``,
    ``plugins.new_kind``, ``plugins.new_licence``, ``plugins.new_author``, ``plugins.new_folder`` (it exists) or
    ``plugins.new_unwritable``.
    """
    plugin = plugin_id(name)
    if kind not in SHAPES:
        raise ConfigurationError("plugins.new_kind", params={"kind": kind[:40], "known": ", ".join(SHAPES)})
    if licence not in LICENCES:
        params = {"licence": licence[:40], "known": ", ".join(LICENCES)}
        raise ConfigurationError("plugins.new_licence", params=params)
    if author and not _AUTHOR.fullmatch(author):
        raise ConfigurationError("plugins.new_author")
    for manifest in discover(installed_sdk=castcore_sdk.__version__):
        if manifest.id == plugin:
            raise ConfigurationError("plugins.new_taken", params={"id": plugin, "owner": manifest.distribution})
    if plugin in _OURS:
        raise ConfigurationError("plugins.id_reserved", params={"id": plugin})
    target = (folder or Path(f"{_PREFIX}{plugin}")).absolute()
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise ConfigurationError("plugins.new_folder", params={"path": str(target)[:300]})
    return Written(target, _placed(target, dict(_rendered(plugin, kind, licence, author))), plugin)


def _placed(target: Path, files: Mapping[Path, str]) -> tuple[Path, ...]:
    """Write beside the target and put it into place in one step."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".castcore-new-") as made:
            tree = Path(made) / "tree"
            for path, text in files.items():
                (tree / path).parent.mkdir(parents=True, exist_ok=True)
                (tree / path).write_text(text, encoding="utf-8")
            tree.rename(target)
    except OSError as error:
        params = {"path": str(target)[:300], "reason": error.strerror or type(error).__name__}
        raise ConfigurationError("plugins.new_unwritable", params=params) from None
    return tuple(sorted(files))


def _rendered(plugin: str, kind: str, licence: str, author: str) -> Iterator[tuple[Path, str]]:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(  # noqa: S701  Python and TOML, not HTML; every value is checked
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    values = _values(plugin, kind, licence, author)
    for folder in ("common", kind):
        for file in sorted((TEMPLATES / folder).rglob("*.j2")):
            path = file.relative_to(TEMPLATES / folder)
            yield _path(path, values["package"]), _text(environment, path, file, values)
    yield Path("LICENSE"), environment.get_template(f"licence/{licence}.j2").render(values)


def _text(environment: Any, path: Path, file: Path, values: Mapping[str, Any]) -> str:
    text = str(environment.get_template(file.relative_to(TEMPLATES).as_posix()).render(values))
    if path.parent.name != "locales":
        return text
    return json.dumps(dict(sorted(json.loads(text).items())), ensure_ascii=False, indent=2) + "\n"


def _path(path: Path, package: str) -> Path:
    parts = [package if part == "PACKAGE" else part for part in path.with_suffix("").parts]
    return Path(*(".gitignore" if part == "gitignore" else part for part in parts))


def _values(plugin: str, kind: str, licence: str, author: str) -> dict[str, Any]:
    shape = SHAPES[kind]
    words = re.split(r"[-_]", plugin)
    name = "".join(word.title() for word in words)
    class_name = f"{name}{shape.suffix}"
    if class_name in castcore_sdk.__all__ or keyword.iskeyword(class_name):
        name, class_name = f"My{name}", f"My{class_name}"
    title = " ".join(word.title() for word in words)
    return {
        "id": plugin,
        "kind": kind,
        "title": title,
        "name": name,
        "class": class_name,
        "base": shape.base,
        "hook": shape.hook,
        "module": kind,
        "summary": shape.summary.format(title=title),
        "settings": shape.settings,
        "distribution": f"{_PREFIX}{plugin}",
        "package": f"{_PREFIX}{plugin}".replace("-", "_"),
        "sdk": int(castcore_sdk.__version__.partition(".")[0]),
        "licence_expression": LICENCES[licence],
        "author": author or f"the authors of {_PREFIX}{plugin}",
        "year": datetime.now(UTC).year,
    }
