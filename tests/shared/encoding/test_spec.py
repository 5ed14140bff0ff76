"""An encoding travels in the model's manifest, so what old manifests say must be read for ever."""

import msgspec
import pytest

from shared.encoding.spec import Encoding, NgramSpec, TransformerSpec

E5 = TransformerSpec(name="e5-small-multilingual", dimensions=384, prefix="query: ", max_tokens=64, weights="sha256:0")


@pytest.mark.parametrize(
    "encoding",
    [Encoding(ngrams=NgramSpec()), Encoding(max_characters=2_400, ngrams=NgramSpec(buckets=0), transformer=E5)],
)
def test_an_encoding_comes_back_as_it_was(encoding: Encoding) -> None:
    """Through JSON."""
    assert msgspec.json.decode(msgspec.json.encode(encoding), type=Encoding) == encoding


def test_what_the_first_manifests_left_out_keeps_its_meaning() -> None:
    """A changed default would change models that are served already."""
    read = msgspec.json.decode(b'{"ngrams":{},"transformer":{"name":"e5","dimensions":384}}', type=Encoding)

    assert read == Encoding(
        max_characters=600,
        ngrams=NgramSpec(shortest=1, longest=4, buckets=65_536),
        transformer=TransformerSpec(name="e5", dimensions=384, prefix="", max_tokens=64, pad_id=0, weights=""),
    )
