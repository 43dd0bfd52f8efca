"""What this machine has mounted: the kernel's table as a text, and the rules of storages on a folder of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from castcore_nfs.mount import MountedNfs, mount_of, mounts
from castcore_sdk import CheckResult, StoragePath, TemporaryError, parse_config
from castcore_sdk.testing import MemoryContext, StorageConformance

TABLE = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:52 / /mnt/nas rw,relatime shared:20 - nfs4 nas.local:/volume1/media rw,vers=4.2,addr=192.0.2.7
31 30 0:53 / /mnt/nas/scratch rw - tmpfs tmpfs rw,size=1024k
32 22 0:54 / /mnt/with\\040space rw - nfs nas.local:/a\\040b rw
33 22 0:55 / /mnt/auto rw - autofs systemd-1 rw,fd=1
nonsense
34 22 - nfs
"""


@pytest.mark.parametrize(
    ("path", "kind", "source"),
    [
        ("/mnt/nas", "nfs4", "nas.local:/volume1/media"),
        ("/mnt/nas/video", "nfs4", "nas.local:/volume1/media"),
        ("/mnt/nas/scratch/x", "tmpfs", "tmpfs"),
        ("/mnt/nas2", "ext4", "/dev/vda"),
        ("/mnt/with space/a", "nfs", "nas.local:/a b"),
        ("/mnt/auto/share", "autofs", "systemd-1"),
        ("/", "ext4", "/dev/vda"),
    ],
)
def test_the_mount_of_a_path(path: str, kind: str, source: str) -> None:
    found = mount_of(path, TABLE)
    assert (found.type, found.source) == (kind, source)


def test_what_was_mounted_over_something_counts() -> None:
    later = TABLE + "40 30 0:60 / /mnt/nas rw - ext4 /dev/vdb rw\n"
    assert mount_of("/mnt/nas/video", later).type == "ext4"


def test_a_table_that_makes_no_sense() -> None:
    assert list(mounts("")) == []
    assert mount_of("/mnt", "\0 - \n - -") == mount_of("/mnt", "")


def pretend(folder: Path, monkeypatch: pytest.MonkeyPatch, *, mounted: bool = True) -> None:
    """Let the table say that a folder is an export."""
    table = folder.parent / "mountinfo"
    table.write_text(TABLE + (f"50 22 0:70 / {folder} rw - nfs4 nas.local:/media rw\n" if mounted else ""))
    monkeypatch.setattr(MountedNfs, "table", table)


class TestMounted(StorageConformance):
    extension = MountedNfs

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        folder = tmp_path / "nas"
        folder.mkdir()
        pretend(folder, monkeypatch)
        self.config = {"path": str(folder)}


def checked(folder: Path) -> list[CheckResult]:
    async def main() -> list[CheckResult]:
        async with MemoryContext() as context:
            storage = MountedNfs(parse_config(MountedNfs.config_model, {"path": str(folder)}), context)
            return list(await storage.check())

    return asyncio.run(main())


def test_the_test_names_server_and_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "nas"
    folder.mkdir()
    pretend(folder, monkeypatch)
    first, second = checked(folder)
    assert (first.code, first.params["source"], first.params["type"]) == (
        "nfs.mounted_from",
        "nas.local:/media",
        "nfs4",
    )
    assert second.code == "nfs.folder_writable"


def test_an_unmounted_export_is_not_its_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "nas"
    folder.mkdir()
    pretend(folder, monkeypatch, mounted=False)
    (result,) = checked(folder)
    assert (result.code, result.config_field, result.params["type"]) == ("nfs.not_mounted", "path", "ext4")

    async def write() -> None:
        async def data() -> Any:
            yield b"x"

        async with MemoryContext() as context:
            storage = MountedNfs(parse_config(MountedNfs.config_model, {"path": str(folder)}), context)
            await storage.write(StoragePath("a.mp4"), data())

    with pytest.raises(TemporaryError):
        asyncio.run(write())
    assert list(folder.iterdir()) == []


def test_a_link_to_the_mount_is_the_mount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, link = tmp_path / "nas", tmp_path / "link"
    folder.mkdir()
    link.symlink_to(folder)
    pretend(folder, monkeypatch)
    assert checked(link)[0].code == "nfs.mounted_from"


def test_nothing_leads_out_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "nas"
    folder.mkdir()
    (tmp_path / "secret.mp4").write_text("secret")
    (folder / "out.mp4").symlink_to(tmp_path / "secret.mp4")
    pretend(folder, monkeypatch)

    async def main() -> None:
        async with MemoryContext() as context:
            storage = MountedNfs(parse_config(MountedNfs.config_model, {"path": str(folder)}), context)
            assert [entry async for entry in storage.list_dir(StoragePath(""))] == []
            with pytest.raises(Exception, match=r"storage\.path_outside"):
                async with storage.read(StoragePath("out.mp4")):
                    pass

    asyncio.run(main())
