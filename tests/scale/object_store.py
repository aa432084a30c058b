"""OpenStack Swift with its S3 API: an object store as installations have one, in one folder.

One account, container, object and proxy server each, one replica; over TLS where there are
certificates.
"""

import getpass
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from viatique.services.processes import LOOPBACK, free_port

PROGRAMS = Path(sys.executable).parent
KEY, SECRET = "test:tester", "a-secret-of-the-tests"
DEVICE = "disk"
PATIENCE_S = 30.0
PROXY = f"""
[pipeline:main]
pipeline = catch_errors gatekeeper listing_formats s3api tempauth slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
[filter:tempauth]
use = egg:swift#tempauth
user_{KEY.replace(":", "_")} = {SECRET} .admin
[filter:slo]
use = egg:swift#slo
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectStore:
    """A running store, as the settings of a client name it."""

    endpoint: str

    def environment(self, ca: Path | None = None) -> dict[str, str]:
        """What s3fs and botocore read."""
        trusted = {"AWS_CA_BUNDLE": str(ca)} if ca else {}
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            **trusted,
        }


@contextmanager
def object_store(folder: Path, certificates: Path | None = None) -> Iterator[ObjectStore]:
    """A store for as long as the block lasts, its bytes in the folder.

    Args:
        certificates: folder of ``server.crt`` and ``server.key``, which clients meet; None: no TLS.
    """
    ports = {kind: free_port() for kind in ("account", "container", "object", "proxy")}
    (folder / "devices" / DEVICE).mkdir(parents=True)
    (folder / "swift.conf").write_text(
        "[swift-hash]\nswift_hash_path_prefix = tests\nswift_hash_path_suffix = tests\n"
    )
    kinds = ("account", "container", "object")
    wanted = [folder, LOOPBACK, DEVICE, *(str(ports[kind]) for kind in kinds)]
    subprocess.run([sys.executable, "-c", RINGS, *wanted], check=True)
    for kind in kinds:
        app = f"[app:{kind}-server]\nuse = egg:swift#{kind}\n"
        pipeline = f"[pipeline:main]\npipeline = {kind}-server\n"
        _configure(folder, kind, ports[kind], pipeline + app)
    _configure(folder, "proxy", ports["proxy"], PROXY, certificates)
    with ExitStack() as stack:
        for kind, port in ports.items():
            _serve(stack, folder, kind, port)
        yield ObjectStore(
            endpoint=f"http{'s' if certificates else ''}://{LOOPBACK}:{ports['proxy']}"
        )


RINGS = """
import sys
from swift.common.ring import RingBuilder
folder, ip, device, *ports = sys.argv[1:]
for kind, port in zip(("account", "container", "object"), ports):
    builder = RingBuilder(0, 1, 0)
    builder.add_dev({"region": 1, "zone": 1, "ip": ip, "port": int(port), "device": device,
                     "weight": 1, "replication_ip": ip, "replication_port": int(port)})
    builder.rebalance()
    builder.get_ring().save(f"{folder}/{kind}.ring.gz")
"""
"""Where the one disk is: rings of one part, one replica."""


def _configure(
    folder: Path, kind: str, port: int, apps: str, certificates: Path | None = None
) -> None:
    files = {"cert_file": "server.crt", "key_file": "server.key"} if certificates else {}
    tls = {name: certificates / file for name, file in files.items() if certificates}
    options = {
        "bind_ip": LOOPBACK,
        "bind_port": port,
        "workers": 0,
        "user": getpass.getuser(),
        "swift_dir": folder,
        "devices": folder / "devices",
        "mount_check": "false",
        **tls,
    }
    lines = [f"{name} = {value}" for name, value in options.items()]
    text = "\n".join(["[DEFAULT]", *lines, apps])
    (folder / f"{kind}-server.conf").write_text(text, "utf-8")


def _serve(stack: ExitStack, folder: Path, kind: str, port: int) -> None:
    log = stack.enter_context((folder / f"{kind}.log").open("wb"))
    server = stack.enter_context(
        subprocess.Popen(
            [PROGRAMS / f"swift-{kind}-server", folder / f"{kind}-server.conf", "--verbose"],
            stdout=log,
            stderr=log,
        )
    )
    stack.callback(server.terminate)
    deadline = time.monotonic() + PATIENCE_S
    while True:
        with socket.socket() as attempt:
            if attempt.connect_ex((LOOPBACK, port)) == 0:
                return
        assert server.poll() is None, (folder / f"{kind}.log").read_text()
        assert time.monotonic() < deadline, f"the {kind} server does not listen"
        time.sleep(0.05)
