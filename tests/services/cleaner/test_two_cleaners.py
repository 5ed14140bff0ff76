"""Two processes that judge twins at the same moment never take both for duplicates of each other, nor neither."""

import json
import os
import random
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import IO

import pytest

from infra.local.servers import Endpoints
from shared.io.duplicate_index import ValkeyDuplicateIndex, Verdict
from tests.services.cleaner.judging import PAIRS_OF_A_KIND, Member, heard, planted

AT_ONCE = 20
WAIT_SECONDS = 60

Verdicts = dict[Member, Verdict]


@dataclass(frozen=True)
class Worker:
    """A process that judges (see `judging`)."""

    lines: IO[str]
    answers: IO[str]

    def ask(self, members: Sequence[Member]) -> None:
        """Have it judge, without waiting for the answer."""
        self.lines.write(json.dumps(members) + "\n")
        self.lines.flush()


@pytest.mark.integration
def test_of_two_twins_exactly_one_is_the_duplicate(servers: Endpoints) -> None:
    """Of 1,000 near and 1,000 exact pairs, each pair split between two processes, the later one is told of the first.

    What comes again, in another order and to another process, has the verdict that it had.
    """
    with _workers(servers) as workers:
        numbers = range(2 * PAIRS_OF_A_KIND)
        judged = _judge(workers, [(number, number // 2 % 2) for number in numbers])
        others = list(numbers)
        random.Random(5).shuffle(others)
        again = _judge(workers, [(number, 1 - number // 2 % 2) for number in others])

    texts = planted()
    firsts = [member for member, verdict in judged.items() if verdict == Verdict()]
    assert {number for number, _ in firsts} == set(numbers), "a pair was lost, or taken for unlike"
    assert len(firsts) == len(numbers), "a pair was taken for unlike"
    for number, first in firsts:
        owner, found = texts[number, first].document_id, judged[number, 1 - first]
        assert (found.duplicate_of, found.cluster_id) == ((owner, "") if number % 2 else ("", owner[:16]))
    # Both were first at times: they did meet.
    assert len({(first + number // 2) % 2 for number, first in firsts}) == 2
    assert again == judged


def _judge(workers: Sequence[Worker], members: Sequence[Member]) -> Verdicts:
    """Give one member of each pair to the first worker and its twin to the second, some pairs at once, in step."""
    verdicts: Verdicts = {}
    for start in range(0, len(members), AT_ONCE):
        ours = members[start : start + AT_ONCE]
        shares = (ours, [(number, 1 - member) for number, member in ours])
        for worker, share in zip(workers, shares, strict=True):
            worker.ask(share)
        for worker, share in zip(workers, shares, strict=True):
            verdicts |= dict(zip(share, heard(worker.answers.readline()), strict=True))
    return verdicts


@contextmanager
def _workers(servers: Endpoints) -> Iterator[list[Worker]]:
    """Run two workers on an index of their own, which is whole."""
    space = f"test-{secrets.token_hex(6)}"
    with closing(ValkeyDuplicateIndex.from_settings(servers.cache, space)) as index, ExitStack() as stack:
        assert index.begin_rebuild("test", 10)
        assert index.finish_rebuild("test")
        yield [stack.enter_context(_worker(servers, space)) for _ in range(2)]


@contextmanager
def _worker(servers: Endpoints, space: str) -> Iterator[Worker]:
    command = [sys.executable, "-m", "tests.services.cleaner.judging", space]
    environment = os.environ | {"CACHE_URL": servers.cache.url.get_secret_value()}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == '"ready"\n'
        yield Worker(process.stdin, process.stdout)
        process.stdin.close()
        assert process.wait(WAIT_SECONDS) == 0
