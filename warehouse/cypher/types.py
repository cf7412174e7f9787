"""The types that an expression can have before the query runs, and the DuckDB types that carry them.

A type says what is known: `INTEGER` holds integers or null and nothing else. `ANY` says that only the run will tell;
such values travel as tagged text (see `values`) and are computed in Python.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """The kinds of Cypher values."""

    NULL = "NULL"
    BOOLEAN = "BOOLEAN"
    INTEGER = "INTEGER"
    FLOAT = "FLOAT"
    STRING = "STRING"
    DATE = "DATE"
    DATETIME = "LOCAL DATETIME"
    LIST = "LIST"
    MAP = "MAP"
    NODE = "NODE"
    RELATIONSHIP = "RELATIONSHIP"
    PATH = "PATH"
    ANY = "ANY"


_SQL = {
    Kind.NULL: "INTEGER",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.INTEGER: "BIGINT",
    Kind.FLOAT: "DOUBLE",
    Kind.STRING: "VARCHAR",
    Kind.DATE: "DATE",
    Kind.DATETIME: "TIMESTAMP",
    Kind.NODE: "BIGINT",
    Kind.RELATIONSHIP: "BIGINT",
    Kind.PATH: "STRUCT(ns BIGINT[], rs BIGINT[])",
    Kind.ANY: "VARCHAR",
}


@dataclass(frozen=True, slots=True)
class Type:
    """A type; `item` for lists, `fields` for maps whose keys are known, `of` for the types an entity may have.

    `of` holds ordinals of the catalogue: of node types for a node, of relationship types for a relationship.
    `sparse` are the keys of a map that count as absent where their value is null. `hollow` marks a sum of floats:
    over no value at all it is the integer 0, which is carried as the float -0.0.
    """

    kind: Kind
    item: Type | None = None
    fields: tuple[tuple[str, Type], ...] = ()
    of: frozenset[int] | None = None
    sparse: frozenset[str] = frozenset()
    hollow: bool = False

    @property
    def sql(self) -> str:
        """The DuckDB type of a column of this type."""
        if self.kind is Kind.LIST:
            return f"{(self.item or NULL).sql}[]"
        if self.kind is Kind.MAP:
            # Keys are text of the user: columns of a struct are numbered, never named after them.
            return "STRUCT(" + ", ".join(f"f{n} {type_.sql}" for n, (_, type_) in enumerate(self.fields)) + ")"
        return _SQL[self.kind]

    @property
    def is_entity(self) -> bool:
        """Whether this is a node or a relationship."""
        return self.kind in (Kind.NODE, Kind.RELATIONSHIP)

    @property
    def is_number(self) -> bool:
        """Whether this is an integer or a float."""
        return self.kind in (Kind.INTEGER, Kind.FLOAT)

    @property
    def is_dynamic(self) -> bool:
        """Whether values, or values inside them, are known only when the query runs."""
        if self.kind is Kind.ANY:
            return True
        if self.kind is Kind.LIST:
            return self.item is not None and self.item.is_dynamic
        return any(type_.is_dynamic for _, type_ in self.fields)

    def __str__(self) -> str:
        if self.kind is Kind.LIST:
            return f"LIST<{self.item}>"
        return str(self.kind.value)


NULL = Type(Kind.NULL)
BOOLEAN = Type(Kind.BOOLEAN)
INTEGER = Type(Kind.INTEGER)
FLOAT = Type(Kind.FLOAT)
HOLLOW = Type(Kind.FLOAT, hollow=True)
STRING = Type(Kind.STRING)
DATE = Type(Kind.DATE)
DATETIME = Type(Kind.DATETIME)
PATH = Type(Kind.PATH)
ANY = Type(Kind.ANY)


def list_of(item: Type) -> Type:
    """The type of a list of `item`."""
    return Type(Kind.LIST, item=item)


def map_of(fields: dict[str, Type], sparse: frozenset[str] = frozenset()) -> Type:
    """The type of a map with these keys; a map without any key is dynamic, for DuckDB has no empty struct."""
    return Type(Kind.MAP, fields=tuple(fields.items()), sparse=sparse) if fields else ANY


def join(left: Type, right: Type) -> Type:  # noqa: PLR0911
    """The narrowest type that holds the values of both; `ANY` where they have nothing in common."""
    if left == right or right.kind is Kind.NULL:
        return left
    if left.kind is Kind.NULL:
        return right
    if left.kind is not right.kind:
        return ANY
    if left.kind is Kind.FLOAT:
        return HOLLOW
    if left.kind is Kind.LIST:
        return list_of(join(left.item or NULL, right.item or NULL))
    if left.is_entity:
        of = None if left.of is None or right.of is None else left.of | right.of
        return Type(left.kind, of=of)
    if left.kind is Kind.MAP and [key for key, _ in left.fields] == [key for key, _ in right.fields]:
        joined = {key: join(a, b) for (key, a), (_, b) in zip(left.fields, right.fields, strict=True)}
        return map_of(joined, left.sparse) if left.sparse == right.sparse else ANY
    return ANY
