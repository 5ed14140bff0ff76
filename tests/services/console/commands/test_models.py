"""Tests of `millrace models` as a person meets it, on the real store and broker."""

import json
import secrets
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from typer.testing import CliRunner, Result

from infra.local.servers import Endpoints
from services.console.cli import app
from services.console.terminal import NotDone
from shared.contracts.message import decode
from shared.contracts.releases import ModelPublished
from shared.io.s3 import S3ObjectStore
from shared.models.keys import KeyFiles
from shared.models.manifest import file_key
from shared.models.signing import Signer, Trust
from shared.models.store import ModelStore
from shared.settings import KafkaSettings
from shared.stream.topic_reader import TopicReader
from tests.services.console.harness import Shell
from tests.shared.models.builders import AT, manifest, verdict
from tests.shared.models.test_verify import FILES

pytestmark = pytest.mark.integration

CONFIG = """
[[sources]]
name = "s"
start_urls = ["http://x.org/"]
licence = "MPL-2.0"

[sources.labels.application]
path = "/(a|b)/"

[dataset]
name = "support-router"

[[tasks]]
name = "{name}"
label = "application"
"""


class Place(NamedTuple):
    """A model that nobody else has, and the settings with which it is found."""

    store: ModelStore
    signer: Signer
    files: Path

    def run(self, *arguments: str) -> Result:
        """Run `millrace models`; what it raises is raised."""
        result = CliRunner().invoke(app, ["models", *arguments, "--model", self.store.model])
        if isinstance(result.exception, NotDone):
            raise result.exception
        return result

    def said(self, *arguments: str) -> str:
        """Run one that is done, and give what it said."""
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        return result.output

    def publish(self, run: str, signer: Signer | None = None) -> int:
        """Publish a version of a few files."""
        entries = {}
        for number, (name, data) in enumerate(FILES.items()):
            path = self.files / str(number)
            path.write_bytes(data)
            entries[name] = self.store.put_file(path)
        made = manifest(entries, model=self.store.model, run=run)
        return self.store.publish(made, signer or self.signer).version


