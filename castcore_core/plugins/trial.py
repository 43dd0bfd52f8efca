"""Try plugins in processes of their own before this process imports them.

A hang at import cannot be stopped in-process, and a segmentation fault or ``os._exit`` would take the server along.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from castcore_core.plugins import jsonfile
from castcore_core.plugins.discovery import Manifest
from castcore_core.plugins.fingerprint import fingerprint, surroundings
from castcore_core.plugins.offer import Offer
from castcore_core.plugins.state import Reason

_CHILD = Path(__file__).with_name("trial_process.py")
_PASSED_ON = ("HOME", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "TMPDIR", "TZ")
_MOST_OUTPUT = 1 << 20
_SIDE_BY_SIDE = 8


@dataclass(frozen=True, slots=True)
class Trial:
    """What a trial found; without faults the plugin may be imported. ``seconds`` is 0 where it was remembered.

    ``notes`` are what its author should mend although it works.
    """

    offers: tuple[Offer, ...] = ()
    faults: tuple[Reason, ...] = ()
    notes: tuple[Reason, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """Run trials and remember them in ``cache``.

    A success holds as long as the code stays the same. A failure is believed for ``forget`` seconds, and only while
    the same distributions are installed: a missing library or a busy machine may have been the cause.
    """

    cache: Path
    installed_sdk: str
    path: tuple[str, ...] | None = None
    limit: float = 10.0
    forget: float = 600.0

    def run(self, manifests: Iterable[Manifest], *, afresh: bool = False) -> dict[str, Trial]:
        """Return the trial of each plugin by id, several running side by side; ``afresh`` asks no memory."""
        wanted = list(manifests)
        around = surroundings(self.path or sys.path)
        if not wanted:
            return {}
        with ThreadPoolExecutor(min(len(wanted), _SIDE_BY_SIDE), "castcore-trial") as pool:
            outcomes = pool.map(lambda manifest: self._one(manifest, around, afresh), wanted)
            return {manifest.id: outcome for manifest, outcome in zip(wanted, outcomes, strict=True)}

    def _one(self, manifest: Manifest, around: str, afresh: bool) -> Trial:
        key = fingerprint(manifest, self.path, installed_sdk=self.installed_sdk)
        file = self.cache / f"{manifest.id}.json"
        if key and not afresh and (known := _remembered(file, key, around, self.forget)):
            return known
        trial = _attempt(manifest, self.path or (), self.limit)
        if key:
            try:
                jsonfile.write(file, _memory(trial, key, around))
            except OSError:
                return trial  # a cache that cannot be written costs time, nothing else
        return trial


def _memory(trial: Trial, key: str, around: str) -> dict[str, Any]:
    return {
        "key": key,
        "around": around,
        "at": time.time(),
        "offers": [offer.to_json() for offer in trial.offers],
        "faults": [fault.to_json() for fault in trial.faults],
        "notes": [note.to_json() for note in trial.notes],
    }


def _remembered(file: Path, key: str, around: str, forget: float) -> Trial | None:
    memory = jsonfile.read(file)
    if memory is None or memory.get("key") != key:
        return None
    try:
        trial = _trial(memory)
        fresh = memory["around"] == around and 0 <= time.time() - memory["at"] < forget
    except (KeyError, TypeError, ValueError):
        return None
    return trial if fresh or not trial.faults else None


def _trial(answer: dict[str, Any], seconds: float = 0.0) -> Trial:
    offers = tuple(Offer.from_json(offer) for offer in answer["offers"])
    faults, notes = (tuple(Reason.from_json(each) for each in answer[name]) for name in ("faults", "notes"))
    return Trial(offers, faults, notes, seconds)


def _attempt(manifest: Manifest, path: Sequence[str], limit: float) -> Trial:
    began = time.monotonic()
    order = {
        "plugin": manifest.id,
        "module": manifest.module,
        "path": [str(Path(entry).absolute()) for entry in (*path, *sys.path)],
        "seconds": int(limit) + 5,
    }
    try:
        output, status = _run(json.dumps(order).encode() + b"\n", limit)
    except OSError as error:
        return Trial(faults=(Reason("plugins.trial_impossible", {"plugin": manifest.id}, str(error)),))
    seconds = time.monotonic() - began
    line, complete, _ = output.partition(b"\n")
    try:
        if complete:
            return _trial(json.loads(line), seconds)
    except (KeyError, TypeError, ValueError):
        pass  # not the child's answer: what faulthandler wrote, or what the plugin put into our pipe
    return Trial(faults=(_end(manifest, output.decode("utf-8", "replace"), status, limit),), seconds=seconds)


def _end(manifest: Manifest, output: str, status: int | None, limit: float) -> Reason:
    if status is None:
        return Reason("plugins.import_timeout", {"module": manifest.module, "seconds": limit})
    if status < 0:
        name = signal.Signals(-status).name
        return Reason("plugins.import_crashed", {"module": manifest.module, "signal": name}, output[:4000])
    return Reason("plugins.import_exited", {"module": manifest.module, "status": status}, output[:4000])


def _run(order: bytes, limit: float) -> tuple[bytes, int | None]:
    """Return what the child wrote and its exit status, None where it had to be ended at the limit."""
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    # pydantic looks for plugins of its own in all distributions, and any malformed one of them would stop it.
    environment["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    child = subprocess.Popen(
        [sys.executable, "-I", str(_CHILD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd="/",
        start_new_session=True,
    )
    with child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(order)
            child.stdin.close()
        except BrokenPipeError:
            pass  # it died at once; its status tells the story
        output, ended = _answer(child.stdout.fileno(), time.monotonic() + limit)
        # A child that is already dying keeps its own exit status; its whole session goes.
        os.killpg(child.pid, signal.SIGKILL)
        status = child.wait()
    return output, status if ended else None


def _answer(descriptor: int, deadline: float) -> tuple[bytes, bool]:
    """Read up to the first line's end, the end of the pipe or the deadline; say whether it was one of the first two."""
    output = b""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    while len(output) < _MOST_OUTPUT:
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            return output, False
        chunk = os.read(descriptor, 65536)
        if not chunk:
            return output, True
        output += chunk
        if b"\n" in output and output.startswith(b"{"):
            return output, True
    return output, True
