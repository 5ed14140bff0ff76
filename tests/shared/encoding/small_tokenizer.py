"""A small tokenizer of real make: characters are its words, and its file asks for padding that nobody wants."""

from pathlib import Path

from tokenizers import Regex, Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import Split
from tokenizers.processors import BertProcessing

CLS, SEP, UNKNOWN, PAD = 0, 1, 2, 3
WORDS = 500


def write_tokenizer(file: Path) -> Path:
    """Write a `tokenizer.json`: letters a to z and ideographs, padded to 128 as MiniLM's own is."""
    letters = [chr(point) for point in (*range(0x61, 0x7B), *range(0x4E00, 0x4E00 + WORDS - 30))]
    vocabulary = {word: place for place, word in enumerate(["[CLS]", "[SEP]", "[UNK]", "[PAD]", *letters])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))  # noqa: S106 - no password
    tokenizer.normalizer = Lowercase()
    tokenizer.pre_tokenizer = Split(Regex("."), "isolated")
    tokenizer.post_processor = BertProcessing(("[SEP]", SEP), ("[CLS]", CLS))
    tokenizer.enable_padding(length=128, pad_id=PAD)
    tokenizer.enable_truncation(128)
    tokenizer.save(str(file))
    return file
