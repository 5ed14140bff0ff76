"""Tests of compatibility by chance: what is accepted reads whatever was written, on messages that nobody thought of."""

from types import GenericAlias
from typing import Any, Literal, Optional

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.compatibility import Schema, violations
from tests.shared.contracts.test_compatibility import Grown, Part, Shrunk

STRUCTS = (Part, Grown, Shrunk)
PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "integer": st.integers(-(2**63), 2**63 - 1),
    "number": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**63 - 1),
    "string": st.text(max_size=3),
    "boolean": st.booleans(),
    "null": st.none(),
}

kinds = st.recursive(
    st.sampled_from([int, float, str, bool, Literal["a", "b"], Literal["a"], *STRUCTS]),
    lambda inner: st.one_of(
        inner.map(lambda kind: GenericAlias(list, (kind,))),
        inner.map(lambda kind: GenericAlias(dict, (str, kind))),
        inner.map(Optional.__getitem__),
        st.tuples(inner, inner).map(lambda pair: GenericAlias(tuple, pair)),
    ),
    max_leaves=3,
)
fields = kinds | kinds.map(lambda kind: (kind, None))


def values(part: Schema, definitions: Schema) -> st.SearchStrategy[Any]:
    """Give the values that a schema allows."""
    match part:
        case {"$ref": str(name)}:
            return values(definitions[name.rpartition("/")[2]], definitions)
        case {"anyOf": list(members)}:
            return st.one_of(*(values(member, definitions) for member in members))
        case {"enum": list(allowed)}:
            return st.sampled_from(allowed)
        case {"type": "object" | "array"}:
            return containers(part, definitions)
        case _:
            return PLAIN[part["type"]]


def containers(part: Schema, definitions: Schema) -> st.SearchStrategy[Any]:
    """Give the arrays, maps and structs that a schema allows; fields with a default are left out or not."""
    match part:
        case {"prefixItems": list(items)}:
            return st.tuples(*(values(item, definitions) for item in items))
        case {"items": dict(item)}:
            return st.lists(values(item, definitions), max_size=2)
        case {"additionalProperties": dict(item)}:
            return st.dictionaries(st.text(max_size=2), values(item, definitions), max_size=2)
        case _:
            drawn = {name: values(field, definitions) for name, field in part["properties"].items()}
            optional = {name: drawn.pop(name) for name in list(drawn) if name not in part["required"]}
            return st.fixed_dictionaries(drawn, optional=optional)


def message(fields: Schema) -> Any:  # noqa: ANN401 - a class that no type checker knows
    """Make a message of `fields`: types, or pairs of a type and its default."""
    specs = [(key, *kind) if isinstance(kind, tuple) else (key, kind) for key, kind in fields.items()]
    return msgspec.defstruct("Letter", specs, kw_only=True, frozen=True)


@given(st.lists(fields, min_size=1, max_size=2), fields, st.data())
@settings(derandomize=True, deadline=None, max_examples=600)
def test_whatever_is_accepted_reads_all_that_was_written(old: list[Any], other: Any, data: st.DataObject) -> None:  # noqa: ANN401 - a type
    """The promise itself: no violation, no unreadable record. One field is changed, added or exchanged."""
    names = dict(zip("ab", old, strict=False))
    changed = {**names, data.draw(st.sampled_from("aab")): other}
    before = msgspec.json.schema(message(names))
    if not violations(before, msgspec.json.schema(message(changed))):
        value = data.draw(values(before, before["$defs"]))
        msgspec.json.decode(msgspec.json.encode(value), type=message(changed))
