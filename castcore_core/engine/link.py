"""Find runners, and what they left behind, in the run folder."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from castcore_core.runner.client import RunnerClient, attach, read_journal
from castcore_core.runner.error import RunnerError
from castcore_core.runner.event import Event
from castcore_core.runner.identity import Identity, name_of
from castcore_core.runner.journal import read_records

_BEGIN_SECONDS = 3.0
"""Time that a runner which holds its lock has to open its socket."""
_TERM_SECONDS = 3.0
_STEP = 0.05


@dataclass(frozen=True, slots=True)
class Left:
    """What a runner that has ended left behind."""

    identity: Identity
    events: Sequence[Event]


async def find(folder: Path, job_id: str) -> RunnerClient | None:
    """Return a connection to the job's runner, None where it has none.

    Raises RunnerError where there is one that does not answer: ``runner.silent``, ``runner.protocol_unknown``,
    ``runner.gone`` (it holds the lock, but nothing listens).
    """
    until = asyncio.get_running_loop().time() + _BEGIN_SECONDS
    while True:
        try:
            return await attach(folder, job_id)
        except RunnerError as error:
            if error.code != "runner.gone":
                raise
            if not is_held(folder, job_id):
                return None
            if asyncio.get_running_loop().time() > until:
                raise
        await asyncio.sleep(_STEP)


def is_held(folder: Path, job_id: str) -> bool:
    """Say whether a process holds the job's lock."""
    return is_locked(folder / f"{name_of(job_id)}.lock")


def is_locked(path: Path) -> bool:
    """Say whether a process holds the lock of a file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def left_behind(folder: Path, job_id: str) -> Left | None:
    """Return the journal of a runner that has ended, None where there is none."""
    identity = identity_in(folder, job_id)
    return Left(identity, read_journal(folder, job_id)) if identity is not None else None


def identity_in(folder: Path, job_id: str) -> Identity | None:
    """Return the process that the job's journal names."""
    found = None
    for record in read_records(folder / f"{name_of(job_id)}.journal"):
        if isinstance(record.get("runner"), dict):
            found = Identity.from_json(record["runner"])
    return found


def jobs_in(folder: Path, known: Collection[str]) -> set[str]:
    """Return the ids of all jobs that have a journal, but for the ``known`` ones."""
    found = set()
    names = {name_of(job_id) for job_id in known}
    for journal in folder.glob("*.journal"):
        if journal.stem in names:
            continue
        jobs = [str(record["job"]) for record in read_records(journal) if record.get("job")]
        # Only under its own name: a copied file leads nowhere.
        found |= {job for job in jobs[-1:] if name_of(job) == journal.stem}
    return found


async def end_by_force(identity: Identity) -> None:
    """End a runner that does not listen: SIGTERM, and SIGKILL for its whole group when that does not help."""
    if not identity.is_alive():
        return
    os.kill(identity.pid, signal.SIGTERM)
    until = asyncio.get_running_loop().time() + _TERM_SECONDS
    while identity.is_alive():
        if asyncio.get_running_loop().time() > until:
            identity.kill_group()
        await asyncio.sleep(_STEP)
