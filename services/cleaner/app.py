"""The service: its source, its work, where outcomes go, and who settles them."""

from collections.abc import Callable
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
from shared.flywheel.load import configured_flywheel
from shared.io.deny_list import DenyList
from shared.io.duplicate_index import DuplicateIndex, ValkeyDuplicateIndex
from shared.io.object_store import ObjectStore
from shared.io.retry import RetryPolicy
from shared.settings import CacheSettings, StoreSettings, StreamSettings, load
from shared.stream.assembly import MakeSettler
from shared.stream.service import StreamService

NAME: Final = "cleaner"


class Cleaner(NamedTuple):
    """What the process runs: the pure work, and what settles its outcomes."""

    service: StreamService[RawDocument]
    make_settler: MakeSettler


def configured_cleaner() -> Cleaner:
    """Make the cleaner of the flywheel's file; raises `SettingsError`."""
    flywheel = configured_flywheel()
    index = partial(
        ValkeyDuplicateIndex.from_settings,
        load(CacheSettings),
        policy=RetryPolicy(total_seconds=load(StreamSettings).outage_seconds),
    )
    return Cleaner(service(flywheel, load(StoreSettings).bucket), partial(settler, flywheel, index))


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


def settler(flywheel: Flywheel, make_index: Callable[[], DuplicateIndex], store: ObjectStore) -> DuplicateSettler:
    """Make what says of each document whether its text was seen before."""
    index, deny_list = make_index(), DenyList(store)
    rebuild = IndexRebuild(index, DatasetStore(store, flywheel.dataset.name), deny_list)
    return DuplicateSettler(index, deny_list, rebuild, similarity=flywheel.cleaning.near_duplicate_similarity)
