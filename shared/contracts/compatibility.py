"""What may change in a message while its version stays: nothing that makes a stored record unreadable.

A version only grows. Readers are deployed before writers, and whatever was ever written under a version stays readable
under it (`BACKWARD_TRANSITIVE`). So no field is ever taken away, even one with a default: a reader that runs on needs
the required ones, and a later field of the same name would meet the old one's values. That makes the committed schema
the sum of all that were before it, and a comparison with it alone is a comparison with each of them.

Accepted: a field with a default, a default for a required field (our encoder writes it all the same), a further value
of an enum, `integer` to `number`, a further member of a union, a wider bound.
"""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

Schema = Mapping[str, Any]
"""A JSON Schema of the kind that msgspec writes."""

_BUMP: Final = "or bump the topic's version"
_ANYTHING: Final = "anything"
_NOTHING: Final[Schema] = {"type": "nothing"}
_JSON_KINDS: Final = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def violations(old: Schema, new: Schema) -> list[str]:
    """Say what in `new` breaks with what was written, or is read, under `old`: the path, the change and the remedy."""
    return sorted(_Comparison(old, new).compare(old, new, "$"))


class _Comparison:
    """Compares two schemas, each with its own `$defs`."""

    def __init__(self, old: Schema, new: Schema) -> None:
        self._old_definitions: Schema = old.get("$defs", {})
        self._new_definitions: Schema = new.get("$defs", {})
        self._under_way: set[tuple[int, int]] = set()

    def compare(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        """Compare two schemas at `path`."""
        accepted = _alternatives(new, self._new_definitions)
        for alternative in _alternatives(old, self._old_definitions):
            yield from self._find(alternative, accepted, path)

    def _find(self, old: Schema, accepted: Sequence[Schema], path: str) -> Iterator[str]:
        """Find one of `accepted` that reads whatever `old` describes; else say what the nearest one lacks."""
        candidates = [new for new in accepted if _kind(new) in _readers(_kind(old))]
        if not candidates:
            kinds = " or ".join(dict.fromkeys(_kind(new) for new in accepted))
            yield f"{path}: {_kind(old)} became {kinds}; add a field beside it, {_BUMP}"
            return
        found = [list(self._compare_kind(old, new, path)) for new in candidates]
        if all(found):
            yield from min(found, key=len)

    def _compare_kind(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        """Compare two schemas of one kind; a definition that contains itself is compared once."""
        meeting = (id(old), id(new))
        if meeting in self._under_way:
            return
        self._under_way.add(meeting)
        yield from _compare_rules(old, new, path)
        yield from self._compare_content(old, new, path)
        self._under_way.discard(meeting)

    def _compare_content(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        match _kind(old), _kind(new):
            case "struct", "struct":
                yield from self._compare_structs(old, new, path)
            case "map", "map":
                yield from self._compare_parts(old, new, "additionalProperties", f"{path}.*")
                yield from self._compare_parts(old, new, "propertyNames", f"{path}.keys()")
            case "array", "array":
                yield from self._compare_arrays(old, new, path)
            case _:
                pass  # a plain value is its rules, and `anything` has none

    def _compare_structs(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        before, after = old["properties"], new["properties"]
        yield from _compare_fields(old, new, path)
        for name in before.keys() & after.keys():
            yield from self.compare(before[name], after[name], f"{path}.{name}")

    def _compare_arrays(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        before, after = old.get("prefixItems", ()), new.get("prefixItems", ())
        for position in range(max(len(before), len(after))):
            yield from self.compare(_item(old, position), _item(new, position), f"{path}[{position}]")
        yield from self._compare_parts(old, new, "items", f"{path}[]")

    def _compare_parts(self, old: Schema, new: Schema, part: str, path: str) -> Iterator[str]:
        """Compare a schema within a schema: absent means that anything goes, False that nothing does."""
        if old.get(part) is not False:
            yield from self.compare(_whole(old.get(part)), _whole(new.get(part)), path)


def _compare_fields(old: Schema, new: Schema, path: str) -> Iterator[str]:
    """Compare which fields there are, which must be there, and what is read where one isn't."""
    before, after = old["properties"], new["properties"]
    needed_before, needed = set(old.get("required", ())), set(new.get("required", ()))
    for name in before.keys() - after.keys():
        yield f"{path}.{name}: removed; keep it, {_BUMP}"
    for name in needed - before.keys():
        yield f"{path}.{name}: new and required; give it a default, {_BUMP}"
    for name in (needed & before.keys()) - needed_before:
        yield f"{path}.{name}: had a default and became required; keep the default, {_BUMP}"
    for name in (before.keys() & after.keys()) - needed - needed_before:
        if not _same_default(before[name].get("default"), after[name].get("default")):
            yield f"{path}.{name}: another default; keep the one that stored records rely on, {_BUMP}"
    if new.get("additionalProperties") is False:
        yield f"{path}: refuses unknown fields; let them be ignored, {_BUMP}"


def _compare_rules(old: Schema, new: Schema, path: str) -> Iterator[str]:
    """Compare what a value must be beyond its kind."""
    for name in sorted(_RULES.keys() & (old.keys() | new.keys())):
        if not _RULES[name](old.get(name), new.get(name)):
            yield f"{path}: {name} {_shown(old, name)} became {_shown(new, name)}; accept what was accepted, {_BUMP}"
    lost = [value for value in old.get("enum", ()) if value not in new.get("enum", (value,))]
    if lost:
        yield f"{path}: {', '.join(map(repr, lost))} left the enum; keep what was accepted, {_BUMP}"
    if "enum" in new and "enum" not in old:
        yield f"{path}: any {_kind(old)} became one of {list(new['enum'])}; accept what was accepted, {_BUMP}"


def _no_higher(old: float | None, new: float | None) -> bool:
    return new is None or (old is not None and new <= old)


def _no_lower(old: float | None, new: float | None) -> bool:
    return new is None or (old is not None and new >= old)


def _same_or_none(old: object, new: object) -> bool:
    return new is None or new == old


_RULES: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), _no_higher),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), _no_lower),
    **dict.fromkeys(("pattern", "multipleOf"), _same_or_none),
    # Without these the text would still be read, but as something else.
    **dict.fromkeys(("format", "contentEncoding"), operator.eq),
}
"""Each rule of a schema, and what tells whether the new one accepts all that the old one did (None: no rule)."""


