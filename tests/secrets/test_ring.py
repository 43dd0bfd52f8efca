"""The key ring locks values to their place and survives rotation and a race of first starts."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from castcore_core.secrets import KeyRing, scrubber
from castcore_sdk.errors import ConfigurationError, PermanentError


def test_a_value_opens_at_its_place_alone(tmp_path: Path) -> None:
    ring = KeyRing.open(tmp_path / "keys.json")
    locked = ring.lock("live_canary_ü", "destinations/1/stream_key")
    assert "canary" not in locked
    assert locked != ring.lock("live_canary_ü", "destinations/1/stream_key")
    assert KeyRing.open(tmp_path / "keys.json").unlock(locked, "destinations/1/stream_key") == "live_canary_ü"
    with pytest.raises(PermanentError, match=r"secrets\.unreadable"):
        ring.unlock(locked, "destinations/2/stream_key")


@pytest.mark.parametrize("damage", ["", "cc1", "cc1.none.AAAA", "cc2.{rest}", "cc1.{id}.AAAA", "cc1.{id}.%", "{all}A"])
def test_a_damaged_value_is_unreadable(tmp_path: Path, damage: str) -> None:
    ring = KeyRing.open(tmp_path / "keys.json")
    locked = ring.lock("secret", "place")
    _, name, text = locked.split(".")
    with pytest.raises(PermanentError, match=r"secrets\.unreadable"):
        ring.unlock(damage.format(rest=f"{name}.{text}", id=name, all=locked[:-6]), "place")


def test_rotation_keeps_what_was_locked_before(tmp_path: Path) -> None:
    ring = KeyRing.open(tmp_path / "keys.json")
    old, purpose = ring.lock("secret", "place"), ring.derive("access")
    ring.rotate()
    again = KeyRing.open(tmp_path / "keys.json")
    assert not again.is_current(old)
    assert again.unlock(old, "place") == "secret"
    assert again.is_current(again.lock("secret", "place"))
    assert again.derive("access") == ring.derive("access") != purpose
    assert again.derive("access") != again.derive("other")


def test_the_file_is_for_the_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    ring = KeyRing.open(path)
    ring.rotate()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["keys.json"]
    path.chmod(0o640)
    with pytest.raises(ConfigurationError, match=r"secrets\.ring_open"):
        KeyRing.open(path)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"version":1,"active":"a","keys":{"a":"AAAA"}}'])
def test_a_ring_that_cannot_be_read_is_never_replaced(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys.json"
    path.touch(mode=0o600)
    path.write_text(content)
    with pytest.raises(ConfigurationError, match=r"secrets\.ring_unusable"):
        KeyRing.open(path)
    assert path.read_text() == content


def test_starts_at_once_share_one_ring(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(lambda _: KeyRing.open(tmp_path / "keys.json"), range(16)))
    assert len({ring.derive("any") for ring in rings}) == 1


def test_an_unlocked_value_is_scrubbed_from_text(tmp_path: Path) -> None:
    ring = KeyRing.open(tmp_path / "keys.json")
    ring.unlock(ring.lock("pa/ss word+canary", "place"), "place")
    text = scrubber.scrub("url=rtmp://h/pa%2Fss%20word%2Bcanary&x=pa%2Fss+word%2Bcanary raw=pa/ss word+canary.")
    assert text == "url=rtmp://h/••••&x=•••• raw=••••."


def test_nothing_shows_the_keys(tmp_path: Path) -> None:
    ring = KeyRing.open(tmp_path / "keys.json")
    assert "AES" not in repr(ring)
    assert repr(ring).endswith("1 keys)")
