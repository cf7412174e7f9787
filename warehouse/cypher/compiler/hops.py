"""What the patterns of a MATCH are made of while they are joined: nodes, and the hops between them."""

from __future__ import annotations

from dataclasses import dataclass, field

from warehouse.cypher.compiler.relation import Columns, Value
from warehouse.cypher.syntax import tree as s
from warehouse.cypher.types import Kind, Type

#: The direction of a relationship seen from its other end.
FLIPPED = {"out": "in", "in": "out", "both": "both"}


@dataclass
class NodeState:
    """A node of the patterns of one MATCH.

    `declared` are the types that its labels allow, `of` those that remain after the relationships around it are
    considered; `sql` is its id once something is joined that gives it.
    """

    name: str
    declared: frozenset[int]
    of: frozenset[int]
    sql: str | None = None
    columns: Columns | None = None
    patterns: list[s.NodePattern] = field(default_factory=list)
    was_bound: bool = False

    @property
    def value(self) -> Value:
        """The node as an expression."""
        if self.sql is None:
            raise AssertionError("a node is read before it is joined")
        return Value(self.sql, Type(Kind.NODE, of=self.of), self.columns)


@dataclass
class Hop:
    """A relationship, or a repeated group, between two nodes.

    After joining, `single` is the relationship's id, or `many` the list of ids of a repetition.
    """

    element: s.RelationshipPattern | s.Group
    left: NodeState
    right: NodeState
    path: s.PathPattern
    of: frozenset[int] = frozenset()
    single: str | None = None
    many: str | None = None
    inner_nodes: str | None = None
    value: Value | None = None
    done: bool = False

    @property
    def repeated(self) -> bool:
        """Whether this is a group or has a length."""
        return isinstance(self.element, s.Group) or self.element.repetition is not None
