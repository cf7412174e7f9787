"""Shortest paths: both ends are found by SQL, the search runs over arrays, the paths come back as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.cypher.compiler.hops import Hop
from warehouse.cypher.compiler.relation import Value
from warehouse.cypher.search import Search
from warehouse.cypher.syntax import tree as s
from warehouse.cypher.types import Kind, Type, list_of

if TYPE_CHECKING:
    from warehouse.cypher.compiler.patterns import PatternCompiler

PATHS = "cypher_paths"


def join_search(compiler: PatternCompiler, hop: Hop) -> None:
    """Join the shortest path (or all of them) between the two nodes of a hop."""
    element, context = hop.element, compiler.context
    if not isinstance(element, s.RelationshipPattern) or element.properties or element.where:
        raise context.refuse(
            element.at, "a shortest path over chosen properties is not supported", "choose by relationship type instead"
        )
    repetition = element.repetition or s.Repetition(1, 1, True)
    if repetition.low > 1:
        raise context.refuse(element.at, "the least length of a shortest path must be 0 or 1")
    for state in (hop.left, hop.right):
        if state.sql is None:
            compiler.scan(state)
    search = Search(hop.of, element.direction, repetition.high, hop.path.selector == "all", repetition.low)
    context.searches.append(search)
    alias = context.alias("p")
    found = f"unnest({PATHS}({search.number}, {hop.left.sql}, {hop.right.sql}))"
    compiler.relation.add(f"LATERAL (SELECT {found} AS p) AS {alias}")
    hop.many = f"{alias}.p.rs"
    hop.inner_nodes = f"{alias}.p.ns[2:]"
    hop.value = Value(hop.many, list_of(Type(Kind.RELATIONSHIP, of=hop.of)))
