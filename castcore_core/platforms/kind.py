"""The types of platforms: destinations that can work on behalf of an account, or that tell and take more than media."""

from __future__ import annotations

from castcore_core.destinations.kind import ABILITIES
from castcore_core.destinations.kind import Kind as Platform
from castcore_core.plugins.host import PluginHost
from castcore_sdk import ConfigurationError, OAuthProvider, SupportsOAuth

__all__ = ["Platform", "abilities_of", "platform_of", "platforms_of", "provider_of"]


def abilities_of(platform: Platform) -> list[str]:
    """Return what a type can do."""
    found = [name for name, ability in ABILITIES.items() if issubclass(platform.item, ability)]
    provider: OAuthProvider | None = getattr(platform.item, "oauth_provider", None)
    return [*found, "device"] if "oauth" in found and provider and provider.device_url else found


def platforms_of(host: PluginHost) -> list[Platform]:
    """Return every type that can do something, by id."""
    return [each for _, each in sorted(host.registry.destinations.items()) if abilities_of(each)]


def platform_of(host: PluginHost, type_id: str) -> Platform:
    """Return a type that accounts can be connected to.

    Raises ConfigurationError ``extensions.type_unknown`` or ``platforms.no_accounts``.
    """
    found = host.registry.destinations.get(type_id)
    if found is None:
        raise ConfigurationError("extensions.type_unknown", field="type", params={"type": type_id})
    if not issubclass(found.item, SupportsOAuth):
        raise ConfigurationError("platforms.no_accounts", field="type", params={"type": type_id})
    return found


def provider_of(host: PluginHost, type_id: str) -> OAuthProvider:
    """Return where a type's tokens come from. Raises as :func:`platform_of`."""
    provider: OAuthProvider = platform_of(host, type_id).item.oauth_provider  # type: ignore[attr-defined]
    return provider
