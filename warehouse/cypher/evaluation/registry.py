"""The functions that a query may call: one table, from which the compiler, the evaluator and the documentation read.

A function has a Python form, which gives every value its exact Cypher meaning, and, where argument types that are known
beforehand allow it, an SQL form, which DuckDB runs over millions of rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from warehouse.cypher.types import Kind, Type
from warehouse.cypher.values.values import CypherValue

# The groups of kinds that an argument may have, by the word used in a signature.
ACCEPTS: dict[str, frozenset[Kind]] = {
    "any": frozenset(Kind),
    "boolean": frozenset({Kind.BOOLEAN}),
    "integer": frozenset({Kind.INTEGER}),
    "number": frozenset({Kind.INTEGER, Kind.FLOAT}),
    "string": frozenset({Kind.STRING}),
    "list": frozenset({Kind.LIST}),
    "map": frozenset({Kind.MAP}),
    "node": frozenset({Kind.NODE}),
    "relationship": frozenset({Kind.RELATIONSHIP}),
    "path": frozenset({Kind.PATH}),
    "entity": frozenset({Kind.NODE, Kind.RELATIONSHIP}),
    "owner": frozenset({Kind.NODE, Kind.RELATIONSHIP, Kind.MAP}),
    "text": frozenset({Kind.STRING, Kind.INTEGER, Kind.FLOAT, Kind.BOOLEAN, Kind.DATE, Kind.DATETIME}),
    "scalar": frozenset({Kind.STRING, Kind.INTEGER, Kind.FLOAT, Kind.BOOLEAN}),
    "sized": frozenset({Kind.STRING, Kind.LIST}),
    "empty": frozenset({Kind.STRING, Kind.LIST, Kind.MAP}),
    "flag": frozenset({Kind.BOOLEAN, Kind.STRING, Kind.INTEGER}),
    "time": frozenset({Kind.STRING, Kind.MAP, Kind.DATE, Kind.DATETIME}),
    "instant": frozenset({Kind.DATE, Kind.DATETIME, Kind.STRING}),
}

SqlForm = Callable[[tuple[Type, ...], tuple[str, ...]], "tuple[str, Type] | None"]


@dataclass(frozen=True)
class Function:
    """One function.

    Args:
        name: as it is written in documentation; calls ignore case.
        signature: what each argument may be, a word of `ACCEPTS`; a trailing `?` marks one that may be left out and
            a trailing `*` one that may be repeated.
        evaluate: the Python form; `None` for functions of nodes, relationships and paths, which need the graph.
        sql: the SQL form for known types, or `None` to say that these types have none.
        result: the type of the Python form's result where it is known.
        group, example, gives: for the documentation.
        null_aware: whether the Python form is called even when an argument is null.
    """

    name: str
    signature: tuple[str, ...]
    evaluate: Callable[..., CypherValue] | None
    group: str
    example: str
    gives: str
    sql: SqlForm | None = None
    result: Type | None = None
    null_aware: bool = False

    @property
    def least(self) -> int:
        """The smallest number of arguments."""
        return sum(not word.endswith(("?", "*")) for word in self.signature)

    @property
    def most(self) -> int | None:
        """The largest number of arguments; `None` where there is no bound."""
        return None if self.signature and self.signature[-1].endswith("*") else len(self.signature)

    def accepts(self, position: int) -> frozenset[Kind]:
        """The kinds that the argument at `position` may have, null and unknown apart."""
        word = self.signature[min(position, len(self.signature) - 1)].rstrip("?*")
        return ACCEPTS[word] | {Kind.NULL, Kind.ANY}
