"""Puts another version in the champion's place by hand, and tells the gateways."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from services.console.model_shelf import LOOK, Shelf
from services.console.terminal import NotDone
from shared.contracts.topics import MODELS_PUBLISHED
from shared.io.outage import Outage
from shared.io.producer import Producer
from shared.io.record import record_of
from shared.models.aliases import Aliases
from shared.models.published import event_id, published
from shared.models.store import ChampionChanged, ModelStore, NoPrevious


class Swap(NamedTuple):
    """What changes the champion: who, why and when, and how others are told of it."""

    shelf: Shelf
    producer: Producer
    bucket: str
    by: str
    reason: str
    at: datetime

    def promote(self, version: int, over: int | None) -> Aliases:
        """Let `version` serve in place of `over`, and give the aliases; raises `NotDone`."""
        return self._change(
            lambda store: store.promote(version, over=over, verdict="", by=self.by, reason=self.reason, at=self.at)
        )

    def rollback(self, over: int) -> Aliases:
        """Let the version before `over` serve again, and give the aliases; raises `NotDone`."""
        return self._change(lambda store: store.rollback(by=self.by, reason=self.reason, at=self.at, over=over))

    def _change(self, change: Callable[[ModelStore], Aliases]) -> Aliases:
        try:
            aliases = change(self.shelf.store)
        except (ChampionChanged, NoPrevious) as error:
            raise NotDone(f"nothing was done: {error}. {LOOK}") from error
        try:
            self._tell(aliases)
        except Outage as error:
            raise NotDone(
                f"version {aliases.champion} is the champion, but {MODELS_PUBLISHED.name} could not be told: {error}. "
                "Gateways look for themselves every few seconds, so there is nothing to do again."
            ) from error
        return aliases

    def _tell(self, aliases: Aliases) -> None:
        """Send the event and wait until Kafka has it."""
        manifest = self.shelf.read(aliases.champion)
        message = published(manifest, aliases, self.shelf.store.envelope(aliases.champion), self.bucket)
        envelope = MODELS_PUBLISHED.envelope(message, event_id(manifest.model, aliases), "console", aliases.at)
        self.producer.send(record_of(MODELS_PUBLISHED, message, envelope)).result()
