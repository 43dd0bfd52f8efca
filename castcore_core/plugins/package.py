"""The files of the installed plugins: where they are, whose a file is, and the texts in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from castcore_core.plugins import catalogue
from castcore_core.plugins.discovery import Manifest
from castcore_core.plugins.fingerprint import code_folder
from castcore_sdk import NotFoundError


class Packages:
    """The package (or module) of every plugin on ``path`` (``sys.path`` where None) whose metadata are sound."""

    def __init__(self, path: Sequence[str] | None) -> None:
        self._path = path
        self._folders: dict[str, Path] = {}
        self._texts: dict[str, Mapping[str, Mapping[str, str]]] = {}

    def take(self, manifests: Iterable[Manifest]) -> None:
        """Take over what is installed now; texts are read anew."""
        found = ((each.id, code_folder(each.module, self._path)) for each in manifests if each.refusal is None)
        self._folders = {plugin: folder for plugin, folder in found if folder}
        self._texts = {}

    def folder(self, plugin: str) -> Path:
        """Return where a plugin's code is. Raises NotFoundError ``plugins.unknown``."""
        if plugin not in self._folders:
            raise NotFoundError("plugins.unknown", params={"plugin": plugin[:80]})
        return self._folders[plugin]

    def owner(self, file: str) -> str | None:
        """Return the plugin that a source file belongs to."""
        for plugin, folder in self._folders.items():
            if file == str(folder) or file.startswith(f"{folder}/"):
                return plugin
        return None

    def texts(self, language: str) -> Mapping[str, Mapping[str, str]]:
        """Return the texts of all, for `castcore_core.i18n.translate`; read once."""
        if language not in self._texts:
            self._texts[language] = catalogue.merged(self._folders.items(), language)
        return self._texts[language]
