"""What is made of a clean document."""

import hashlib
import pickle
from typing import Any

import msgspec
import pytest

from services.augmenter.core.augment import UnreadableText, augment, augment_all, body_to_copy, route, seed_of
from services.augmenter.core.augmentations import AUGMENTATIONS
from shared.contracts.documents import AugmentedDocument, CleanDocument, RejectedDocument
from shared.contracts.identity import NotAUrl
from shared.contracts.message import INLINE_LIMIT_BYTES, ClaimCheck
from shared.contracts.split import Split, split_of
from shared.stream.service import Outcome, Route
from tests.services.augmenter.builders import BUCKET, CHINESE, ENGLISH, PARENT, clean, plan, received

EVERY = tuple(AUGMENTATIONS)
LONG = "A word. " * 10_000


def made_of(document: CleanDocument, *operations: str, **augmentation: Any) -> list[AugmentedDocument]:  # noqa: ANN401
    """Give what is made of `document`, the original first."""
    outcome = augment(plan(*operations, **augmentation), received(document))
    return [message for message in outcome.messages if isinstance(message, AugmentedDocument)]


def stored(text: str, encoding: str = "identity") -> tuple[CleanDocument, bytes]:
    """Build a document whose text is in S3, and give the object."""
    data = text.encode()
    claim = ClaimCheck(
        bucket=BUCKET,
        key="texts/1",
        offset=0,
        length=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        encoding=encoding,
    )
    return clean("", body=claim), data


def with_lineage(document: CleanDocument, **changes: Any) -> CleanDocument:  # noqa: ANN401 - any field
    """Change the lineage of `document`."""
    return msgspec.structs.replace(document, lineage=msgspec.structs.replace(document.lineage, **changes))


def test_the_original_is_the_clean_document_with_its_labels() -> None:
    """Everything else is carried on, its lineage as it came."""
    document = clean()
    [original] = made_of(document)
    said = {name: getattr(document, name) for name in document.__struct_fields__}
    assert original == AugmentedDocument(**said | {"labels": {"application": "Calc"}})


@pytest.mark.parametrize(
    ("came", "labels"),
    [
        ({"application": "Base"}, {"application": "Base"}),
        ({"topic": "style"}, {"application": "Calc", "topic": "style"}),
    ],
)
def test_labels_that_came_with_the_document_win(came: dict[str, str], labels: dict[str, str]) -> None:
    """A person has given them; a rule has only guessed."""
    assert made_of(clean(labels=came))[0].labels == labels


def test_a_copy_says_which_augmentation_made_it_of_which_event() -> None:
    """The rest of its lineage is the original's, as are title, labels and the near duplicate; it has no signature."""
    document = clean()
    original, copy = made_of(document, "swap", seed=3)
    assert copy.text != original.text
    assert copy.lineage == msgspec.structs.replace(
        document.lineage,
        parent_id=PARENT,
        op="swap",
        op_version=1,
        seed=seed_of(plan("swap", seed=3), document, "swap", 0),
    )
    assert (
        msgspec.structs.replace(copy, text=original.text, lineage=original.lineage, signature=original.signature)
        == original
    )
    assert copy.signature == b""


@pytest.mark.parametrize(("language", "text"), [("en", ENGLISH), ("zh", CHINESE)])
def test_each_augmentation_makes_its_copies_in_order(language: str, text: str) -> None:
    """Two of each that the language has; of a conversion, which knows no chance, one."""
    copies = made_of(clean(text, language=language), *EVERY, copies=2, strength=0.3, seed=9)[1:]
    times = {"convert-script": 1 if language == "zh" else 0}
    expected = [name for name in EVERY for _ in range(times.get(name, 2))]
    assert [copy.lineage.op for copy in copies] == expected
    assert len({copy.text for copy in copies} | {text}) == len(copies) + 1
    assert len({copy.derivation for copy in copies}) == len(copies)


def test_the_same_document_makes_the_same_copies() -> None:
    """A replay is known by its ids; another seed, or other content, makes others."""
    document = clean()
    assert made_of(document, *EVERY) == made_of(document, *EVERY)
    copies = [
        made_of(document, "swap")[1],
        made_of(document, "swap", seed=1)[1],
        made_of(with_lineage(document, content_hash="cd" * 32), "swap")[1],
        made_of(msgspec.structs.replace(document, document_id="f" * 32), "swap")[1],
    ]
    assert len({copy.lineage.seed for copy in copies}) == len(copies)
    assert all(0 <= copy.lineage.seed < 2**53 for copy in copies)


@pytest.mark.parametrize("split", [Split.VALIDATION, Split.TEST])
def test_what_judges_a_model_has_no_copies(split: Split) -> None:
    """Whether the publisher says so or the group's hash does."""
    by_hash = next(name for name in map(str, range(1000)) if split_of(name) is split)
    assert len(made_of(clean(split=split), *EVERY)) == 1
    assert len(made_of(with_lineage(clean(split=None), group_id=by_hash), *EVERY)) == 1


def test_a_training_document_by_hash_has_copies() -> None:
    """Without the publisher's word too."""
    by_hash = next(name for name in map(str, range(1000)) if split_of(name) is Split.TRAIN)
    assert len(made_of(with_lineage(clean(split=None), group_id=by_hash), "swap")) == 2


