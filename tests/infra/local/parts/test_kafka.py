"""Kafka's command and configuration; the broker itself is tested in test_servers.py."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.local.home import Home
from infra.local.parts import kafka
from infra.local.parts.place import PartError, Place
from infra.local.places import settle
from infra.local.ports import LOOPBACK
from infra.local.processes import Command, of_stack
from infra.local.server import Server
from infra.stack import load_stack


@pytest.fixture
def place(home: Home) -> Place:
    """Give Kafka's place, with a folder that looks formatted."""
    place = settle(home, load_stack(), ["kafka"], usual_ports=False)["kafka"]
    place.data.mkdir()
    (place.data / "meta.properties").touch()
    return place


def test_the_broker_listens_on_loopback_and_makes_no_topics(place: Place) -> None:
    """What stack.toml says reaches server.properties, beside the listeners."""
    *_, main, config = kafka.command(place).arguments
    properties = dict(line.split("=", 1) for line in Path(config).read_text(encoding="utf-8").splitlines())
    assert main == "kafka.Kafka"
    assert properties["listeners"] == (
        f"PLAINTEXT://127.0.0.1:{place.port},CONTROLLER://127.0.0.1:{place.ports['controller']}"
    )
    assert properties["auto.create.topics.enable"] == "false"
    assert properties["log.dirs"] == str(place.data)


def test_missing_jars_are_told_with_the_remedy(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead of Java's ClassNotFoundException."""
    monkeypatch.setattr(kafka, "kafka_folder", lambda: tmp_path / "nowhere")
    with pytest.raises(PartError, match="Remedy: make setup"):
        kafka.command(place)


def test_the_class_cache_is_another_for_other_flags() -> None:
    """Java would refuse one that was made with another collector."""
    part = load_stack().parts["kafka"]
    other = type(part)(**{name: getattr(part, name) for name in part.__struct_fields__} | {"jvm": ("-Xmx1g",)})
    assert kafka.class_cache(part) == kafka.class_cache(part)
    assert kafka.class_cache(part) != kafka.class_cache(other)


def test_no_cluster_id_looks_like_an_option() -> None:
    """One in 64 random ones would."""
    ids = {kafka.new_cluster_id() for _ in range(2_000)}
    assert len(ids) == 2_000
    assert not any(cluster.startswith("-") for cluster in ids)


@contextmanager
def peer(port: int, answer: bytes) -> Iterator[None]:
    """Take one request at `port`, answer it and hang up."""
    with socket.create_server((LOOPBACK, port)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(64)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join()


@pytest.mark.parametrize("answer", [b"", b"HTTP"])
def test_who_hangs_up_before_the_answer_is_whole_is_not_ready(place: Place, answer: bytes) -> None:
    """A broker that is stopping, or another program at its port."""
    with peer(place.port, answer):
        assert not Server(place).is_ready()


def test_a_formatting_that_never_ends_is_ended_and_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that hangs ends neither the supervisor nor the other parts."""
    (place.data / "meta.properties").unlink()
    monkeypatch.setattr(kafka, "_FORMAT_SECONDS", 0.1)
    monkeypatch.setattr(kafka, "java", lambda *_: Command(["sleep", "600"], {}, place.log))
    with pytest.raises(PartError, match="was not formatted in"):
        kafka.command(place)
    assert of_stack(place.home) == []
