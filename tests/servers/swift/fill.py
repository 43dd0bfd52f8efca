"""List many objects in a bucket of Swift without sending them one by one: rows of its database are what it lists.

python3 fill.py FOLDER BUCKET PREFIX COUNT
"""

from __future__ import annotations

import sys
from pathlib import Path

from swift.common import utils
from swift.common.utils import Timestamp
from swift.container.backend import ContainerBroker


def main(folder: Path, bucket: str, prefix: str, count: int) -> None:
    """Add ``count`` rows; the objects themselves are not there."""
    utils.SWIFT_CONF_FILE = str(folder / "swift.conf")
    utils.validate_hash_conf()
    brokers = (ContainerBroker(str(file)) for file in folder.glob("devices/disk/containers/**/*.db"))
    (broker,) = (one for one in brokers if one.get_info()["container"] == bucket)
    row = {"size": 1_000_000, "content_type": "video/mp4", "etag": "0" * 32, "deleted": 0, "storage_policy_index": 0}
    now = Timestamp.now().internal
    broker.merge_items([{**row, "name": f"{prefix}{number:06}.mp4", "created_at": now} for number in range(count)])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))
