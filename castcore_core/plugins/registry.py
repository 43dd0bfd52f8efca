"""What the loaded plugins offer, by kind and id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Generic, TypeVar, cast

from castcore_core.plugins.contract import Contribution
from castcore_core.plugins.offer import Kind, Offer
from castcore_core.plugins.state import Reason
from castcore_sdk import Destination, EncoderProfile, IngestSource, Notifier, Page, Placement, StorageBackend

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Registered(Generic[T_co]):
    """A class (or page) and the plugin that registered it."""

    plugin: str
    id: str
    item: T_co


class Claims:
    """Which plugin has which ids and URL schemes; the first to come keeps them."""

    def __init__(self) -> None:
        self._ids: dict[tuple[Kind, str], str] = {}
        self._schemes: dict[str, str] = {}

    def conflict(self, plugin: str, offers: Iterable[Offer]) -> Reason | None:
        """Return why ``plugin`` cannot have ``offers``, None where it can."""
        schemes: set[str] = set()
        for offer in offers:
            key = _key(plugin, offer)
            if key in self._ids:
                params = {"kind": offer.kind.value, "id": offer.id, "owner": self._ids[key]}
                return Reason("plugins.extension_id_taken", params)
            for scheme in offer.schemes:
                if scheme in self._schemes or scheme in schemes:
                    owner = self._schemes.get(scheme, plugin)
                    return Reason("plugins.scheme_taken", {"scheme": scheme, "owner": owner})
            schemes.update(offer.schemes)
        return None

    def take(self, plugin: str, offers: Iterable[Offer]) -> None:
        """Note the ids and schemes of ``plugin``."""
        for offer in offers:
            self._ids[_key(plugin, offer)] = plugin
            self._schemes.update(dict.fromkeys(offer.schemes, plugin))

    def release(self, plugin: str) -> None:
        """Free what ``plugin`` had."""
        self._ids = {key: owner for key, owner in self._ids.items() if owner != plugin}
        self._schemes = {scheme: owner for scheme, owner in self._schemes.items() if owner != plugin}


class Registry:
    """The registered classes and pages. The mappings are live and cannot be written."""

    def __init__(self) -> None:
        self.claims = Claims()
        self._items: dict[Kind, dict[str, Registered[Any]]] = {kind: {} for kind in Kind}
        self._schemes: dict[str, Registered[type[Destination[Any]]]] = {}

    @property
    def destinations(self) -> Mapping[str, Registered[type[Destination[Any]]]]:
        """Return the destinations by id."""
        return self.of(Kind.DESTINATION)

    @property
    def encoder_profiles(self) -> Mapping[str, Registered[type[EncoderProfile[Any]]]]:
        """Return the encoder profiles by id."""
        return self.of(Kind.ENCODER_PROFILE)

    @property
    def storage_backends(self) -> Mapping[str, Registered[type[StorageBackend[Any]]]]:
        """Return the storage backends by id."""
        return self.of(Kind.STORAGE_BACKEND)

    @property
    def notifiers(self) -> Mapping[str, Registered[type[Notifier[Any]]]]:
        """Return the notifiers by id."""
        return self.of(Kind.NOTIFIER)

    @property
    def ingest_sources(self) -> Mapping[str, Registered[type[IngestSource[Any]]]]:
        """Return the ingest sources by id."""
        return self.of(Kind.INGEST_SOURCE)

    @property
    def placements(self) -> Mapping[str, Registered[type[Placement[Any]]]]:
        """Return the placements by id."""
        return self.of(Kind.PLACEMENT)

    @property
    def pages(self) -> Mapping[str, Registered[Page]]:
        """Return the pages by ``PLUGIN/path``."""
        return self.of(Kind.PAGE)

    def of(self, kind: Kind) -> Mapping[str, Registered[Any]]:
        """Return everything of one kind by id."""
        return MappingProxyType(self._items[kind])

    def destination_for_scheme(self, scheme: str) -> Registered[type[Destination[Any]]] | None:
        """Return the destination that takes URLs of ``scheme`` (without the colon), None where there is none."""
        return self._schemes.get(scheme.lower())

    def add(self, plugin: str, contributions: Iterable[Contribution]) -> Reason | None:
        """Register everything, or nothing and return why."""
        contributions = tuple(contributions)
        offers = [contribution.offer for contribution in contributions]
        if conflict := self.claims.conflict(plugin, offers):
            return conflict
        self.claims.take(plugin, offers)
        for contribution in contributions:
            offer = contribution.offer
            registered = Registered(plugin, offer.id, contribution.item)
            self._items[offer.kind][_key(plugin, offer)[1]] = registered
            self._schemes.update(dict.fromkeys(offer.schemes, cast("Registered[type[Destination[Any]]]", registered)))
        return None

    def remove(self, plugin: str) -> None:
        """Take out everything of ``plugin``."""
        self.claims.release(plugin)
        for items in (*self._items.values(), self._schemes):
            for key in [key for key, registered in items.items() if registered.plugin == plugin]:
                del items[key]


def _key(plugin: str, offer: Offer) -> tuple[Kind, str]:
    """Pages live below their plugin's own path; all other ids are shared."""
    name = f"{plugin}/{offer.id.lstrip('/')}" if offer.kind is Kind.PAGE else offer.id
    return offer.kind, name
