"""The service: its source, its work, and where outcomes go."""

from functools import partial
from pathlib import Path
from typing import Final

from services.augmenter.core.augment import augment_all, body_to_copy, route
from services.augmenter.core.plan import Plan, UnknownAugmentation
from services.augmenter.core.synonym_list import MalformedSynonyms, SynonymList, parse_synonyms
from shared.contracts.documents import CleanDocument
from shared.contracts.topics import DOCUMENTS_CLEAN
from shared.flywheel.config import Flywheel
from shared.flywheel.load import configured_flywheel
from shared.settings import FlywheelSettings, SettingsError, StoreSettings, load
from shared.stream.service import StreamService

NAME: Final = "augmenter"


class UnreadableSynonyms(Exception):
    """The file of synonyms that the flywheel names can't be read."""


def service() -> StreamService[CleanDocument]:
    """Make the service that the flywheel's file asks for; raises `SettingsError`."""
    flywheel = configured_flywheel()
    try:
        return build(flywheel, load(FlywheelSettings).config.parent, load(StoreSettings).bucket)
    except (UnreadableSynonyms, MalformedSynonyms, UnknownAugmentation) as error:
        raise SettingsError(str(error)) from error


def build(flywheel: Flywheel, folder: Path, bucket: str) -> StreamService[CleanDocument]:
    """Make the service; `folder` is that of the flywheel's file.

    Raises `UnreadableSynonyms`, `MalformedSynonyms`, `UnknownAugmentation`.
    """
    plan = Plan(flywheel, bucket, read_synonyms(flywheel, folder))
    return StreamService(
        name=NAME,
        source=DOCUMENTS_CLEAN,
        process=partial(augment_all, plan),
        route=route,
        rule_set=plan.rule_set,
        claim=partial(body_to_copy, plan),
    )


def read_synonyms(flywheel: Flywheel, folder: Path) -> SynonymList:
    """Read the list that the flywheel names; an empty one where it names none."""
    named = flywheel.augmentation.synonyms
    if named is None:
        return SynonymList()
    file = folder / named
    try:
        return parse_synonyms(file.read_text("utf-8"), str(file))
    except (OSError, UnicodeError) as error:
        raise UnreadableSynonyms(f"augmentation.synonyms = {named!r}: {file} can't be read: {error}") from error
