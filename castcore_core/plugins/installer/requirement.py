"""What somebody wants to have installed: a name with a range of versions, or a wheel or folder of this machine."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from castcore_sdk import ConfigurationError

_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Wanted:
    """One requirement; ``argument`` is what pip gets, and can be nothing but a requirement."""

    name: str
    argument: str

    @classmethod
    def parse(cls, text: str, *, local: bool) -> Wanted:
        """Read ``NAME``, ``NAME[EXTRA]``, ``NAME>=1,<2`` or, where ``local``, the path of a wheel or a source folder.

        Addresses, options and markers are refused: which index is asked is pip's configuration, not a request's.
        Raises ConfigurationError ``plugins.requirement_invalid``, ``plugins.target_missing`` or ``target_unreadable``.
        """
        if not text.isprintable() or not text.strip() or len(text) > _LONGEST or text.startswith("-"):
            raise _invalid(text)
        if local and "@" not in text and "://" not in text and ("/" in text or text.endswith(".whl") or text == "."):
            return cls._of_path(Path(text).absolute())
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            raise _invalid(text) from None
        if requirement.url is not None or requirement.marker is not None:
            raise _invalid(text)
        return cls(canonicalize_name(requirement.name), str(requirement))

    def renamed(self, name: str) -> Wanted:
        """Return the same requirement of another distribution."""
        requirement = Requirement(self.argument)
        requirement.name = name
        return Wanted(canonicalize_name(name), str(requirement))

    @classmethod
    def _of_path(cls, path: Path) -> Wanted:
        if not path.exists():
            raise ConfigurationError("plugins.target_missing", params={"target": str(path)[:_LONGEST]})
        try:
            if path.suffix == ".whl" and path.is_file():
                name: str = parse_wheel_filename(path.name)[0]
            else:
                name = tomllib.loads((path / "pyproject.toml").read_text("utf-8"))["project"]["name"]
                name = canonicalize_name(Requirement(name).name)
        except (OSError, KeyError, TypeError, ValueError, InvalidWheelFilename, InvalidRequirement):
            raise ConfigurationError("plugins.target_unreadable", params={"target": str(path)[:_LONGEST]}) from None
        return cls(name, f"{name} @ {path.as_uri()}")


def _invalid(text: str) -> ConfigurationError:
    shown = "".join(character if character.isprintable() else "�" for character in text[:80])
    return ConfigurationError("plugins.requirement_invalid", params={"requirement": shown})
