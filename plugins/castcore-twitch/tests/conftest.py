"""The double, and a destination that reaches it."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from twitch_double import Twitch, twitch

from castcore_twitch.destination import TwitchDestination
from castcore_twitch.ingest import GLOBAL


@pytest.fixture
def near() -> Iterator[str]:
    """Give the address of a server that is very near."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"rtmp://127.0.0.1:{listening.getsockname()[1]}/app"


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch, near: str) -> Iterator[Twitch]:
    """Give a Twitch on loopback that the plugin reaches."""
    with twitch() as double:
        monkeypatch.setattr(TwitchDestination, "api_url", double.url)
        monkeypatch.setattr(TwitchDestination, "validate_url", f"{double.url}/oauth2/validate")
        monkeypatch.setattr(TwitchDestination, "ingests_url", f"{double.url}/ingests")
        monkeypatch.setattr(TwitchDestination, "ingest_hosts", ("127.0.0.1",))
        for protocol in ("rtmp", "rtmps"):
            monkeypatch.setitem(GLOBAL, protocol, f"{protocol}://127.0.0.1:1/app")
        double.add_ingest("EU: Zurich", near)
        double.add_ingest("EU: Zurich (TLS)", near.replace("rtmp:", "rtmps:"), secure=True)
        yield double