@pytest.fixture
def place(servers: Endpoints, s3_store: S3ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Give a model without versions, in a home that has a key."""
    for name, value in {**servers.environment, "MILLRACE_HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    files = KeyFiles(tmp_path / "keys" / "signing.pem", tmp_path / "keys" / "trusted")
    files.make()
    (tmp_path / "files").mkdir()
    store = ModelStore(s3_store, f"topic-{secrets.token_hex(4)}")
    return Place(store, Signer.from_file(files.signing), tmp_path / "files")


@pytest.fixture
def champion(place: Place) -> Place:
    """Give a model of three versions: the second follows the first, and the gate kept it against the third."""
    for number in range(3):
        place.publish(f"topic/{number:08d}/ngrams")
    model = place.store.model
    for one in (verdict(1, None), verdict(2, 1, reason="better by 1.2 points"), verdict(3, 2, "keep", reason="worse")):
        place.store.record_verdict(msgspec.structs.replace(one, model=model))
    place.store.promote(1, over=None, verdict="a", by="trainer", reason="first", at=AT)
    place.store.promote(2, over=1, verdict="b", by="trainer", reason="better", at=AT)
    return place


def events(place: Place, servers: Endpoints) -> list[ModelPublished]:
    """Read what gateways were told of the model."""
    reader = TopicReader(KafkaSettings(bootstrap_servers=servers.kafka_bootstrap))
    told = [decode(ModelPublished, record.value or b"") for record in reader.read("models-published")]
    return [one for one in told if one.model == place.store.model]


def test_without_a_model_every_command_says_so(place: Place) -> None:
    """And what makes one; none is a traceback."""
    assert place.said("list") == f"Model {place.store.model} has no version yet.\n"
    assert place.said("list", "--json") == "[]\n"
    assert place.said("history") == f"Model {place.store.model} has no champion yet.\n"
    assert place.said("verify", "--all") == ""
    for command in (("show",), ("why",), ("verify",), ("promote", "1")):
        with pytest.raises(NotDone, match="has no version"):
            place.run(*command)
    with pytest.raises(NotDone, match="no previous version to roll back to"):
        place.run("rollback")


def test_versions_are_listed_and_shown(champion: Place) -> None:
    """By default the champion."""
    table = [line.split()[:2] for line in champion.said("list").splitlines()[1:]]
    assert table[:2] == [["1", "previous"], ["2", "champion"]]
    key_id = champion.signer.key_id
    shown = champion.said("show")
    for words in ("2, champion", f"signed by       {key_id}", "# A model"):
        assert words in shown
    assert ["test.page:zh", "0.920", "0.900"] in [line.split() for line in shown.splitlines()]
    told = json.loads(champion.said("show", "1", "--json"))
    assert (told["version"], told["signed_by"], told["card"].splitlines()[0]) == (1, key_id, "# A model")


def test_why_is_told_with_every_check(champion: Place) -> None:
    """Of the version, and of the champion that it lost against."""
    told = champion.said("why", "3")
    for words in (
        "keep the champion. worse",
        "never was champion",
        "The champion is version 2.",
        "better by 1.2 points",
    ):
        assert words in told
    assert "accuracy  passed  0.012  0" in told
    found = json.loads(champion.said("why", "--json"))
    assert (found["version"], found["champion"], found["changes"][0]["by"]) == (2, None, "trainer")


def test_a_version_is_promoted_and_rolled_back_by_hand(champion: Place, servers: Endpoints, shell: Shell) -> None:
    """Asked first, kept with who and why, and told to gateways."""
    assert shell.run("topics", "apply").returncode == 0
    with pytest.raises(NotDone, match="Say --yes"):
        champion.run("promote", "3")
    assert events(champion, servers) == []
    told = champion.said("promote", "3", "--reason", "a customer waits", "--yes")
    for words in ("Verifying version 3", "keep the champion. worse", "Version 3 is the champion"):
        assert words in told
    assert champion.said("promote", "3") == "Version 3 is the champion already.\n"
    assert "Version 2 is the champion" in champion.said("rollback", "--yes")
    assert [(one.version, one.previous_version) for one in events(champion, servers)] == [(3, 2), (2, 3)]
    kept = json.loads(champion.said("history", "--json"))
    assert [(one["champion"], one["reason"]) for one in kept] == [
        (1, "first"), (2, "better"), (3, "a customer waits"), (2, "")
    ]  # fmt: skip
    assert "@" in kept[2]["by"]
    assert champion.said("history").splitlines()[3].split()[0] == "#3"


def test_what_does_not_verify_is_not_promoted(champion: Place) -> None:
    """A file with one byte changed; the champion is what it was."""
    entry = champion.store.read(1, Trust([champion.signer.public_key])).files["card.md"]
    store, key = champion.store.store, file_key(champion.store.model, entry.sha256)
    store.put(key, store.get(key).replace(b"model", b"modem"))
    for command in (("promote", "3", "--yes"), ("rollback", "--yes")):
        with pytest.raises(NotDone, match="no gateway would serve it; nothing was done"):
            champion.run(*command)
    aliases = champion.store.aliases()
    assert aliases is not None
    assert aliases.champion == 2
    with pytest.raises(NotDone, match="3 problems in version 1, 2, 3"):
        champion.run("verify", "--all")


def test_a_sound_version_is_verified(champion: Place) -> None:
    """How many files, and who signed; one of a stranger isn't."""
    told = champion.said("verify")
    assert told.startswith("Version 2 is verified: 6 files of ")
    assert told.endswith(f", signed by {champion.signer.key_id}.\n")
    other = KeyFiles(champion.files / "other.pem", champion.files / "others")
    other.make()
    stranger = champion.publish("topic/00000009/ngrams", Signer.from_file(other.signing))
    with pytest.raises(NotDone, match="1 problem in version 4"):
        champion.run("verify", str(stranger))
    assert "no such key" in champion.said("list").splitlines()[-1]
    report = json.loads(champion.said("verify", "1", "--json"))
    assert report[0]["problems"] == []
    assert champion.run("verify", "1", "--all").exit_code == 2


def test_the_model_is_the_flywheels_task(champion: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Unless another is named; where there are several, one must be, and a wrong name is refused."""
    config = tmp_path / "millrace.toml"
    monkeypatch.setenv("MILLRACE_CONFIG", str(config))
    config.write_text(CONFIG.format(name=champion.store.model))
    assert CliRunner().invoke(app, ["models", "list"]).output == champion.said("list")
    config.write_text(config.read_text() + '[[tasks]]\nname = "other"\nlabel = "application"\n')
    several = CliRunner().invoke(app, ["models", "list"])
    wrong = CliRunner().invoke(app, ["models", "list", "--model", "../other"])
    assert (several.exit_code, "2 tasks" in several.output, champion.store.model in several.output) == (2, True, True)
    assert (wrong.exit_code, "--model" in wrong.output) == (2, True)
