"""The service: its source, its work, and where outcomes go."""

import sys
from functools import partial
from typing import Final

from services.cleaner.core.clean import Rules, clean_batch, route, rule_set_of
from shared.contracts.documents import RawDocument
from shared.contracts.message import ClaimCheck
from shared.contracts.topics import DOCUMENTS_RAW
from shared.flywheel.config import Flywheel
from shared.settings import SettingsError, StoreSettings, load
from shared.stream.exits import Exit
from shared.stream.service import StreamService
from shared.stream.worker import configured

NAME: Final = "cleaner"


def configured_service() -> StreamService[RawDocument]:
    """Make the cleaner of the flywheel's file; where that can't be, ends the process with 78 and why."""
    flywheel = configured(NAME)
    try:
        return service(flywheel, load(StoreSettings).bucket)
    except SettingsError as error:
        sys.stderr.write(f"{NAME}: {error}\n")
        raise SystemExit(Exit.HALTED) from error


def service(flywheel: Flywheel, bucket: str) -> StreamService[RawDocument]:
    """Make the cleaner of `flywheel`; texts that are too long for a record go to `bucket`."""
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
