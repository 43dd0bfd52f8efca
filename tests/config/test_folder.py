"""The data folder belongs to its owner alone."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from castcore_core.config import DataFolder
from castcore_sdk.errors import ConfigurationError


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folders_are_created_for_the_owner_alone(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "a/b")
    folder.prepare()
    folder.prepare()
    assert {_mode(path) for path in (folder.root, folder.run, folder.logs, folder.media, folder.backups)} == {0o700}
    assert sorted(path.name for path in folder.root.iterdir()) == sorted(DataFolder.ROOMS)


def test_an_open_folder_is_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    DataFolder(tmp_path).prepare()
    assert _mode(tmp_path) == 0o700


def test_a_file_in_its_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(ConfigurationError) as caught:
        DataFolder(tmp_path / "data").prepare()
    assert caught.value.code == "configuration.data_dir_unusable"
    assert caught.value.params["path"] == str(tmp_path / "data")
