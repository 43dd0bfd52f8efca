"""The journal, by value."""

from __future__ import annotations

import json
import os
import resource
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from castcore_core.runner.identity import Identity
from castcore_core.runner.journal import LIMIT, Journal, read_records

ME = Identity(1, 2, "boot")


def journal(folder: Path) -> Journal:
    return Journal(folder / "j", ME)


def add(one: Journal, *, log: bool = False, line: str = "") -> int:
    one.add({"type": "log" if log else "job.state", "seq": one.last + 1, "line": line}, is_log=log)
    return one.last


def numbers(one: Journal, after: int = 0) -> list[int]:
    return [json.loads(line)["event"]["seq"] for line in one.after(after)]


def test_events_are_found_again_by_a_successor_that_goes_on_counting(tmp_path: Path) -> None:
    first = journal(tmp_path)
    for _ in range(3):
        add(first)
    first.close()
    second = journal(tmp_path)
    assert numbers(second) == [1, 2, 3]
    assert add(second) == 4
    assert numbers(second, after=2) == [3, 4]


def test_acknowledged_events_go_and_numbers_stay(tmp_path: Path) -> None:
    first = journal(tmp_path)
    for _ in range(5):
        add(first)
    first.acknowledge(3)
    first.acknowledge(99)
    assert numbers(first) == []
    first.close()
    second = journal(tmp_path)
    assert numbers(second) == []
    assert add(second) == 6


def test_states_outlive_log_lines_and_the_disk_is_bounded(tmp_path: Path) -> None:
    one = journal(tmp_path)
    state = add(one)
    for _ in range(6000):
        add(one, log=True, line="x" * 1000)
        size = sum(path.stat().st_size for path in tmp_path.iterdir())
        assert size <= LIMIT
    assert numbers(one)[0] == state
    assert numbers(one)[-1] == one.last
    one.close()
    assert state in numbers(journal(tmp_path))


def test_states_alone_are_bounded_as_well(tmp_path: Path) -> None:
    one = journal(tmp_path)
    for _ in range(3000):
        add(one, line="x" * 2000)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= LIMIT
    assert numbers(one)[-1] == 3000


def test_children_of_a_killed_runner_are_known_to_its_successor(tmp_path: Path) -> None:
    one = journal(tmp_path)
    child, gone = Identity.of(os.getpid()), Identity(999, 5, "boot")
    one.child_started(child)
    one.child_started(gone)
    one.child_ended(gone)
    one.close()
    assert journal(tmp_path).orphans == (child,)
    assert child.is_alive()
    assert not gone.is_alive()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.integers(1, 400), st.binary(max_size=60))
def test_a_torn_end_costs_the_torn_line_alone(tmp_path: Path, cut: int, noise: bytes) -> None:
    path = tmp_path / "j"
    path.unlink(missing_ok=True)
    one = journal(tmp_path)
    for _ in range(10):
        add(one)
    one.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut] + noise)
    left = [record["event"]["seq"] for record in read_records(path) if isinstance(record.get("event"), dict)]
    assert left == list(range(1, len(left) + 1))
    second = journal(tmp_path)
    assert add(second) == len(left) + 1
    second.close(remove=True)
    assert not path.exists()


def test_a_disk_that_takes_nothing_is_said_and_the_events_stay(tmp_path: Path) -> None:
    one = journal(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        add(one)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert one.failure == "File too large"
    assert numbers(one) == [1]
