"""Fingerprints: the same everywhere and for ever, and as near to the truth as the theory says."""

# ruff: noqa: RUF001 - Chinese punctuation and dashes are what is tested

import random
import subprocess
import sys
from collections.abc import Callable

import pytest

from shared.text.fingerprint import bands, signature, similarity, text_hash
from shared.text.packed_signature import SIGNATURE_BYTES, packed, similarity_of_packed

ENGLISH = "To sum a column of cells, choose Insert – Function, then SUM; the result is shown in the cell below."
CHINESE = "要对一列单元格求和，请选择“插入 - 函数”，然后选择 SUM；结果显示在下方的单元格中。"
# What the first version gave. A change here means that nothing in any index or shard compares any more.
KEPT = {
    "en": ("318474c21df290c0b9199cb034c7d3c65ceaa1b7e869e2c1d93c3bc0ba610fc0", "36e1450bfa840a93e99b42c69d30214b"),
    "zh": ("edb1f0c48be6b1c09c90a02fb0ebe4a806602b8972c923c059759425b61837c1", "a1fde9e6f5a2b722cce8c82be9b4ce8d"),
}
UNITS = 600


@pytest.mark.parametrize(("text", "language"), [(ENGLISH, "en"), (CHINESE, "zh")])
def test_fingerprints_are_those_of_the_first_version(text: str, language: str) -> None:
    """Signatures outlive processes, machines and versions of libraries."""
    first_numbers, kept_hash = KEPT[language]

    assert signature(text, language)[:32].hex() == first_numbers
    assert text_hash(text).hex() == kept_hash


def test_another_process_gives_the_same() -> None:
    """Nothing hangs on the seed of Python's own hash."""
    code = (
        "import sys; from shared.text.fingerprint import signature; "
        f"sys.stdout.buffer.write(signature({ENGLISH!r}, 'en'))"
    )
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60)

    assert made.stdout == signature(ENGLISH, "en")


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        (ENGLISH, ENGLISH.upper().replace(",", " ").replace("–", "—"), "en"),
        (ENGLISH, f"  {ENGLISH}\n\n", "en"),
        (CHINESE, CHINESE.replace("，", ",").replace("；", " ; ").lower(), "zh"),
        (CHINESE, CHINESE.replace("单元格", "单 元\n格"), "zh-CN"),
    ],
)
def test_case_spacing_and_punctuation_do_not_count(one: str, other: str, language: str) -> None:
    """What a template changes and a reader doesn't see leaves the signature as it was."""
    assert signature(one, language) == signature(other, language.partition("-")[0])


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("one two three four five", "five four three two one", "en"),
        ("listen", "silent", "en"),
        ("save file", "file save", "en"),
        ("ab c", "a bc", "en"),
        ("!!!", "???", "en"),
        ("", "?", "zh"),
        ("保存文件", "文件保存", "zh"),
        ("𠀀𠀁", "𠀁𠀀", "zh"),
    ],
)
def test_short_texts_are_told_apart(one: str, other: str, language: str) -> None:
    """The order of letters and words counts, and so does a text with nothing but signs."""
    assert similarity(signature(one, language), signature(other, language)) < 0.1


@pytest.mark.parametrize("text", ["", " ", "a", "。", "\ud800", "é" * 3, "x" * 200_000])
def test_every_text_has_a_signature(text: str) -> None:
    """Empty, broken or endless: 512 bytes, and 16 of a hash."""
    assert len(signature(text, "en")) == len(signature(text, "zh")) == SIGNATURE_BYTES
    assert len(text_hash(text)) == 16


def test_a_long_text_has_no_other_words_than_a_short_one() -> None:
    """A word's number doesn't hang on its place in the text, however far in it is."""
    words = ENGLISH.split()
    many = " ".join(words * 3_000)
    again = " ".join(words[7:] + words * 2_000)

    assert signature(many, "en") == signature(again, "en")


@pytest.mark.parametrize(("language", "separator"), [("en", " "), ("zh", "")])
def test_estimates_are_near_the_truth(language: str, separator: str) -> None:
    """Over 200 pairs of every likeness the mean error is what 128 permutations give, .025, and leans to no side."""
    chance = random.Random(7)
    pick = _word(chance) if language == "en" else _ideograph(chance)
    whole, low = [], []
    for number in range(200):
        one = [pick() for _ in range(UNITS)]
        other = list(one)
        for place in chance.sample(range(UNITS), 2 + number // 2):
            other[place] = pick()
        truth = _jaccard(one, other)
        signatures = [signature(separator.join(units), language) for units in (one, other)]
        equal = sum(a == b for a, b in zip(*map(packed, signatures), strict=True))
        whole.append(similarity(*signatures) - truth)
        low.append(similarity_of_packed(equal) - truth)

    for errors in (whole, low):
        assert sum(map(abs, errors)) / len(errors) < 0.032
        assert abs(sum(errors)) / len(errors) < 0.01


def test_bands_are_shared_as_often_as_the_theory_says() -> None:
    """Of 400 pairs of similarity .8, 92 to 97.5 % share a band (theory: 94.7 %), of unlike ones none."""
    chance = random.Random(11)
    pick = _word(chance)
    shared = unlike = 0
    for _ in range(400):
        one = [pick() for _ in range(UNITS)]
        other = list(one)
        # 13 changed words of 600 change about 65 of 596 shingles on either side: 531 / 661 = .80.
        for place in chance.sample(range(UNITS), 13):
            other[place] = pick()
        first, second = (bands(signature(" ".join(units), "en")) for units in (one, other))
        shared += not set(first).isdisjoint(second)
        unlike += not set(first).isdisjoint(bands(signature(" ".join(reversed(one)), "en")))

    assert 0.92 <= shared / 400 <= 0.975
    assert unlike == 0


def test_bands_name_their_number_and_rows() -> None:
    """Sixteen bands of nine bytes: equal rows in another band are another band."""
    cut = bands(signature(ENGLISH, "en"))

    assert [band[0] for band in cut] == list(range(16))
    assert b"".join(band[1:] for band in cut) == packed(signature(ENGLISH, "en"))


def test_a_signature_of_another_length_is_refused() -> None:
    """A document without a signature is not compared by mistake."""
    with pytest.raises(ValueError, match="512 bytes, not 0"):
        similarity(b"", b"")


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("a  b\nc", " a b c ", True),
        ("\u00e9t\u00e9", "e\u0301te\u0301", True),
        ("A b c", "a b c", False),
        ("a, b", "a b", False),
    ],
)
def test_a_text_hash_sees_all_but_spacing(one: str, other: str, equal: bool) -> None:
    """The same text is the same letters and signs, in the same case."""
    assert (text_hash(one) == text_hash(other)) is equal


def _word(chance: random.Random) -> Callable[[], str]:
    vocabulary = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(3, 9))) for _ in range(5_000)]
    return lambda: chance.choice(vocabulary)


def _ideograph(chance: random.Random) -> Callable[[], str]:
    return lambda: chr(chance.randrange(0x4E00, 0x4E00 + 3_000))


def _jaccard(one: list[str], other: list[str]) -> float:
    first, second = ({tuple(units[at : at + 5]) for at in range(len(units) - 4)} for units in (one, other))
    return len(first & second) / len(first | second)
