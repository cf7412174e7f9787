"""Cypher values in Python: nodes, relationships, paths, and how values of any kind are compared, sorted and carried.

Inside a running query a node is only its number (`NodeReference`); the classes `Node`, `Relationship` and `Path`, which
resemble those of Neo4j's Python driver, are made when rows leave the engine.
"""

from __future__ import annotations

import itertools
import json
import math
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from warehouse.cypher.values.temporal import Duration, Temporal, kind_of
from warehouse.cypher.values.temporal_text import from_text

# A value of a running query. Python has no narrower name for "whatever Cypher may hold".
CypherValue: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class NodeReference:
    """A node inside a running query."""

    number: int


@dataclass(frozen=True, slots=True)
class RelationshipReference:
    """A relationship inside a running query."""

    number: int


@dataclass(frozen=True, slots=True)
class PathReference:
    """A path inside a running query: the numbers of its nodes and of the relationships between them."""

    nodes: tuple[int, ...]
    relationships: tuple[int, ...]


class Entity(Mapping[str, CypherValue]):
    """What nodes and relationships share: an id and properties, read like a mapping."""

    def __init__(self, number: int, properties: dict[str, CypherValue]) -> None:
        self.number = number
        self._properties = properties

    @property
    def element_id(self) -> str:
        """The id inside this build; it means nothing to another build."""
        return f"{type(self).__name__.lower()}:{self.number}"

    def __getitem__(self, key: str) -> CypherValue:
        return self._properties[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._properties)

    def __len__(self) -> int:
        return len(self._properties)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, Entity) and self.number == other.number

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.number))


class Node(Entity):
    """A node of a result.

    node.labels        # frozenset({"Gene"})
    node["symbol"]     # a property; node.get("symbol") where it may be missing
    """

    def __init__(self, number: int, labels: frozenset[str], properties: dict[str, CypherValue]) -> None:
        super().__init__(number, properties)
        self.labels = labels

    def __repr__(self) -> str:
        return f"<Node labels={sorted(self.labels)} properties={self._properties}>"


class Relationship(Entity):
    """A relationship of a result, with its type and both end nodes."""

    def __init__(
        self, number: int, name: str, start_node: Node, end_node: Node, properties: dict[str, CypherValue]
    ) -> None:
        super().__init__(number, properties)
        self.type = name
        self.start_node = start_node
        self.end_node = end_node

    @property
    def nodes(self) -> tuple[Node, Node]:
        """The start and the end node."""
        return self.start_node, self.end_node

    def __repr__(self) -> str:
        return f"<Relationship type={self.type} properties={self._properties}>"


@dataclass(frozen=True)
class Path:
    """A path of a result: nodes, and the relationships between them in the order of the walk."""

    nodes: tuple[Node, ...]
    relationships: tuple[Relationship, ...]

    @property
    def start_node(self) -> Node:
        """The first node."""
        return self.nodes[0]

    @property
    def end_node(self) -> Node:
        """The last node."""
        return self.nodes[-1]

    def __len__(self) -> int:
        return len(self.relationships)

    def __iter__(self) -> Iterator[Relationship]:
        return iter(self.relationships)


# --- tagged text -----------------------------------------------------------------------------------------------------


def encode(value: CypherValue) -> str | None:
    """Write a value as tagged text, the form in which DuckDB carries values of unknown type."""
    return None if value is None else json.dumps(_tagged(value), ensure_ascii=False, separators=(",", ":"))


def _tagged(value: CypherValue) -> object:  # noqa: PLR0911
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, list):
        return [_tagged(item) for item in value]
    if isinstance(value, dict):
        return {"m": {key: _tagged(item) for key, item in value.items()}}
    if isinstance(value, NodeReference):
        return {"n": value.number}
    if isinstance(value, RelationshipReference):
        return {"r": value.number}
    if isinstance(value, PathReference):
        return {"p": [value.nodes, value.relationships]}
    return {kind_of(value): str(value)}


def decode(text: str | None) -> CypherValue:
    """Read what `encode` wrote."""
    return None if text is None else _untagged(json.loads(text))


def _untagged(value: object) -> CypherValue:  # noqa: PLR0911
    if isinstance(value, list):
        return [_untagged(item) for item in value]
    if not isinstance(value, dict):
        return value
    ((tag, content),) = value.items()
    match tag:
        case "m":
            return {key: _untagged(item) for key, item in content.items()}
        case "n":
            return NodeReference(content)
        case "r":
            return RelationshipReference(content)
        case "p":
            return PathReference(tuple(content[0]), tuple(content[1]))
        case _:
            return from_text(tag, content)


# --- equality and order ----------------------------------------------------------------------------------------------


def equals(left: CypherValue, right: CypherValue) -> bool | None:
    """Cypher's `=`: three-valued, false for values of different types."""
    if left is None or right is None:
        return None
    if isinstance(left, list) and isinstance(right, list):
        return _all_equal(left, right)
    if isinstance(left, dict) and isinstance(right, dict):
        if left.keys() != right.keys():
            return False
        return _all_equal([left[key] for key in left], [right[key] for key in left])
    if _class_of(left) != _class_of(right):
        return False
    return bool(left == right)


