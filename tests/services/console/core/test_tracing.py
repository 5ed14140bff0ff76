"""How a trace is written out."""

from services.console.core.tracing import Event, Grave, Shelf, Trace, written_out
from shared.contracts.documents import AugmentedDocument, CleanDocument, NearDuplicate, RawDocument, RejectedDocument
from shared.contracts.identity import document_id
from tests.services.console.documents import augmented, clean, raw, rejected, url_of

Documents = RawDocument | CleanDocument | AugmentedDocument | RejectedDocument
ID = document_id(url_of("a"))
SHELF = Shelf(
    shard="datasets/site/shards/1.parquet",
    edition="e" * 16,
    split="train",
    rows={"page": 1, "title": 1},
    copies=2,
    status="live",
    source="site",
    url=url_of("a"),
)


def event(place: str, message: Documents, origin: str = "") -> Event:
    """Make an event."""
    return Event(id="0123456789abcdef", place=place, origin=origin, message=message)


def test_the_chain_reads_from_page_to_versions() -> None:
    """Each link names where it lies; what was made of a record stands below it."""
    near = CleanDocument(
        **{name: getattr(clean("a"), name) for name in CleanDocument.__struct_fields__ if name != "near_duplicate"},
        near_duplicate=NearDuplicate(cluster_id="c" * 16, similarity=0.9),
    )
    trace = Trace(
        document_id=ID,
        dataset="site",
        raw=(event("documents-raw/1/5", raw("a")),),
        clean=(event("documents-clean/1/4", near, "documents-raw/1/5"),),
        augmented=(
            event("documents-augmented/1/8", augmented("a"), "documents-clean/1/4"),
            event("documents-augmented/1/9", augmented("a", op="swap"), "documents-clean/1/4"),
        ),
        packs={"raw/site/pack.warc.gz": True},
        shelves=(SHELF,),
        head=4,
        ready=(2, 3),
        held_by=(3, 4),
    )

    lines = list(written_out(trace))

    assert [line.split()[0] for line in lines] == [
        *("page", "document", "fetched", "pack", "clean", "group", "near", "itself", "copy", "rows", "1", "versions"),
    ]
    text = "\n".join(lines)
    for said in (
        url_of("a"),
        "bytes 100 to 149",
        "en  “About a”  5 characters, rules 1-abcdef01  [documents-clean/1/4 0123456789ab]",
        "0.90 alike",
        "application=calc",
        "swap@1  seed 7",
        "1 page, 1 title, 2 copies; train, live",
        "site: 3 (ready), 4 (head) (of 2 ready versions and the head)",
    ):
        assert said in text
    assert "GONE" not in text


def test_what_went_wrong_is_seen() -> None:
    """A rejection with its detail, a dead letter, a pack that is gone, and no dataset yet."""
    trace = Trace(
        document_id=ID,
        dataset="site",
        raw=(event("documents-raw/1/5", raw("a")), event("documents-raw/1/6", raw("a"))),
        rejected=(event("documents-rejected/0/0", rejected("a"), "documents-raw/1/5"),),
        dead=(
            Grave(place="documents-raw-dlq/0/0", origin="documents-raw/1/6", error="BodyMissing", detail="x\x1b[2J"),
        ),
        packs={"raw/site/pack.warc.gz": False},
    )

    text = "\n".join(written_out(trace))

    assert "too-short by require-length: 3" in text
    assert "BodyMissing: x\\x1b[2J" in text
    assert text.count("GONE") == 2
    assert "has none yet" in text


def test_what_topics_have_forgotten_the_dataset_still_tells() -> None:
    """Retention removes messages; rows stay. A clean document whose raw record is gone is told by itself."""
    only_rows = "\n".join(written_out(Trace(document_id=ID, dataset="site", shelves=(SHELF,), head=1)))
    assert url_of("a") in only_rows
    no_raw = "\n".join(
        written_out(Trace(document_id=ID, dataset="site", clean=(event("documents-clean/1/4", clean("a")),)))
    )
    assert "“About a”" in no_raw
    assert "no longer known" in "\n".join(written_out(Trace(document_id=ID, dataset="site")))
