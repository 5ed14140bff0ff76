"""A model as the console's commands work with it: its versions, who signed them, and which one serves."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from services.console.core.models import Report, VersionLine, Why, names_of
from services.console.desk import PATIENCE
from services.console.terminal import NotDone
from shared.io.object_store import ObjectStore
from shared.io.s3 import S3ObjectStore
from shared.models.aliases import Aliases
from shared.models.files import DamagedFile
from shared.models.manifest import CARD, ModelManifest
from shared.models.signing import Trust, Untrusted
from shared.models.store import ModelStore, NoSuchModelVersion
from shared.models.verdict import Verdict
from shared.models.verify import problems
from shared.settings import SigningSettings, StoreSettings, load

LOOK: Final = "See what there is: millrace models list"


class Shelf(NamedTuple):
    """A model, and the keys that are believed."""

    store: ModelStore
    trust: Trust

    @classmethod
    def of(cls, objects: ObjectStore, model: str) -> "Shelf":
        """Give the model of this name; raises `UnusableKey`."""
        return cls(ModelStore(objects, model), Trust.from_folder(load(SigningSettings).trusted_folder))

    def chosen(self, version: int | None) -> int:
        """Give a version that is there, by default the champion, or else the newest; raises `NotDone`."""
        if version is None:
            aliases, versions = self.store.aliases(), self.store.versions()
            if not versions:
                raise NotDone(
                    f"model {self.store.model} has no version yet. The trainer makes one of a dataset version that is "
                    "ready; see whether one is: millrace datasets list"
                )
            return versions[-1] if aliases is None else aliases.champion
        if version not in self.store.versions():
            raise NotDone(f"model {self.store.model} has no version {version}. {LOOK}")
        return version

    def read(self, version: int) -> ModelManifest:
        """Read a version; raises `NotDone` for one that can't be trusted."""
        try:
            return self.store.read(version, self.trust)
        except (NoSuchModelVersion, Untrusted) as error:
            raise NotDone(f"{error}. See who is believed: millrace keys signing show") from error

    def signed_by(self, version: int) -> str:
        """Name the key that signed a version; raises `Untrusted`."""
        return self.trust.opened(self.store.envelope(version)).key_id

    def line(self, version: int, aliases: Aliases | None) -> VersionLine:
        """Say what a list says of a version, also of one that can't be trusted."""
        try:
            return VersionLine.of(self.store.read(version, self.trust), aliases)
        except Untrusted as error:
            return VersionLine(version=version, aliases=names_of(version, aliases), problem=str(error))

    def card(self, manifest: ModelManifest) -> bytes:
        """Read a version's card, empty where it has none; raises `NotDone` for one that was altered."""
        entry = manifest.files.get(CARD)
        if entry is None:
            return b""
        try:
            with TemporaryDirectory() as folder:
                return self.store.files.fetch(entry, Path(folder)).read_bytes()
        except DamagedFile as error:
            raise NotDone(f"the card can't be shown: {error}") from error

    def report(self, version: int) -> Report:
        """Verify a version that is there."""
        found = problems(self.store, version, self.trust)
        try:
            files = self.store.read(version, self.trust).files.values()
            signed_by = self.signed_by(version)
        except Untrusted:  # which is what was found
            return Report(version=version, problems=found)
        held = sum(entry.bytes for entry in files)
        return Report(version=version, files=len(files), bytes=held, signed_by=signed_by, problems=found)

    def verdicts_on(self, version: int) -> list[Verdict]:
        """Read what the gate said of a version, in the order of the champions that it was held against."""
        return [verdict for verdict in self.store.verdicts() if verdict.candidate == version]

    def why(self, version: int) -> Why:
        """Read what was said of a version, and how it became champion; the same of the champion, if it is another."""
        changes, aliases = self.store.history(), self.store.aliases()
        return Why(
            version=version,
            verdicts=self.verdicts_on(version),
            changes=[one for one in changes if one.champion == version],
            champion=None if aliases is None or aliases.champion == version else self.why(aliases.champion),
        )


@contextmanager
def shelf(model: str) -> Iterator[Shelf]:
    """Open a model for as long as the block lasts."""
    with closing(S3ObjectStore.from_settings(load(StoreSettings), PATIENCE)) as objects:
        yield Shelf.of(objects, model)
