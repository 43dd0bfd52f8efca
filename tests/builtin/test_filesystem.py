"""Which file system a path is on: what a network lies before is told from disks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from castcore_core.builtin import filesystem
from castcore_core.builtin.filesystem import is_remote


def test_the_disks_of_this_machine_are_not_remote(tmp_path: Path) -> None:
    assert not is_remote(tmp_path)
    assert not is_remote(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("kind", "remote"),
    [("nfs4", True), ("cifs", True), ("fuse.sshfs", True), ("fuse", True), ("fuseblk", False), ("ext4", False)],
)
def test_the_type_of_its_mount_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, remote: bool
) -> None:
    device = tmp_path.stat().st_dev
    here, there = f"{os.major(device)}:{os.minor(device)}", "0:9999"
    table = tmp_path / "mountinfo"
    table.write_text(
        f"36 35 {there} / /other rw,noatime master:1 - nfs server:/x rw\n"
        f"37 35 {here} / /mnt\\040a rw,relatime shared:5 master:1 - {kind} source rw\n"
    )
    monkeypatch.setattr(filesystem, "_MOUNTS", table)
    assert is_remote(tmp_path) is remote
