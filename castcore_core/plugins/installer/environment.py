"""Where plugins are installed to, and whether that may be done."""

from __future__ import annotations

import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from castcore_sdk import ConfigurationError

ROOTS = ("castcore", "castcore-sdk")
"""The distributions that every plugin lives beside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The Python that CastCore runs in. ``prefix`` differs from ``base_prefix`` in a virtual environment."""

    prefix: Path
    base_prefix: Path
    packages: Path
    python: Path

    @classmethod
    def here(cls) -> Environment:
        """Return that of this process."""
        return cls(
            prefix=Path(sys.prefix),
            base_prefix=Path(sys.base_prefix),
            packages=Path(sysconfig.get_path("purelib")),
            python=Path(sys.executable),
        )

    def require_changeable(self) -> None:
        """Raise ConfigurationError where nothing may be installed.

        Codes: ``plugins.not_in_venv``, ``plugins.install_readonly`` (as in a container), ``plugins.pip_missing``.
        """
        if self.prefix == self.base_prefix:
            raise ConfigurationError("plugins.not_in_venv", params={"python": str(self.python)})
        try:
            with tempfile.TemporaryFile(dir=self.packages):
                pass
        except OSError:
            raise ConfigurationError("plugins.install_readonly", params={"path": str(self.packages)}) from None
        if find_spec("pip") is None:
            raise ConfigurationError("plugins.pip_missing", params={"python": str(self.python)})


def installed() -> dict[str, Distribution]:
    """Return what can be imported now, by canonical name; the first on the path counts."""
    found: dict[str, Distribution] = {}
    for each in distributions():
        for name in each.metadata.get_all("Name") or ():
            found.setdefault(canonicalize_name(name), each)
    return found


def needs(each: Distribution) -> Iterator[Requirement]:
    """Yield the requirements of a distribution that apply here, without extras."""
    for line in each.requires or ():
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue  # pip's business; it would have refused to install it
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement


def pins() -> Mapping[str, str]:
    """Return name → version of everything the core imports, itself included: its requirements and theirs."""
    found: dict[str, str] = {}
    waiting = list(ROOTS)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        try:
            each = distribution(name)
        except PackageNotFoundError:
            continue  # for another platform
        found[name] = each.version
        waiting += [requirement.name for requirement in needs(each)]
    return dict(sorted(found.items()))
