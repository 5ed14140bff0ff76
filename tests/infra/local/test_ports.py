"""How ports are chosen."""

import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.local.ports import LOOPBACK, allocate, choose, is_free, is_open, read_ports, release, reserve, write_ports


@pytest.fixture
def taken() -> Iterator[int]:
    """Give a port that somebody listens on."""
    with socket.create_server((LOOPBACK, 0)) as server:
        yield server.getsockname()[1]


def test_a_port_that_is_listened_on_is_open_and_not_free(taken: int) -> None:
    """Both questions are asked of the kernel."""
    assert is_open(taken)
    assert not is_free(taken)


def test_the_first_wanted_port_that_is_free_is_chosen(taken: int) -> None:
    """The usual port unless somebody has it."""
    free = choose([], set())
    assert choose([taken, free], set()) == free


def test_another_is_found_when_all_wanted_ones_are_taken(taken: int) -> None:
    """A busy machine is no reason not to start."""
    assert is_free(choose([taken], set()))


def test_no_port_is_given_twice() -> None:
    """Two parts that want the same port get two."""
    free = choose([], set())
    chosen = allocate({"a": ["client"], "b": ["client"]}, {"a": {"client": free}, "b": {"client": free}})
    assert chosen["a"]["client"] == free
    assert chosen["b"]["client"] != free


def test_what_is_spoken_for_is_left_alone() -> None:
    """A service gets no port that a part, not started yet, will listen on."""
    free = choose([], set())
    assert allocate({"a": ["client"]}, {"a": {"client": free}}, spoken_for=[free])["a"]["client"] != free


def test_last_time_s_ports_go_before_the_usual_ones() -> None:
    """Clients keep what they were told."""
    seen: set[int] = set()
    last, usual = choose([], seen), choose([], seen)
    assert allocate({"a": ["client"]}, {"a": {"client": last}}, {"a": {"client": usual}}) == {"a": {"client": last}}


def test_ports_are_remembered_beside_those_of_others(tmp_path: Path) -> None:
    """Parts and services write the same file."""
    path = tmp_path / "ports.json"
    assert read_ports(path) == {}
    write_ports(path, {"kafka": {"client": 1}})
    write_ports(path, {"cleaner": {"METRICS": 2}})
    assert read_ports(path) == {"kafka": {"client": 1}, "cleaner": {"METRICS": 2}}


@pytest.mark.parametrize(
    "content", [b"", b'{\n  "kafka": {', b"[]", b'{"kafka": 9092}', b'{"kafka": {"client": "9092"}}', b'{"\xff": {}}']
)
def test_what_is_no_list_of_ports_counts_as_none(tmp_path: Path, content: bytes) -> None:
    """The next `up` chooses anew, and writes it over."""
    path = tmp_path / "ports.json"
    path.write_bytes(content)
    assert read_ports(path) == {}
    write_ports(path, {"kafka": {"client": 1}})
    assert read_ports(path) == {"kafka": {"client": 1}}


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let this process write no file beyond `size` bytes, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    """A disk that is full, or a kill, in the middle of it."""
    path = tmp_path / "ports.json"
    write_ports(path, {"kafka": {"client": 1}})
    with files_of_at_most(8), pytest.raises(OSError, match="too large"):
        write_ports(path, {"cleaner": {"METRICS": 2}})
    assert read_ports(path) == {"kafka": {"client": 1}}


def test_a_port_is_given_to_nobody_else_until_it_is_released() -> None:
    """Not even while the server that it belongs to is stopped; its own stack has it again."""
    port = choose([], set())
    assert not reserve(port)
    assert choose([port], set()) == port

    release([port])

    assert reserve(port)
    release([port])
