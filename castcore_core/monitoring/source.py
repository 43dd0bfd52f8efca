"""Where features put their own Prometheus metrics."""

from __future__ import annotations

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector


class MetricSources:
    """Collectors of the features; each yields metric families from memory, without waiting for anything."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry(auto_describe=False)

    def add(self, collector: Collector) -> None:
        """Ask ``collector`` at every scrape from now on."""
        self._registry.register(collector)

    def render(self) -> bytes:
        """Return the text of all collectors."""
        return generate_latest(self._registry)
