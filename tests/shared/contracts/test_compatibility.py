"""Tests of what may change in a message while its version stays."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, defstruct, field

from shared.contracts.compatibility import violations
from shared.contracts.generate import schema_of
from shared.contracts.timestamp import Timestamp
from shared.contracts.topics import TOPICS, Topic

Fields = dict[str, Any]
"""Types by field; a pair is a type and its default."""


class Two(StrEnum):
    """Two values."""

    A = "a"
    B = "b"


class Three(StrEnum):
    """The same, and a third."""

    A = "a"
    B = "b"
    C = "c"


class Cat(msgspec.Struct, tag=True):
    """A cat."""

    name: str


class Dog(msgspec.Struct, tag=True):
    """A dog."""

    name: str


class Node(msgspec.Struct):
    """A list's node."""

    value: int
    next: "Node | None" = None


class Part(msgspec.Struct, kw_only=True):
    """A part of a message, as it was."""

    a: int
    b: str = ""


class Shrunk(msgspec.Struct, kw_only=True):
    """A part that lost a field."""

    a: int


class Grown(msgspec.Struct, kw_only=True):
    """A part that gained an optional field."""

    a: int
    b: str = ""
    c: int = 0


class Demanding(msgspec.Struct, kw_only=True):
    """A part that gained a required field."""

    a: int
    b: str = ""
    c: int


class Strict(msgspec.Struct, kw_only=True):
    """A part that requires what had a default."""

    a: int
    b: str


class Retyped(msgspec.Struct, kw_only=True):
    """A part with a field of another type."""

    a: str
    b: str = ""


