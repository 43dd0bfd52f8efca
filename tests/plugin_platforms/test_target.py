"""``castcore run --to youtube:KEY`` and ``twitch:KEY``: which destination takes it, and where the key goes."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from castcore_core.plugins.contract import Contribution
from castcore_core.plugins.host import HostSettings, PluginHost
from castcore_core.plugins.offer import Kind, Offer
from castcore_core.streams.target import parse_targets

KEY = "canary-abcd-efgh-ijkl"


@pytest.fixture(params=["youtube", "twitch"])
def scheme(request: pytest.FixtureRequest) -> str:
    """Name a platform."""
    return str(request.param)


@pytest.fixture
def host(tmp_path: Path, scheme: str) -> PluginHost:
    """Give a host that has the plugin, and nothing else of what is installed."""
    module = import_module(f"castcore_{scheme}.plugin")
    (kind,) = module.castcore_register_destinations()
    host = PluginHost(tmp_path / "data", tmp_path / "cache", path=[], settings=HostSettings(watch=False))
    offer = Offer(Kind.DESTINATION, kind.id, tuple(kind.url_schemes))
    assert host.registry.add(scheme, [Contribution(offer, kind)]) is None
    return host


def test_a_key_behind_the_scheme(host: PluginHost, scheme: str) -> None:
    (target,) = parse_targets([f"{scheme}:{KEY}"], host)
    assert (target.destination.id, target.config, target.key_in_sight) == (scheme, {"stream_key": KEY}, True)
    assert KEY not in repr(target)


def test_a_key_from_the_environment(host: PluginHost, scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_KEY", KEY)
    (target,) = parse_targets([scheme + ":{env:THE_KEY}"], host)
    assert (target.config, target.key_in_sight) == ({"stream_key": KEY}, False)


def test_a_key_from_a_list(host: PluginHost, scheme: str) -> None:
    (target,) = parse_targets([f"{scheme}:"], host, keys=[KEY])
    assert (target.config, target.key_in_sight) == ({"stream_key": KEY}, False)
