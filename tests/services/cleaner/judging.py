"""A process that judges planted pairs in step with another: `python -m tests.services.cleaner.judging SPACE`.

It reads lines: each names the members that it is to judge at once, and is answered by a line of their verdicts.
"""

import json
import os
import random
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Final

from pydantic import SecretStr

from shared.io.duplicate_index import ValkeyDuplicateIndex, Verdict
from shared.settings import CacheSettings
from tests.shared.io.planted import SIMILARITY, Text, changed, document, texts

PAIRS_OF_A_KIND: Final = 1_000
PLACE: Final = 100
"""Which word of the second of a near pair is another."""

Member = tuple[int, int]
"""The number of a pair, of which even ones are near and odd ones exact duplicates; and 0 or 1."""


def planted() -> dict[Member, Text]:
    """Make every member of every pair, the same in each process."""
    return dict(_members(random.Random(17)))


def main(space: str) -> None:
    """Judge what the lines name until they end."""
    known = planted()
    settings = CacheSettings(url=SecretStr(os.environ["CACHE_URL"]))
    with closing(ValkeyDuplicateIndex.from_settings(settings, space)) as index:
        _say("ready")
        for line in sys.stdin:
            members: list[list[int]] = json.loads(line)
            verdicts = index.judge([known[number, member] for number, member in members], SIMILARITY)
            _say([(one.duplicate_of, one.cluster_id, one.similarity) for one in verdicts])


def heard(line: str) -> list[Verdict]:
    """Read what a worker answered."""
    return [Verdict(*fields) for fields in json.loads(line)]


def _members(chance: random.Random) -> Iterator[tuple[Member, Text]]:
    for number, words in enumerate(texts(chance, 2 * PAIRS_OF_A_KIND)):
        yield (number, 0), document(f"{number}/0", words)
        yield (number, 1), document(f"{number}/1", words if number % 2 else changed(words, PLACE))


def _say(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
