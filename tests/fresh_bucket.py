"""A bucket of the real store that nobody else uses."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from minio import Minio

from shared.settings import StoreSettings


@contextmanager
def fresh_bucket(store: StoreSettings, name: str) -> Iterator[StoreSettings]:
    """Make a bucket whose name begins with `name`, and remove it at the end: SeaweedFS has room for some seventy."""
    settings = store.model_copy(update={"bucket": f"{name}-{secrets.token_hex(6)}"})
    client = Minio(
        urlsplit(settings.endpoint).netloc,
        access_key=settings.access_key,
        secret_key=settings.secret_key.get_secret_value(),
        secure=False,
        region=settings.region,
    )
    client.make_bucket(settings.bucket)
    yield settings
    for found in client.list_objects(settings.bucket, recursive=True):
        client.remove_object(settings.bucket, found.object_name or "")
    client.remove_bucket(settings.bucket)
