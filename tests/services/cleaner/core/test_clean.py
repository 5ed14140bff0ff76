"""Tests of cleaning one page: what comes out, and what bad input becomes."""

import gzip
import itertools
import pickle
import random
import time
import tracemalloc
from hashlib import sha256

import msgspec
import pytest

from services.cleaner.core.candidate import Candidate
from services.cleaner.core.clean import clean, clean_batch, route, rule_set_of
from services.cleaner.core.document import Step
from services.cleaner.core.steps import STEPS
from shared.contracts.documents import CleanDocument, Lineage, RawDocument, RejectedDocument
from shared.contracts.message import INLINE_LIMIT_BYTES, decode, encode
from shared.contracts.topics import DOCUMENTS_CLEAN, DOCUMENTS_REJECTED
from shared.flywheel.config import Cleaning, Profile
from shared.stream.service import Outcome, Received
from shared.text.fingerprint import signature, text_hash
from shared.warc.pack import NotAWarcRecord, write_response
from tests.services.cleaner.builders import BUCKET, CHINESE, ENGLISH, NOW, SOURCE, URL, page, received, rules

RULES = rules()
MEBIBYTE = 1024 * 1024


def kept(outcome: Outcome) -> CleanDocument:
    """Give the one clean document of `outcome`."""
    [message] = outcome.messages
    assert isinstance(message, CleanDocument), message
    assert outcome.reason == ""
    return message


def rejected(record: Received[RawDocument]) -> RejectedDocument:
    """Clean `record`, which is to be turned away."""
    outcome = clean(record, RULES)
    [message] = outcome.messages
    assert isinstance(message, RejectedDocument), message
    assert (outcome.reason, outcome.objects, outcome.payload) == (message.reason, (), None)
    return message


@pytest.mark.parametrize(("text", "language"), [(ENGLISH, "en"), (CHINESE, "zh")])
def test_a_page_becomes_a_clean_document(text: str, language: str) -> None:
    """With its text, its title, its language, its labels, and all that leads back to the page."""
    record = received(page(text))
    outcome = clean(record, RULES)
    document = kept(outcome)
    assert document.text == f"Filters\n\n{text}"
    assert (document.title, document.headings, document.language) == ("Filters", ("Filters",), language)
    assert (document.document_id, document.labels) == (record.message.document_id, {"application": "calc"})
    assert document.lineage == msgspec.structs.replace(
        record.message.lineage, group_id="help:/text/scalc/main.html", rule_set="1-0badcafe"
    )
    assert document.signature == signature(document.text, language)
    assert outcome.payload == Candidate(
        document.document_id, language, text_hash(document.text), signature(document.text, language)
    )
    assert decode(CleanDocument, encode(document)) == document


def test_measurements_are_kept_apart_from_decisions() -> None:
    """All of them, so that another threshold can be tried later."""
    assert {"decode-replaced", "language", "characters", "letter-ratio", "top-pair-ratio"} <= set(
        kept(clean(received(), RULES)).scores
    )


def test_the_group_is_the_sources_to_say() -> None:
    """Whatever came with the record: one group in two splits would be learnt and asked about."""
    record = received()
    stamped = msgspec.structs.replace(record.message.lineage, group_id="mine", rule_set="9")
    lineage = kept(clean(received(lineage=stamped), RULES)).lineage
    assert (lineage.group_id, lineage.rule_set) == ("help:/text/scalc/main.html", "1-0badcafe")


def test_a_source_lists_its_languages() -> None:
    """A page in another one is turned away, though the flywheel knows it."""
    english = rules(SOURCE.model_copy(update={"languages": ("en",)}))
    assert kept(clean(received(), english)).language == "en"
    assert clean(received(page(CHINESE)), english).reason == "language"


def test_a_text_of_just_the_limit_is_inline() -> None:
    """One byte more goes to the store."""
    wide = rules(SOURCE.model_copy(update={"max_page_bytes": MEBIBYTE}))
    word = itertools.cycle(f"{first}{second}{third}" for first in "aeiou" for second in "lmnrst" for third in "aeiou")
    text = f"{ENGLISH} {ENGLISH} {ENGLISH} {' '.join(itertools.islice(word, 20_000))}"[
        : INLINE_LIMIT_BYTES - len("Filters\n\n")
    ]
    at_limit, above = (clean(received(page(f"{text[:-1]}{end}")), wide) for end in ("x", "xx"))
    assert (len(kept(at_limit).text), at_limit.objects) == (INLINE_LIMIT_BYTES, ())
    assert [len(stored.data) for stored in above.objects] == [INLINE_LIMIT_BYTES + 1]