def _shown(schema: Schema, rule: str) -> str:
    return repr(schema[rule]) if rule in schema else "absent"


def _alternatives(schema: Schema, definitions: Schema) -> tuple[Schema, ...]:
    """Give the schemas of one kind each that `schema` is the union of."""
    if "$ref" in schema:
        return _alternatives(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in schema:
        return tuple(kind for member in schema["anyOf"] for kind in _alternatives(member, definitions))
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if values is None:
        return (schema,)
    kinds = dict.fromkeys(_JSON_KINDS[type(value)] for value in values)
    return tuple(
        {"type": kind, "enum": [value for value in values if _JSON_KINDS[type(value)] == kind]} for kind in kinds
    )


def _kind(schema: Schema) -> str:
    kind: str = schema.get("type", _ANYTHING)
    if kind == "object":
        return "struct" if "properties" in schema else "map"
    return kind


def _readers(kind: str) -> tuple[str, ...]:
    """Name the kinds that read whatever is of `kind`."""
    return (kind, _ANYTHING, "number") if kind == "integer" else (kind, _ANYTHING)


def _item(schema: Schema, position: int) -> Schema:
    """Give the schema of an array's item at `position`."""
    prefix = schema.get("prefixItems", ())
    return prefix[position] if position < len(prefix) else _whole(schema.get("items"))


def _whole(part: Schema | bool | None) -> Schema:
    """Write out the short forms: nothing and True accept anything, False accepts nothing."""
    if isinstance(part, Mapping):
        return part
    return _NOTHING if part is False else {}


def _same_default(old: object, new: object) -> bool:
    """Compare two defaults; a struct's may have gained fields, whose own defaults say what they are."""
    if isinstance(old, Mapping) and isinstance(new, Mapping) and old:
        return all(name in new and _same_default(value, new[name]) for name, value in old.items())
    return old == new
