"""The figures in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from castcore_core import __version__
from castcore_core.core import Core
from castcore_core.monitoring.sample import Figures, Sampler
from castcore_core.monitoring.source import MetricSources


class _Machine(Collector):
    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("castcore_build", "This version of CastCore.", value={"version": __version__})
        for name, value in self._figures.model_dump().items():
            yield GaugeMetricFamily(
                f"castcore_{name}", Figures.model_fields[name].description or name.replace("_", " "), value=value
            )


async def render(core: Core) -> bytes:
    """Return everything that is known of machine, server and features."""
    machine = CollectorRegistry(auto_describe=False)
    machine.register(_Machine(await core.get(Sampler).figures()))
    return generate_latest(machine) + core.get(MetricSources).render()
