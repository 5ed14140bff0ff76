"""What a builder under test is told."""

from dataclasses import replace
from typing import Any, Final

import msgspec

from shared.contracts.topics import M, Topic

EFFECTS: Final = {
    "shard": "/shards/",
    "manifest": "/manifests/",
    "hint": "/head.json",
    "evaluation": "/evaluation/",
    "ready": "/ready/",
    "event": "",
}
"""The builder's effects in their order, and what the key of each object has in it."""


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """The flywheel, the prefix of its topics, and when to die: such as `shard-2`, each of `deaths` once, in order.

    In `folder` a file of the death's name says that it was died.
    """

    flywheel: dict[str, Any]
    prefix: str
    folder: str
    deaths: tuple[str, ...] = ()


def renamed(topic: Topic[M], name: str) -> Topic[M]:
    """Give a topic like `topic`, of another name."""
    return replace(topic, name=name)
