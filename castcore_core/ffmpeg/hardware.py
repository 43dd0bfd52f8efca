"""See which graphics hardware this machine has, without using it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from castcore_sdk import HardwareInfo

_MAKERS = {"0x10de": "NVIDIA", "0x1002": "AMD", "0x8086": "Intel"}
"""PCI vendor ids."""


def detect_hardware(root: Path = Path("/")) -> HardwareInfo:
    """Look through ``/proc``, ``/sys`` and ``/dev`` below ``root``. Quick: reads a few small files."""
    nodes = _render_nodes(root)
    return HardwareInfo(
        gpus=(*_nvidia(root), *_cards(root)),
        render_nodes=tuple(f"/dev/dri/{node.name}" for node in nodes),
        denied_nodes=tuple(f"/dev/dri/{node.name}" for node in nodes if not os.access(node, os.R_OK | os.W_OK)),
        node_makers={f"/dev/dri/{node.name}": maker for node in nodes if (maker := _maker(root, node.name))},
        cpu_count=os.cpu_count() or 1,
    )


def hardware_fingerprint(root: Path = Path("/")) -> str:
    """Return what changes when a device or its driver does: the key of what was proven by using them."""
    seen = detect_hardware(root)
    devices = sorted(path.name for path in (root / "dev").glob("nvidia*"))
    driver = _read(root / "proc/driver/nvidia/version")
    text = repr((seen.gpus, seen.render_nodes, seen.denied_nodes, devices, driver))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _render_nodes(root: Path) -> list[Path]:
    return sorted((root / "dev/dri").glob("renderD*"))


def _maker(root: Path, node: str) -> str | None:
    return _MAKERS.get(_read(root / "sys/class/drm" / node / "device/vendor").strip())


def _nvidia(root: Path) -> Iterator[str]:
    for information in sorted((root / "proc/driver/nvidia/gpus").glob("*/information")):
        for line in _read(information).splitlines():
            key, _, value = line.partition(":")
            if key == "Model" and (model := value.strip()):
                yield model if model.startswith("NVIDIA") else f"NVIDIA {model}"


def _cards(root: Path) -> Iterator[str]:
    """Yield the cards that the kernel's graphics layer drives; NVIDIA's own driver names its cards better."""
    for vendor in sorted((root / "sys/class/drm").glob("card[0-9]/device/vendor")):
        maker = _MAKERS.get(_read(vendor).strip())
        if maker is None or (maker == "NVIDIA" and (root / "proc/driver/nvidia/version").exists()):
            continue
        name = _read(vendor.parent / "product_name").strip() or _read(vendor.parent / "device").strip()
        yield f"{maker} {name}"


def _read(path: Path) -> str:
    """Return the start of a text file, empty where there is none."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(4096)
    except OSError:
        return ""
