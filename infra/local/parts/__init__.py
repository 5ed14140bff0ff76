"""The servers by their names in `stack.toml`: how each is started, and how to tell that it is ready."""

from infra.local.parts.cache import CACHE
from infra.local.parts.kafka import KAFKA
from infra.local.parts.place import Kind
from infra.local.parts.s3 import S3

KINDS: dict[str, Kind] = {"kafka": KAFKA, "s3": S3, "cache": CACHE}
