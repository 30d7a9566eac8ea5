"""A local S3 server for tests: moto's, which behaves like Amazon's."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow.fs as pafs

__all__ = ["serve_bucket", "upload"]

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""Settings of an S3 client, as environment variables, which worker processes inherit."""


@contextmanager
def serve_bucket(name: str = "bucket") -> Iterator[str]:
    """Start a server with one empty bucket; yield the query of its addresses."""
    from moto.server import ThreadedMotoServer  # slow to import

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    before = {key: os.environ.get(key) for key in ENVIRONMENT}
    os.environ.update(ENVIRONMENT)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        query = f"?endpoint_override=http%3A%2F%2F{host}%3A{port}"
        system, _ = pafs.FileSystem.from_uri(f"s3://{name}{query}&allow_bucket_creation=true")
        system.create_dir(name)
        yield query
    finally:
        server.stop()
        for key, value in before.items():
            os.environ.pop(key) if value is None else os.environ.update({key: value})


def upload(folder: Path, address: str) -> None:
    """Copy a folder to an address."""
    system, path = pafs.FileSystem.from_uri(address)
    pafs.copy_files(str(folder), path, pafs.LocalFileSystem(), system)