class Closed(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A part that refuses unknown fields."""

    a: int
    b: str = ""


def struct(fields: Fields, name: str = "Letter") -> Any:  # noqa: ANN401 - so is `defstruct`
    """Make a Struct of `fields`."""
    specs = [(key, *kind) if isinstance(kind, tuple) else (key, kind) for key, kind in fields.items()]
    return defstruct(name, specs, kw_only=True, frozen=True)


def schema(fields: Fields) -> dict[str, Any]:
    """Give the schema of a message with `fields`."""
    return msgspec.json.schema(struct(fields))


REFUSED: list[tuple[Fields, Fields, str]] = [
    ({"a": int, "b": int}, {"a": int}, "$.b: removed; keep it"),
    ({"a": int, "b": (int, 0)}, {"a": int}, "$.b: removed; keep it"),
    ({"a": int}, {"a": int, "b": int}, "$.b: new and required; give it a default"),
    ({"a": int, "b": (int, 0)}, {"a": int, "b": int}, "$.b: had a default and became required"),
    ({"a": (int, 0)}, {"a": (int, 1)}, "$.a: another default"),
    (
        {"a": (dict[str, int], field(default_factory=dict))},
        {"a": (dict[str, int] | None, None)},
        "$.a: another default",
    ),
    ({"a": int}, {"a": str}, "$.a: integer became string; add a field beside it"),
    ({"a": float}, {"a": int}, "$.a: number became integer"),
    ({"a": bool}, {"a": int}, "$.a: boolean became integer"),
    ({"a": Any}, {"a": int}, "$.a: anything became integer"),
    ({"a": Timestamp}, {"a": str}, "$.a: format 'date-time' became absent"),
    ({"a": Timestamp}, {"a": date}, "$.a: format 'date-time' became 'date'"),
    ({"a": bytes}, {"a": str}, "$.a: contentEncoding 'base64' became absent"),
    ({"a": str | None}, {"a": str}, "$.a: null became string"),
    ({"a": int | str}, {"a": str}, "$.a: integer became string"),
    ({"a": Three}, {"a": Two}, "$.a: 'c' left the enum"),
    ({"a": str}, {"a": Two}, "$.a: any string became one of ['a', 'b']"),
    ({"a": Literal["x", 1]}, {"a": Literal["x"]}, "$.a: integer became string"),
    ({"a": int}, {"a": Annotated[int, Meta(ge=0)]}, "$.a: minimum absent became 0"),
    ({"a": Annotated[int, Meta(le=9)]}, {"a": Annotated[int, Meta(le=8)]}, "$.a: maximum 9 became 8"),
    ({"a": str}, {"a": Annotated[str, Meta(pattern="^x")]}, "$.a: pattern absent became '^x'"),
    ({"a": list[int]}, {"a": list[str]}, "$.a[]: integer became string"),
    ({"a": tuple[int, str]}, {"a": tuple[int, int]}, "$.a[1]: string became integer"),
    ({"a": dict[str, int]}, {"a": dict[str, str]}, "$.a.*: integer became string"),
    ({"a": dict[str, int]}, {"a": list[int]}, "$.a: map became array"),
    ({"a": dict[str, int]}, {"a": Part}, "$.a: map became struct"),
    ({"a": Part}, {"a": dict[str, Any]}, "$.a: struct became map"),
    ({"a": Part}, {"a": Shrunk}, "$.a.b: removed"),
    ({"a": Part | None}, {"a": Retyped | None}, "$.a.a: integer became string"),
    ({"a": list[Part]}, {"a": list[Strict]}, "$.a[].b: had a default"),
    (
        {"a": dict[str, Part]},
        {"a": dict[str, Demanding]},
        "$.a.*.c: new and required",
    ),
    (
        {"a": Part},
        {"a": Closed},
        "$.a: refuses unknown fields",
    ),
    ({"a": Cat | Dog}, {"a": Cat}, "$.a.type: 'Dog' left the enum"),
]
ACCEPTED: list[tuple[Fields, Fields]] = [
    ({"a": int}, {"a": int}),
    ({"a": int}, {"a": int, "b": (int, 0)}),
    ({"a": int}, {"a": (int, 0)}),
    ({"a": int, "b": str}, {"b": str, "a": int}),
    ({"a": int}, {"a": float}),
    ({"a": int}, {"a": int | None}),
    ({"a": int}, {"a": int | str}),
    ({"a": int}, {"a": Any}),
    ({"a": str}, {"a": str | None}),
    ({"a": Two}, {"a": Three}),
    ({"a": Two}, {"a": str}),
    ({"a": Literal["x"]}, {"a": Literal["x", 1]}),
    ({"a": Annotated[int, Meta(ge=0)]}, {"a": int}),
    ({"a": Annotated[int, Meta(ge=0, le=8)]}, {"a": Annotated[int, Meta(ge=-1, le=9)]}),
    ({"a": tuple[int, int]}, {"a": list[int]}),
    ({"a": tuple[int, int]}, {"a": tuple[float, int | None]}),
    ({"a": dict[str, int]}, {"a": dict[str, float]}),
    ({"a": Part}, {"a": Grown}),
    ({"a": Part}, {"a": Grown | None}),
    ({"a": Cat}, {"a": Cat | Dog}),
    ({"a": Cat | Dog}, {"a": Dog | Cat}),
    ({"a": Node}, {"a": Node}),
]


@pytest.mark.parametrize(("old", "new", "told"), REFUSED, ids=[told for *_, told in REFUSED])
def test_refuses_what_breaks_a_stored_record_or_a_running_reader(old: Fields, new: Fields, told: str) -> None:
    """Exactly one violation, with its path, the change and a way out."""
    found = violations(schema(old), schema(new))
    assert [text[: len(told)] for text in found] == [told]
    assert found[0].endswith("or bump the topic's version")


@pytest.mark.parametrize(("old", "new"), ACCEPTED)
def test_accepts_what_only_grows(old: Fields, new: Fields) -> None:
    """Whatever was written stays readable."""
    assert violations(schema(old), schema(new)) == []


def test_a_struct_that_is_a_default_may_gain_a_field() -> None:
    """Its default is written out in the schema, and grows with it."""
    old, new = (struct({"x": (int, 1)} | more, "Part") for more in ({}, {"y": (str, "")}))
    assert violations(schema({"a": (old, old())}), schema({"a": (new, new())})) == []


def test_a_struct_that_is_a_default_keeps_its_values() -> None:
    """A record without the field must read as it did."""
    old, new = (struct({"x": (int, default)}, "Part") for default in (1, 2))
    assert violations(schema({"a": (old, old())}), schema({"a": (new, new())})) == [
        "$.a.x: another default; keep the one that stored records rely on, or bump the topic's version",
        "$.a: another default; keep the one that stored records rely on, or bump the topic's version",
    ]


def test_tells_all_that_is_wrong_in_a_fixed_order() -> None:
    """Whoever changed three things learns of three."""
    told = violations(schema({"a": int, "b": int, "c": (int, 0)}), schema({"a": str, "c": int, "d": int}))
    assert [text.partition(":")[0] for text in told] == ["$.a", "$.b", "$.c", "$.d"]


def test_looks_into_a_definition_that_contains_itself() -> None:
    """A recursive message is compared once round, and what differs is found."""
    other = msgspec.json.schema(Node)
    other["$defs"]["Node"]["properties"]["value"] = {"type": "string"}
    assert violations(msgspec.json.schema(Node), other) == [
        "$.value: integer became string; add a field beside it, or bump the topic's version"
    ]


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_each_topic_is_compatible_with_itself(topic: Topic[Any]) -> None:
    """Nothing that our own schemas use is unknown to the comparison."""
    assert violations(schema_of(topic), schema_of(topic)) == []


@pytest.mark.parametrize(
    ("old", "new"), [({"a": tuple[int, str]}, {"a": tuple[int]}), ({"a": list[int]}, {"a": tuple[int, int]})]
)
def test_refuses_a_shorter_array(old: Fields, new: Fields) -> None:
    """A bound that came, or came closer, is told beside the items that have no place left."""
    assert {text.partition(" became")[0] for text in violations(schema(old), schema(new))} & {
        "$.a: maxItems 2",
        "$.a: maxItems absent",
    }


def test_knows_a_constant() -> None:
    """A schema may be written by hand, or by a later msgspec."""
    assert violations({"const": "a"}, {"enum": ["a", "b"]}) == []
    assert violations({"enum": ["a", "b"]}, {"const": "a"}) == [
        "$: 'b' left the enum; keep what was accepted, or bump the topic's version"
    ]