def _all_equal(left: list[CypherValue], right: list[CypherValue]) -> bool | None:
    if len(left) != len(right):
        return False
    unknown = False
    for one, other in zip(left, right, strict=True):
        same = equals(one, other)
        if same is False:
            return False
        unknown = unknown or same is None
    return None if unknown else True


def compare(left: CypherValue, right: CypherValue) -> int | None:
    """Cypher's `<` and `>`: -1, 0 or 1, or null for values that cannot be compared."""
    if left is None or right is None:
        return None
    if isinstance(left, list) and isinstance(right, list):
        return _compare_lists(left, right)
    if _class_of(left) != _class_of(right) or not isinstance(left, (bool, int, float, str, Temporal)):
        return None
    if (isinstance(left, float) and math.isnan(left)) or (isinstance(right, float) and math.isnan(right)):
        return None
    if left == 0 and right == 0:
        return int(_is_negative_zero(right)) - int(_is_negative_zero(left))
    return -1 if left < right else 1 if left > right else 0


def _is_negative_zero(value: CypherValue) -> bool:
    """Whether this is -0.0, which equals 0.0 and yet comes before it."""
    return isinstance(value, float) and value == 0 and math.copysign(1, value) < 0


def _compare_lists(left: list[CypherValue], right: list[CypherValue]) -> int | None:
    for one, other in zip(left, right, strict=False):
        order = compare(one, other)
        if order or (order is None and not equals(one, other)):
            return order
    return (len(left) > len(right)) - (len(left) < len(right))


_MAP, _NODE, _RELATIONSHIP, _LIST, _PATH, _TEMPORAL, _STRING, _BOOLEAN, _NUMBER, _VOID = range(10)


def _class_of(value: CypherValue) -> object:
    """The group of values that can be compared with each other."""
    if isinstance(value, bool):
        return _BOOLEAN
    if isinstance(value, (int, float)):
        return _NUMBER
    if isinstance(value, (Temporal, Duration)):
        return kind_of(value)
    return type(value)


def sort_key(value: CypherValue) -> bytes:
    """Bytes that sort as Cypher orders values of any type.

    The order of types is that of ORDER BY: maps, nodes, relationships, lists, paths, temporal values, text, booleans,
    numbers, and last of all null. -0.0 comes before 0.0, and NaN after every other number.
    """
    return _key(value, _number_key)


def group_key(value: CypherValue) -> bytes:
    """Bytes that are equal for the values of one group of DISTINCT: zeros are equal, and no NaN equals another."""
    return _key(value, _group_number_key)


def _key(value: CypherValue, number_key: Callable[[float], bytes]) -> bytes:  # noqa: PLR0911
    match value:
        case None:
            return bytes([_VOID])
        case bool():
            return bytes([_BOOLEAN, value])
        case int() | float():
            return bytes([_NUMBER]) + number_key(value)
        case str():
            return bytes([_STRING]) + _text_key(value)
        case list():
            return bytes([_LIST]) + b"".join(b"\x01" + _key(item, number_key) for item in value) + b"\x00"
        case dict():
            items = b"".join(b"\x01" + _text_key(key) + _key(item, number_key) for key, item in sorted(value.items()))
            return bytes([_MAP]) + items + b"\x00"
        case NodeReference():
            return bytes([_NODE]) + struct.pack(">q", value.number)
        case RelationshipReference():
            return bytes([_RELATIONSHIP]) + struct.pack(">q", value.number)
        case PathReference():
            return bytes([_PATH]) + struct.pack(f">{len(value.nodes)}q", *value.nodes) + _integers(value.relationships)
        case _:
            return bytes([_TEMPORAL]) + bytes(value.sort_key())


def _integers(numbers: tuple[int, ...]) -> bytes:
    return struct.pack(f">{len(numbers)}q", *numbers)


def _number_key(value: float) -> bytes:
    """Eight bytes of the float, then the exact rest of an integer that no float holds."""
    if isinstance(value, float) and math.isnan(value):
        return b"\xff" * 16
    nearest = float(value)
    (bits,) = struct.unpack(">Q", struct.pack(">d", nearest))
    ordered = bits ^ 0xFFFFFFFFFFFFFFFF if bits >> 63 else bits | 1 << 63
    rest = value - int(nearest) if isinstance(value, int) else 0
    return struct.pack(">QQ", ordered, rest + (1 << 32))


_distinct_nans = itertools.count()


def _group_number_key(value: float) -> bytes:
    if isinstance(value, float) and math.isnan(value):
        return b"\xff" * 8 + struct.pack(">Q", next(_distinct_nans))
    return _number_key(value + 0)


def _text_key(value: str) -> bytes:
    """UTF-16 without zero units inside: the order of Java's strings, which is Neo4j's."""
    return value.encode("utf-16-be", "surrogatepass").replace(b"\x00\x00", b"\x00\x01") + b"\x00\x00"
