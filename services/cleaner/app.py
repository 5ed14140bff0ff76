"""The service: its source, its work, where outcomes go, and who settles them."""

import sys
from functools import partial
from typing import Final, NamedTuple

from services.cleaner.core.clean import Rules, clean_batch, route, rule_set_of
from services.cleaner.duplicates import DuplicateSettler
from services.cleaner.rebuild import IndexRebuild
from shared.contracts.documents import RawDocument
from shared.contracts.message import ClaimCheck
from shared.contracts.topics import DOCUMENTS_RAW
from shared.datasets.store import DatasetStore
from shared.flywheel.config import Flywheel
from shared.io.deny_list import DenyList
from shared.io.duplicate_index import ValkeyDuplicateIndex
from shared.io.object_store import ObjectStore
from shared.settings import CacheSettings, SettingsError, StoreSettings, load
from shared.stream.assembly import MakeSettler
from shared.stream.exits import Exit
from shared.stream.service import StreamService
from shared.stream.worker import configured

NAME: Final = "cleaner"


class Cleaner(NamedTuple):
    """What the process runs: the pure work, and what settles its outcomes."""

    service: StreamService[RawDocument]
    make_settler: MakeSettler


def configured_cleaner() -> Cleaner:
    """Make the cleaner of the flywheel's file; where that can't be, ends the process with 78 and why."""
    flywheel = configured(NAME)
    try:
        return Cleaner(service(flywheel, load(StoreSettings).bucket), partial(settler, flywheel, load(CacheSettings)))
    except SettingsError as error:
        sys.stderr.write(f"{NAME}: {error}\n")
        raise SystemExit(Exit.HALTED) from error


def service(flywheel: Flywheel, bucket: str) -> StreamService[RawDocument]:
    """Make the cleaner's work; texts that are too long for a record go to `bucket`."""
    rule_set = rule_set_of(flywheel.cleaning)
    return StreamService(
        name=NAME,
        source=DOCUMENTS_RAW,
        process=partial(clean_batch, Rules(flywheel, bucket, rule_set)),
        route=route,
        rule_set=rule_set,
        claim=page_of,
    )


def page_of(document: RawDocument) -> ClaimCheck:
    """Name the bytes of `document`'s page."""
    return document.body


def settler(flywheel: Flywheel, cache: CacheSettings, store: ObjectStore) -> DuplicateSettler:
    """Make what says of each document whether its text was seen before; its index is in `cache`."""
    index, deny_list = ValkeyDuplicateIndex.from_settings(cache), DenyList(store)
    rebuild = IndexRebuild(index, DatasetStore(store, flywheel.dataset.name), deny_list)
    return DuplicateSettler(index, deny_list, rebuild, similarity=flywheel.cleaning.near_duplicate_similarity)
