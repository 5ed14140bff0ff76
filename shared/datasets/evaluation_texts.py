"""The texts that a version is judged on, for training rows that say the same to be left out.

Near duplicates of whole pages are kept out by the builder. Short texts repeat from page to page: of LibreOffice's help
28 % of the training rows say word for word what an evaluation row says, most of them headings. Which rows those are is
true of one version only, for pages come and are forgotten; so it is asked when a version is read.
"""

from shared.contracts.split import Split
from shared.datasets.manifest import Manifest
from shared.datasets.order import Order
from shared.datasets.reader import DatasetReader, Selection, Shards
from shared.text.fingerprint import text_hash

JUDGING = (Split.VALIDATION, Split.TEST)


def evaluation_texts(shards: Shards, manifest: Manifest) -> frozenset[bytes]:
    """Give the `text_hash` of each live row in validation and test, for `Selection.without`; raises as readers do."""
    return frozenset(
        text_hash(record["text"])
        for split in JUDGING
        for record in DatasetReader(shards, manifest, Selection(columns=("text",), split=split), Order())
    )