def test_a_long_text_goes_to_the_store() -> None:
    """Its key follows from its content, and the record names it."""
    numbers = random.Random(7)
    words = " ".join("".join(numbers.choices("aeioulmnrst", k=5)) for _ in range(INLINE_LIMIT_BYTES // 6))
    outcome = clean(received(page(f"{ENGLISH} {words}")), rules(SOURCE.model_copy(update={"max_page_bytes": MEBIBYTE})))
    document, [stored] = kept(outcome), outcome.objects
    assert document.text == ""
    assert document.body is not None
    digest = sha256(stored.data).hexdigest()
    assert (document.body.bucket, document.body.key, document.body.sha256) == (BUCKET, f"texts/{digest}", digest)
    assert (document.body.offset, document.body.length, document.body.encoding) == (0, len(stored.data), "identity")
    assert stored.key == document.body.key
    assert outcome.payload.text_hash == text_hash(stored.data.decode())


@pytest.mark.parametrize(
    ("status", "content_type", "reason"),
    [
        (404, "text/html", "status"),
        (503, "text/html", "status"),
        (200, "application/pdf", "content-type"),
        (200, "image/png; charset=utf-8", "content-type"),
    ],
)
def test_an_answer_that_is_no_page_is_turned_away(status: int, content_type: str, reason: str) -> None:
    """Before it is unpacked."""
    document = rejected(received(packed=b"not looked at", status=status, content_type=content_type))
    assert (document.step, document.reason) == ("admit", reason)
    assert document.lineage.group_id == "help:/text/scalc/main.html"


@pytest.mark.parametrize("content_type", ["", "TEXT/HTML", "application/xhtml+xml; charset=utf-8", "text/html;"])
def test_a_page_says_that_it_is_one_in_many_ways(content_type: str) -> None:
    """Or not at all."""
    assert kept(clean(received(content_type=content_type), RULES)).language == "en"


@pytest.mark.parametrize("name", ["", "page-1", "0" * 31, "0" * 33, "A" * 32, "é" * 32])
def test_an_id_that_is_none_is_a_fault(name: str) -> None:
    """Of the record: asked about it, the duplicate index would end the process, again and again."""
    with pytest.raises(ValueError, match="32 hex digits"):
        clean(received(document_id=name), RULES)


def test_a_page_of_a_source_that_is_gone_is_turned_away() -> None:
    """Nobody can say how it is to be cleaned."""
    lineage = Lineage(source="gone", url=URL, fetched_at=NOW, licence="MIT", content_hash="00")
    document = rejected(received(packed=b"", lineage=lineage))
    assert (document.step, document.reason) == ("admit", "unknown-source")
    assert "gone" in document.detail


@pytest.mark.parametrize(
    ("body", "step", "reason"),
    [
        (b"", "decode", "empty"),
        (b"%PDF-1.7", "decode", "binary"),
        (random.Random(3).randbytes(5_000), "decode", "binary"),
        (page().replace(b"The filter", b"The filter\0\1\2\3" * 20), "decode", "binary"),
        (b"<html><img src=x></html>", "extract", "no-text"),
        (
            page("Die Zeilen werden ausgeblendet, sobald die Schaltfläche gedrückt wird."),
            "identify-language",
            "language",
        ),
        (page("Choose the option that you want."), "require-length", "too-short"),
        (page("One two three... " * 20), "limit-symbols", "symbols"),
        (page("The page is not here. " * 20), "limit-repetition", "repeated-words"),
    ],
)
def test_bad_pages_are_turned_away_by_name(body: bytes, step: str, reason: str) -> None:
    """Each by the step that found it, with a figure for whoever asks."""
    document = rejected(received(body))
    assert (document.step, document.reason) == (step, reason)
    assert document.detail


@pytest.mark.parametrize(
    "body",
    [
        page().replace(b"</p>", b"<table><tr></div></span>"),
        page().replace(b"</html>", b""),
        page().replace(b"utf-8", b"utf-16"),
        page(CHINESE).replace(b"utf-8", b"iso-8859-1"),
        page(CHINESE, charset="gb18030").replace(b"gb18030", b"utf-8"),
        page() + b"\xff\xfe\0",
    ],
    ids=["unclosed", "cut", "utf-16 that is none", "latin-1 that is none", "gb18030 that lies", "a broken end"],
)
def test_broken_pages_with_text_are_kept(body: bytes) -> None:
    """Broken HTML and lying charsets are no reason to lose a page."""
    text = kept(clean(received(body), RULES)).text
    assert ENGLISH in text or CHINESE in text


def test_what_is_said_of_a_rejected_document_is_what_was_known_until_then() -> None:
    """Its language and scores, where the steps came so far."""
    document = rejected(received(page("The page is not here. " * 20)))
    assert document.language == "en"
    assert {"decode-replaced", "language", "characters"} <= set(document.scores)


def test_a_page_of_50_mb_costs_little() -> None:
    """It is turned away before it is in memory."""
    record = received(page("All work and no play. " * (50 * MEBIBYTE // 22)))
    tracemalloc.start()
    started = time.process_time()
    document = rejected(record)
    seconds, (_, peak) = time.process_time() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (document.step, document.reason) == ("admit", "too-large")
    assert peak < 16 * MEBIBYTE
    assert seconds < 2


def test_a_page_in_a_page_is_no_bomb() -> None:
    """What the server compressed is unpacked no further than a page may be."""
    squeezed = gzip.compress(page("All work and no play. " * (20 * MEBIBYTE // 22)), mtime=0)
    packed = write_response(URL, NOW, 200, (("Content-Encoding", "gzip"),), squeezed)
    assert rejected(received(packed=packed)).reason == "too-large"


def test_a_large_page_that_may_be_one_takes_seconds() -> None:
    """Where a source lets it: too much for one page is too long, or too complex."""
    large = rules(SOURCE.model_copy(update={"max_page_bytes": 64 * MEBIBYTE}))
    for body, reason in ((f"{ENGLISH} " * 10_000, "too-long"), ("<div>" * 2_000_000, "too-complex")):
        started = time.process_time()
        assert clean(received(page(body)), large).reason == reason
        assert time.process_time() - started < 10


@pytest.mark.parametrize("packed", [b"", b"no gzip", write_response(URL, NOW, 200, (), page())[:-20]])
def test_a_pack_that_can_not_be_read_is_a_fault(packed: bytes) -> None:
    """It says nothing of the page: a rejection would lose it."""
    with pytest.raises(NotAWarcRecord):
        clean(received(packed=packed), RULES)


def test_a_record_without_its_bytes_is_a_fault() -> None:
    """A runner that fetched nothing is a bug."""
    record = received()
    with pytest.raises(ValueError, match="claim check"):
        clean(Received(record.message, record.envelope, record.origin), RULES)


def test_the_same_work_gives_the_same_outcome() -> None:
    """In a batch or alone, and in another process, to which all must be able to go."""
    batch = [received(page(CHINESE)), received(), received(b""), received(), received(page(CHINESE))]
    outcomes = clean_batch(RULES, batch)
    assert outcomes == [clean(record, RULES) for record in batch]
    assert outcomes[0] == outcomes[4]
    assert pickle.loads(pickle.dumps((RULES, batch, outcomes))) == (RULES, batch, outcomes)  # noqa: S301 - our own bytes


def test_each_outcome_has_its_topic() -> None:
    """What is kept and what is not."""
    assert route(kept(clean(received(), RULES))) is DOCUMENTS_CLEAN
    assert route(rejected(received(b""))) is DOCUMENTS_REJECTED


def test_the_rule_set_follows_from_what_the_rules_say() -> None:
    """Another threshold, or another version of a step, is another set; so is nothing else."""
    usual = rule_set_of(Cleaning())
    higher = Step(STEPS[0].name, STEPS[0].version + 1, STEPS[0].apply)
    others = (
        rule_set_of(Cleaning(revision=2)),
        rule_set_of(Cleaning(en=Profile(min_characters=99))),
        rule_set_of(Cleaning(), (higher, *STEPS[1:])),
        rule_set_of(Cleaning(), STEPS[::-1]),
    )
    assert len({usual, *others}) == 5
    assert usual == rule_set_of(Cleaning.model_validate(Cleaning().model_dump()))
    assert usual.startswith("1-")
    assert others[0].startswith("2-")
