"""OpenStack Swift with its S3 API in two processes: run by Debian's own Python, which has the package python3-swift.

    python3 server.py FOLDER PROXY_PORT ACCOUNT_PORT CONTAINER_PORT OBJECT_PORT SECRETS [CERTIFICATE KEY]

Rings, databases and objects lie in FOLDER; SECRETS is a file of ``user_ACCOUNT_NAME = SECRET .admin`` lines.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import eventlet
from eventlet import wsgi

eventlet.patcher.monkey_patch(all=False, socket=True, select=True, thread=True)

from swift.common import utils  # noqa: E402
from swift.common.http_protocol import SwiftHttpProtocol  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402
from swift.common.wsgi import loadapp  # noqa: E402

MEBIBYTE = 1024 * 1024
BACKEND = """
[DEFAULT]
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
log_address = {folder}/nowhere
disk_chunk_size = {chunk}
network_chunk_size = {chunk}
disable_fallocate = true
recon_cache_path = {folder}
[pipeline:main]
pipeline = {name}-server
[app:{name}-server]
use = egg:swift#{name}
"""
PROXY = """
[DEFAULT]
swift_dir = {folder}
log_address = {folder}/nowhere
[pipeline:main]
pipeline = catch_errors gatekeeper cache listing_formats s3api tempauth bulk slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
object_chunk_size = {chunk}
client_chunk_size = {chunk}
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
{secrets}
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
"""
NAMES = ("account", "container", "object")


class _Quiet:
    def write(self, *_: object) -> None:
        """Drop a line of the access log."""


def main(folder: Path, proxy_port: int, ports: list[int], secrets: Path, tls: list[str]) -> None:
    """Serve until killed; both processes are in this one's process group."""
    _configure(folder, ports, secrets.read_text())
    if os.fork() == 0:
        for name, port in zip(NAMES, ports, strict=True):
            eventlet.spawn(_serve, folder, name, port)
        eventlet.sleep(86_400)
    _serve(folder, "proxy", proxy_port, tls)


def _serve(folder: Path, name: str, port: int, tls: list[str] | None = None) -> None:
    app = loadapp(str(folder / f"{name}.conf"))
    socket = eventlet.listen(("127.0.0.1", port), backlog=512)
    if tls:
        socket = eventlet.wrap_ssl(socket, certfile=tls[0], keyfile=tls[1], server_side=True)
    wsgi.server(socket, app, _Quiet(), protocol=SwiftHttpProtocol, max_size=256)


def _configure(folder: Path, ports: list[int], secrets: str) -> None:
    (folder / "devices" / "disk").mkdir(parents=True, exist_ok=True)
    (folder / "swift.conf").write_text("[swift-hash]\nswift_hash_path_suffix = castcore\n")
    utils.SWIFT_CONF_FILE = str(folder / "swift.conf")
    utils.validate_hash_conf()
    values = {"folder": folder, "chunk": MEBIBYTE, "secrets": secrets}
    (folder / "proxy.conf").write_text(PROXY.format(**values))
    for name, port in zip(NAMES, ports, strict=True):
        (folder / f"{name}.conf").write_text(BACKEND.format(name=name, **values))
        ring = RingBuilder(1, 1, 0)
        ring.add_dev(
            {"id": 0, "region": 1, "zone": 1, "weight": 1.0, "ip": "127.0.0.1", "port": port, "device": "disk"}
        )
        ring.rebalance()
        ring.get_ring().save(str(folder / f"{name}.ring.gz"))


if __name__ == "__main__":
    place, proxy, account, container, objects, keys, *certificate = sys.argv[1:]
    main(Path(place), int(proxy), [int(account), int(container), int(objects)], Path(keys), certificate)
