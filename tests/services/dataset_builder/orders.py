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
    """The flywheel, the prefix of its topics, and what shall befall the builders after which effects.

    A blow such as `kill-shard-2` comes right after a process' second shard, one such as `stop-shard-2` freezes it
    there. Each comes once, in order, and is written down in `folder` first: a file of its name with the process' id.
    """

    flywheel: dict[str, Any]
    prefix: str
    folder: str
    blows: tuple[str, ...] = ()


def renamed(topic: Topic[M], name: str) -> Topic[M]:
    """Give a topic like `topic`, of another name."""
    return replace(topic, name=name)