@pytest.mark.parametrize("document", [clean(""), clean("…"), clean("word"), clean(language="fr"), clean(language="")])
def test_a_copy_that_would_be_the_original_is_not_made(document: CleanDocument) -> None:
    """There is nothing to swap, or the language is none that an augmentation knows."""
    assert len(made_of(document, "swap", "convert-script")) == 1


def test_a_conversion_takes_title_headings_and_keywords_along() -> None:
    """A Traditional text has no Simplified title."""
    document = clean(CHINESE, language="zh", title="样式", headings=("选择", "打印"), keywords=("样式",))
    copy = made_of(document, "convert-script")[1]
    assert (copy.title, copy.headings, copy.keywords) == ("樣式", ("選擇", "打印"), ("樣式",))
    assert copy.text.startswith("打開文檔")


def test_a_document_of_a_source_that_is_gone_is_rejected() -> None:
    """A value, not a fault; it says which source."""
    document = with_lineage(clean(), source="old-site")
    outcome = augment(plan("swap"), received(document))
    assert outcome == Outcome(
        messages=(
            RejectedDocument(
                document_id=document.document_id,
                lineage=document.lineage,
                step="augment",
                reason="unknown-source",
                detail="the flywheel has no source 'old-site'",
                language="en",
                scores=document.scores,
            ),
        ),
        reason="unknown-source",
    )


@pytest.mark.parametrize(
    ("changes", "error"), [({"group_id": "", "split_hint": None}, ValueError), ({"url": "no url"}, NotAUrl)]
)
def test_what_the_cleaner_never_sends_is_a_fault(changes: dict[str, str], error: type[Exception]) -> None:
    """No group, no URL: a dead letter."""
    with pytest.raises(error):
        augment(plan(), received(with_lineage(clean(), **changes)))


def test_a_long_text_is_read_from_its_object_and_its_copies_are_stored() -> None:
    """The original keeps its claim check; each copy has its own, by its content."""
    document, data = stored(LONG)
    outcome = augment(plan("swap"), received(document, data))
    original, copy = outcome.messages
    [kept] = outcome.objects
    assert isinstance(original, AugmentedDocument)
    assert isinstance(copy, AugmentedDocument)
    assert (original.text, original.body) == ("", document.body)
    digest = hashlib.sha256(kept.data).hexdigest()
    assert kept.key == f"texts/{digest}"
    assert kept.data != data
    assert sorted(kept.data) == sorted(data)
    assert (copy.text, copy.body) == (
        "",
        ClaimCheck(bucket=BUCKET, key=kept.key, offset=0, length=len(data), sha256=digest),
    )


def test_a_copy_up_to_the_limit_travels_inline() -> None:
    """At the limit it does, above it no longer: by bytes of UTF-8, not by characters."""
    at_limit = "ab " * (INLINE_LIMIT_BYTES // 3) + "c"
    for text, objects in [(at_limit, 0), (at_limit + "d", 1), ("字" * (INLINE_LIMIT_BYTES // 3 + 1) + "词", 1)]:
        document, data = stored(text)
        assert len(augment(plan("swap"), received(document, data)).objects) == objects


def test_a_copy_that_is_short_again_names_no_object() -> None:
    """Who reads it would take the original's text for the copy's."""
    document, data = stored("ab " * (INLINE_LIMIT_BYTES // 3) + "cd")
    outcome = augment(plan("delete"), received(document, data))
    copy = outcome.messages[1]
    assert isinstance(copy, AugmentedDocument)
    assert (copy.body, outcome.objects) == (None, ())
    assert 0 < len(copy.text) < len(data)


def test_only_a_text_that_is_copied_is_fetched() -> None:
    """Of a document for validation, and where no augmentation is asked for, the claim check alone goes on."""
    document, _ = stored(LONG)
    assert body_to_copy(plan("swap"), document) == document.body
    assert body_to_copy(plan("swap"), clean()) is None
    assert body_to_copy(plan(), document) is None
    assert body_to_copy(plan("swap"), with_lineage(document, split_hint=Split.TEST)) is None
    assert made_of(document) == [augment(plan(), received(document)).messages[0]]


@pytest.mark.parametrize(
    ("body", "encoding", "error"), [(b"\xff\xfe", "identity", UnicodeDecodeError), (b"x", "zstd", UnreadableText)]
)
def test_a_stored_text_that_cannot_be_read_is_a_fault(body: bytes, encoding: str, error: type[Exception]) -> None:
    """The cleaner stores UTF-8, as it is."""
    document, _ = stored(LONG, encoding)
    with pytest.raises(error):
        augment(plan("swap"), received(document, body))


def test_a_batch_has_an_outcome_for_each() -> None:
    """In order."""
    batch = [received(clean()), received(with_lineage(clean(), source="gone"))]
    assert [outcome.reason for outcome in augment_all(plan(), batch)] == ["", "unknown-source"]


def test_the_plan_goes_to_another_process() -> None:
    """What it makes there is the same."""
    again = pickle.loads(pickle.dumps(plan(*EVERY)))  # noqa: S301 - our own
    assert augment(again, received(clean())) == augment(plan(*EVERY), received(clean()))


def test_each_outcome_has_its_topic() -> None:
    """Rows in the making, or rejected."""
    outcomes = [augment(plan(), received(one)) for one in (clean(), with_lineage(clean(), source="gone"))]
    service_route: Route = route
    assert [service_route(outcome.messages[0]).name for outcome in outcomes] == [
        "documents-augmented",
        "documents-rejected",
    ]
