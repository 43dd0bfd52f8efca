"""The core's own destinations pass the suite that third parties inherit."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from castcore_core import i18n
from castcore_core.builtin.file import FileDestination
from castcore_core.builtin.hls import HlsDestination
from castcore_core.builtin.rtmp import RtmpDestination
from castcore_core.builtin.srt import SrtDestination
from castcore_core.builtin.udp import UdpDestination
from castcore_sdk.testing import DestinationConformance


class Builtin(DestinationConformance):
    def catalogue(self, language: str) -> Mapping[str, Mapping[str, str]]:
        return i18n.catalogue(language)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A port on which connections are taken."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


class TestRtmp(Builtin):
    extension = RtmpDestination
    urls = ("rtmp://127.0.0.1/live/key?a=b", "rtmps://user:pass@live.example:443/app/instance/key")

    @pytest.fixture(autouse=True)
    def _server(self, port: int) -> None:
        self.config: Mapping[str, Any] = {
            "url": f"rtmp://127.0.0.1:{port}/live",
            "stream_key": "live-9d8c7b6a5f?token=4e3d2c1b0a",
            "username": "studio",
            "password": "correct-horse-battery",
            "backup_url": f"rtmp://[::1]:{port}/live",
        }


class TestSrt(Builtin):
    extension = SrtDestination
    urls = ("srt://live.example:9000?passphrase=correct-horse&latency=120&streamid=publish:live&mode=caller",)
    config: Mapping[str, Any] = {
        "url": "srt://127.0.0.1:9000",
        "passphrase": "correct-horse-battery",
        "stream_id": "#!::r=live,m=publish,u=9d8c7b6a5f",
    }


class TestUdp(Builtin):
    extension = UdpDestination
    urls = ("udp://239.1.2.3:5000?ttl=4&pkt_size=1316&localaddr=127.0.0.1",)
    config: Mapping[str, Any] = {"url": "udp://127.0.0.1:5000"}


class TestHls(Builtin):
    extension = HlsDestination
    urls = ("hls:live", "hls:///srv/live%20one")

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.config: Mapping[str, Any] = {"folder": str(tmp_path / "a" / "b")}


class TestFile(Builtin):
    extension = FileDestination
    urls = ("file:recording.mp4", "file:///srv/recording%201.mkv")

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.config: Mapping[str, Any] = {"path": str(tmp_path / "recording.mp4")}
