"""Which plugin code runs right now, by thread: in memory, and in a mapped file that outlives the process.

A write to shared mapped memory is in the kernel's page cache at once, so it is there after ``kill -9`` and costs
about a microsecond. A slot is filled only while plugin code really executes, not while it awaits something.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_HEADER = 1024
_BEAT = struct.Struct("<d")
_SLOT = struct.Struct("<QH")
_SLOT_SIZE = 256
_SLOTS = 64
_FIRST_SLOT = _HEADER + _SLOT_SIZE
SIZE = _FIRST_SLOT + _SLOT_SIZE * _SLOTS
_STUCK = 0
"""The first slot belongs to the watchdog: what blocks the event loop."""


@dataclass(frozen=True, slots=True)
class Breadcrumb:
    """A place in a plugin: what is called. ``method`` is ``load`` while it is imported."""

    plugin: str
    extension: str
    method: str
    encoded: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        text = json.dumps([self.plugin, self.extension[:60], self.method[:60]]).encode()
        object.__setattr__(self, "encoded", text)


class Trail:
    """The breadcrumbs of this process; with ``folder`` also on disk, as long as `finish` was not called.

    A death within ``early`` seconds of the start counts as a crash even where no plugin is named.
    """

    def __init__(self, folder: Path | None = None, *, early: float = 60.0) -> None:
        self._threads: dict[int, tuple[int | None, list[Breadcrumb]]] = {}
        self._free = list(range(_SLOTS - 1, _STUCK, -1))
        self._lock = threading.Lock()
        self._owner = os.getpid()
        self.path = folder / f"{os.getpid()}-{time.monotonic_ns():x}.life" if folder else None
        self._memory: mmap.mmap | bytearray = bytearray(SIZE)
        if self.path:
            self._memory = _mapped(self.path, early)
        self.beat()

    @contextmanager
    def inside(self, crumb: Breadcrumb) -> Iterator[None]:
        """Leave ``crumb`` for the time of the block, in this thread."""
        self.enter(crumb)
        try:
            yield
        finally:
            self.leave()

    def enter(self, crumb: Breadcrumb) -> None:
        """Say that this thread now runs ``crumb``; calls nest."""
        thread = threading.get_ident()
        entry = self._threads.get(thread)
        if entry is None:
            with self._lock:
                entry = self._threads[thread] = (self._free.pop() if self._free else None, [])
        entry[1].append(crumb)
        self._write(entry[0], thread, crumb.encoded)

    def leave(self) -> None:
        """Take this thread's last breadcrumb away."""
        thread = threading.get_ident()
        slot, crumbs = self._threads[thread]
        crumbs.pop()
        self._write(slot, thread, crumbs[-1].encoded if crumbs else b"")
        if not crumbs:
            with self._lock:
                del self._threads[thread]
                if slot is not None:
                    self._free.append(slot)

    def current(self, thread: int) -> Breadcrumb | None:
        """Return what ``thread`` runs, None where it is no plugin."""
        entry = self._threads.get(thread)
        try:
            return entry[1][-1] if entry else None
        except IndexError:  # it left between the two looks
            return None

    def blocked(self, crumb: Breadcrumb | None) -> None:
        """Write down what blocks the event loop, None when it moves again."""
        self._write(_STUCK, 0, crumb.encoded if crumb else b"")

    def beat(self) -> None:
        """Write down that the process lives."""
        _BEAT.pack_into(self._memory, _HEADER, time.monotonic())

    def finish(self) -> None:
        """Take the file away: this process ends in good order. May be called twice; does nothing in a forked child."""
        if self.path and os.getpid() == self._owner:
            self.path.unlink(missing_ok=True)
            trace_file(self.path).unlink(missing_ok=True)

    def _write(self, slot: int | None, thread: int, text: bytes) -> None:
        if slot is not None:
            start = _FIRST_SLOT + slot * _SLOT_SIZE
            text = text[: _SLOT_SIZE - _SLOT.size]
            _SLOT.pack_into(self._memory, start, thread, 0)
            self._memory[start + _SLOT.size : start + _SLOT.size + len(text)] = text
            _SLOT.pack_into(self._memory, start, thread, len(text))


@dataclass(frozen=True, slots=True)
class Remains:
    """What a process that did not end in good order left behind; times in seconds."""

    lived: float
    early: bool
    blocked: Breadcrumb | None
    running: tuple[tuple[int, Breadcrumb], ...]
    main_thread: int
    trace: str


def trace_file(life: Path) -> Path:
    """Return where `faulthandler` writes for the process of ``life``."""
    return life.with_suffix(".trace")


def remains(life: Path) -> Remains | None:
    """Read the life file of a process that is gone, None where it still lives.

    A file that is not whole is taken away: its process died before it came to any plugin.
    """
    try:
        data = life.read_bytes()
        header = json.loads(data[:_HEADER].rstrip(b"\0"))
        if _lives(header):
            return None
        lived = _BEAT.unpack_from(data, _HEADER)[0] - float(header["monotonic"])
        early, main_thread = lived < float(header["early"]), int(header["thread"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, struct.error):
        life.unlink(missing_ok=True)
        return None
    try:
        trace = trace_file(life).read_text(encoding="utf-8", errors="replace")[:200_000]
    except OSError:
        trace = ""
    slots = [crumb for slot in range(_SLOTS) if (crumb := _slot(data, slot)) is not None]
    blocked = next((crumb for thread, crumb in slots if thread == 0), None)
    running = tuple((thread, crumb) for thread, crumb in slots if thread != 0)
    return Remains(lived, early, blocked, running, main_thread, trace)


def _mapped(path: Path, early: float) -> mmap.mmap:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    header = {
        "pid": os.getpid(),
        "born": _born(os.getpid()),
        "monotonic": time.monotonic(),
        "thread": threading.get_ident(),
        "early": early,
    }
    text = json.dumps(header).encode()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, text + bytes(SIZE - len(text)))
        return mmap.mmap(descriptor, SIZE)
    finally:
        os.close(descriptor)


def _lives(header: dict[str, Any]) -> bool:
    """Say whether the very process still runs: a pid alone may belong to somebody else by now."""
    return bool(header["born"] == _born(int(header["pid"])))


def _born(pid: int) -> str:
    """Return what tells a process from all others of this and earlier boots, empty where it is gone."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        status = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        # proc(5): field 3 is the state, field 22 the start time in clock ticks since boot.
        return "" if status[0] in "ZX" else f"{boot}:{status[19]}"
    except OSError:
        if Path("/proc/self/stat").exists():
            return ""
    try:
        os.kill(pid, 0)  # systems without /proc
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass  # somebody else's, so it exists
    return str(pid)


def _slot(data: bytes, slot: int) -> tuple[int, Breadcrumb] | None:
    start = _FIRST_SLOT + slot * _SLOT_SIZE
    thread, length = _SLOT.unpack_from(data, start)
    if not length:
        return None
    try:
        plugin, extension, method = json.loads(data[start + _SLOT.size : start + _SLOT.size + length])
    except ValueError:
        return None
    return thread, Breadcrumb(str(plugin), str(extension), str(method))
