"""Tests of the service's shell."""

import pickle
from pathlib import Path

import pytest

from services.cleaner.app import configured_cleaner, page_of, service
from services.cleaner.core.clean import rule_set_of
from shared.contracts.topics import DOCUMENTS_RAW
from shared.settings import SettingsError
from tests.services.cleaner.builders import BUCKET, flywheel, received


def test_the_service_reads_pages_and_their_bytes() -> None:
    """Its rule set is the flywheel's, and all of it can go to another process."""
    cleaner = service(flywheel(revision=3), BUCKET)
    assert (cleaner.name, cleaner.source) == ("cleaner", DOCUMENTS_RAW)
    assert cleaner.rule_set == rule_set_of(flywheel(revision=3).cleaning)
    assert cleaner.claim is page_of
    process = pickle.loads(pickle.dumps(cleaner.process))  # noqa: S301 - our own bytes
    [outcome] = process([received()])
    assert outcome.messages[0].lineage.rule_set == cleaner.rule_set


def test_the_claim_is_the_page() -> None:
    """A range of a pack."""
    record = received()
    assert page_of(record.message) == record.message.body


@pytest.mark.parametrize("missing", ["S3_ENDPOINT", "CACHE_URL"])
def test_a_cleaner_without_its_servers_is_not_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, missing: str
) -> None:
    """What is missing is said."""
    config = tmp_path / "millrace.toml"
    config.write_text(
        "[[sources]]\nname = 'help'\nstart_urls = ['http://127.0.0.1:1/']\nlicence = 'MIT'\n[dataset]\nname = 'help'\n"
    )
    monkeypatch.setenv("MILLRACE_CONFIG", str(config))
    monkeypatch.setenv("MILLRACE_HOME", str(tmp_path))
    told = {"S3_ENDPOINT": "http://127.0.0.1:1", "S3_ACCESS_KEY": "a", "S3_SECRET_KEY": "b", "CACHE_URL": "redis://x"}
    for name, value in told.items():
        monkeypatch.setenv(name, "" if name == missing else value)
    with pytest.raises(SettingsError, match=missing):
        configured_cleaner()
