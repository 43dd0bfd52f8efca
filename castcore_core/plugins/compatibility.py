"""Whether a plugin's metadata allow it to run here, judged before anything of it is imported."""

from __future__ import annotations

import platform
from collections.abc import Iterable

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from castcore_core.plugins.state import PluginState, Reason, Refusal

SDK = "castcore-sdk"


def sdk_range(requires: Iterable[str]) -> str | None:
    """Return the range of castcore-sdk that the ``Requires-Dist`` lines ask for, None where they do not name it.

    Raises InvalidRequirement for a line that names the SDK and cannot be read; other lines are pip's business.
    """
    found: list[SpecifierSet] = []
    for line in requires:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            if canonicalize_name(line.strip()[: len(SDK)]) == SDK:
                raise
            continue
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if canonicalize_name(requirement.name) == SDK and applies:
            found.append(requirement.specifier)
    if not found:
        return None
    return str(SpecifierSet(",".join(str(specifier) for specifier in found if str(specifier))))


def refusal(sdk: str | None, python: str, *, installed_sdk: str) -> Refusal | None:
    """Return why the ranges rule this process out, None where they allow it."""
    if sdk is None:
        return Refusal(PluginState.INCOMPATIBLE, Reason("plugins.sdk_not_required", {"required": SDK}))
    try:
        if not SpecifierSet(sdk).contains(Version(installed_sdk), prereleases=True):
            params = {"required": sdk, "installed": installed_sdk}
            return Refusal(PluginState.INCOMPATIBLE, Reason("plugins.sdk_incompatible", params))
        if not SpecifierSet(python).contains(platform.python_version(), prereleases=True):
            params = {"required": python, "installed": platform.python_version()}
            return Refusal(PluginState.INCOMPATIBLE, Reason("plugins.python_incompatible", params))
    except (InvalidSpecifier, InvalidVersion) as error:
        return Refusal(PluginState.FAILED, Reason("plugins.metadata_invalid", {"field": "Requires"}, str(error)))
    return None
