"""Compiles patterns into joins: which types can stand where, what is joined, and that no relationship is used twice."""

from __future__ import annotations

from collections.abc import Iterable

from warehouse.cypher.compiler import operators
from warehouse.cypher.compiler.expressions import Expressions
from warehouse.cypher.compiler.hops import FLIPPED, Hop, NodeState
from warehouse.cypher.compiler.labels import matching
from warehouse.cypher.compiler.lifting import in_python
from warehouse.cypher.compiler.relation import Facet, Relation, Scan, Value, entity_test
from warehouse.cypher.compiler.repetition import join_repetition
from warehouse.cypher.compiler.shortest import join_search
from warehouse.cypher.syntax import tree as s
from warehouse.cypher.syntax.walk import variables
from warehouse.cypher.types import PATH, Kind, Type, list_of

MOST_HOPS = 50


class PatternCompiler:
    """Joins the patterns of one MATCH to a relation.

    Args:
        relation: what is joined to; its scope holds the variables that are known already.
    """

    def __init__(self, relation: Relation) -> None:
        self.relation = relation
        self.context = relation.context
        self.nodes: dict[str, NodeState] = {}
        self.hops: list[Hop] = []
        self._paths: list[tuple[s.PathPattern, list[NodeState], list[Hop]]] = []
        self._names: set[str] = set()

    def inside(self, relation: Relation) -> PatternCompiler:
        """A compiler for patterns of another SELECT, such as the step of a repetition."""
        return PatternCompiler(relation)

    def compile(self, patterns: Iterable[s.PathPattern], where: s.Expression | None = None) -> None:
        """Join the patterns and keep the rows for which `where` is true."""
        for pattern in patterns:
            self.declare(pattern)
        self._check_selected(where)
        self.infer()
        self.join_all()
        self.publish()
        self.filter(where)

    # --- what is there ---

    def declare(self, pattern: s.PathPattern) -> None:
        """Note the nodes and relationships of a path."""
        nodes = [self._declare_node(element) for element in pattern.elements if isinstance(element, s.NodePattern)]
        links = [element for element in pattern.elements if not isinstance(element, s.NodePattern)]
        hops = [
            self._declare_hop(element, nodes[position], nodes[position + 1], pattern)
            for position, element in enumerate(links)
        ]
        if pattern.name is not None:
            self._claim(pattern.name, pattern.at)
        self._paths.append((pattern, nodes, hops))

    def _claim(self, name: str, at: int) -> None:
        if name in self._names or name in self.nodes or name in self.relation.scope:
            raise self.context.refuse(at, f"the variable {name!r} is used for two things", "give one another name")
        self._names.add(name)

    def _declare_node(self, pattern: s.NodePattern) -> NodeState:
        name = pattern.name or self.context.alias(" node")
        state = self.nodes.get(name) or self._new_node(name, pattern)
        state.patterns.append(pattern)
        if pattern.labels is not None:
            found = matching(pattern.labels, Type(Kind.NODE, of=state.declared), self.context)
            state.declared &= found
            state.of &= found
        return state

    def _new_node(self, name: str, pattern: s.NodePattern) -> NodeState:
        if name in self._names:
            raise self.context.refuse(
                pattern.at, f"the variable {name!r} is used for two things", "give one another name"
            )
        every = self.context.catalogue.all_nodes
        known = self.relation.scope.get(name)
        state = NodeState(name, every, every)
        if known is not None:
            if known.type.kind is Kind.ANY:
                raise self.context.refuse(pattern.at, f"whether {name!r} is a node is known only when the query runs")
            if known.type.kind not in (Kind.NODE, Kind.NULL):
                raise self.context.refuse(pattern.at, f"type mismatch: {name!r} is {known.type}, expected a node")
            of = every if known.type.of is None else known.type.of
            sql = "CAST(NULL AS BIGINT)" if known.type.kind is Kind.NULL else known.sql
            state = NodeState(name, every, of, sql, known.columns, was_bound=True)
        self.nodes[name] = state
        return state

    def _declare_hop(
        self, element: s.RelationshipPattern | s.Group, left: NodeState, right: NodeState, path: s.PathPattern
    ) -> Hop:
        if len(self.hops) == MOST_HOPS:
            raise self.context.refuse(
                element.at, f"more than {MOST_HOPS} relationships in one MATCH", "split it into several, or use *1..3"
            )
        hop = Hop(element, left, right, path)
        if isinstance(element, s.RelationshipPattern):
            every = Type(Kind.RELATIONSHIP, of=self.context.catalogue.all_relationships)
            hop.of = every.of or frozenset()
            if element.types is not None:
                hop.of = matching(element.types, every, self.context)
            self._declare_relationship_name(element, hop)
        self.hops.append(hop)
        return hop

    def _declare_relationship_name(self, element: s.RelationshipPattern, hop: Hop) -> None:
        if element.name is None:
            return
        known = self.relation.scope.get(element.name)
        if element.name in self._names or element.name in self.nodes or (known is not None and hop.repeated):
            raise self.context.refuse(
                element.at, f"the variable {element.name!r} is used for two things", "give one another name"
            )
        if known is not None and known.type.kind is not Kind.RELATIONSHIP:
            raise self.context.refuse(
                element.at, f"type mismatch: {element.name!r} is {known.type}, expected a relationship"
            )
        self._names.add(element.name)

    # --- which types can stand where ---

    def infer(self) -> None:
        """Narrow the types of nodes and relationships by each other until nothing changes."""
        changed = True
        while changed:
            changed = False
            for hop in self.hops:
                changed = self._narrow(hop) or changed

    def _narrow(self, hop: Hop) -> bool:
        if isinstance(hop.element, s.Group):
            return False
        before = (hop.of, hop.left.of, hop.right.of)
        if hop.element.repetition is None:
            pairs = {ordinal: self._pairs(hop, ordinal) for ordinal in hop.of}
            hop.of = frozenset(ordinal for ordinal, found in pairs.items() if found)
            hop.left.of &= {left for found in pairs.values() for left, _ in found}
            hop.right.of &= {right for found in pairs.values() for _, right in found}
        elif hop.element.repetition.low > 0:
            ends = [end for ordinal in hop.of for pair in self.context.catalogue.ends[ordinal] for end in pair]
            hop.left.of &= frozenset(ends)
            hop.right.of &= frozenset(ends)
        return before != (hop.of, hop.left.of, hop.right.of)

    def _pairs(self, hop: Hop, ordinal: int) -> set[tuple[int, int]]:
        """The pairs of left and right node types between which this type of relationship can stand here."""
        stored = self.context.catalogue.ends[ordinal]
        direction = hop.element.direction if isinstance(hop.element, s.RelationshipPattern) else "both"
        oriented = set(stored) if direction != "in" else set()
        if direction != "out":
            oriented |= {(object_, subject) for subject, object_ in stored}
        return {(left, right) for left, right in oriented if left in hop.left.of and right in hop.right.of}

    # --- joining ---

    def join_all(self) -> None:
        """Join every hop, beginning at nodes that are known or looked up, then the nodes that stand alone."""
        for state in self.nodes.values():
            if state.sql is not None and state.was_bound:
                self._check_bound(state)
        while (hop := self._next_hop()) is not None:
            self._join_hop(hop)
            hop.done = True
        for state in self.nodes.values():
            if state.sql is None:
                self.scan(state)
        self._require_distinct()

    def _check_bound(self, state: NodeState) -> None:
        possible = self._known_types(state)
        if not possible <= state.declared:
            self.relation.require(entity_test(str(state.sql), state.declared))
        self.relation.require(f"{state.sql} IS NOT NULL")

    def _known_types(self, state: NodeState) -> frozenset[int]:
        known = self.relation.scope.get(state.name)
        return self.context.catalogue.all_nodes if known is None or known.type.of is None else known.type.of

    def _next_hop(self) -> Hop | None:
        """A hop at a node that is joined already; else one at the node that is most likely looked up by its key."""
        waiting = [hop for hop in self.hops if not hop.done]
        # A path search needs both ends; every other hop is joined before it.
        plain = [hop for hop in waiting if hop.path.selector is None] or waiting
        ready = [hop for hop in plain if hop.left.sql is not None or hop.right.sql is not None]
        if ready:
            return ready[0]
        return max(plain, key=lambda hop: max(_weight(hop.left), _weight(hop.right)), default=None)

    def scan(self, state: NodeState) -> None:
        """Join a node's own table."""
        scan = Scan(self.context, Kind.NODE, state.of)
        self.relation.add(scan)
        state.sql, state.columns = scan.id, scan

    def bind(self, state: NodeState, sql: str, possible: frozenset[int]) -> None:
        """Say that a column is the id of a node; `possible` are the types that the column can hold."""
        if state.sql is not None:
            self.relation.require(f"{state.sql} = {sql}")
            return
        state.sql = sql
        state.columns = Facet(self.relation, sql, Type(Kind.NODE, of=state.of), False)
        if not possible <= state.declared:
            self.relation.require(entity_test(sql, state.declared))

    def _join_hop(self, hop: Hop) -> None:
        if hop.path.selector is not None:
            join_search(self, hop)
        elif hop.repeated:
            join_repetition(self, hop)
        elif isinstance(hop.element, s.RelationshipPattern):
            self._join_relationship(hop, hop.element)

    def begins_right(self, hop: Hop) -> bool:
        """Whether the walk along a hop begins at its right node."""
        if (hop.left.sql is None) != (hop.right.sql is None):
            return hop.left.sql is None
        return hop.left.sql is None and _weight(hop.right) > _weight(hop.left)

    def _join_relationship(self, hop: Hop, element: s.RelationshipPattern) -> None:
        from_right = self.begins_right(hop)
        near, far = (hop.right, hop.left) if from_right else (hop.left, hop.right)
        direction = element.direction if not from_right else FLIPPED[element.direction]
        direction = self._only_direction(hop, near, far, direction)
        scan = Scan(self.context, Kind.RELATIONSHIP, hop.of, direction)  # type: ignore[arg-type]  # flipped within the three
        pairs = {pair for ordinal in hop.of for pair in self.context.catalogue.ends[ordinal]}
        starts, ends = frozenset(start for start, _ in pairs), frozenset(end for _, end in pairs)
        at_near, at_far = {"out": (starts, ends), "in": (ends, starts), "both": (starts | ends,) * 2}[direction]
        if near.sql is None:
            self.relation.add(scan)
            self.bind(near, scan.near, at_near)
        else:
            self.relation.join(scan, f"{scan.near} = {near.sql}")
        self.bind(far, scan.far, at_far)
        hop.single = scan.id
        hop.value = Value(scan.id, Type(Kind.RELATIONSHIP, of=hop.of), scan)
        known = None if element.name is None else self.relation.scope.get(element.name)
        if known is not None:
            self.relation.require(f"{scan.id} = {known.sql}")

    def _only_direction(self, hop: Hop, near: NodeState, far: NodeState, direction: str) -> str:
        """For an undirected hop the one direction in which the types of its ends leave it, if there is but one."""
        if direction != "both":
            return direction
        pairs = [pair for ordinal in hop.of for pair in self.context.catalogue.ends[ordinal]]
        outward = any(start in near.of and end in far.of for start, end in pairs)
        inward = any(end in near.of and start in far.of for start, end in pairs)
        return "both" if outward == inward else "out" if outward else "in"

    def _require_distinct(self) -> None:
        """No relationship twice in one MATCH."""
        for position, hop in enumerate(self.hops):
            for other in self.hops[:position]:
                if hop.of & other.of or not hop.of or not other.of:
                    self.relation.require(_differ(other, hop))

    # --- what the rest of the query sees ---

    def publish(self) -> None:
        """Put named nodes, relationships and paths into scope."""
        scope = self.relation.scope
        for name, state in self.nodes.items():
            if not name.startswith(" "):
                scope[name] = state.value
        for hop in self.hops:
            if (
                isinstance(hop.element, s.RelationshipPattern)
                and hop.element.name is not None
                and hop.value is not None
            ):
                scope[hop.element.name] = hop.value
        for pattern, nodes, hops in self._paths:
            if pattern.name is not None:
                scope[pattern.name] = Value(path_sql(nodes, hops), PATH)

    def filter(self, where: s.Expression | None) -> None:
        """Apply the properties and predicates written inside the patterns, then WHERE."""
        for state in self.nodes.values():
            for pattern in state.patterns:
                self.match_properties(state.value, pattern.properties)
                self._where(pattern.where)
        for hop in self.hops:
            if isinstance(hop.element, s.RelationshipPattern) and not hop.repeated and hop.value is not None:
                self.match_properties(hop.value, hop.element.properties)
                self._where(hop.element.where)
        self._where(where)

    def _where(self, where: s.Expression | None) -> None:
        for condition in conjuncts(where):
            self.relation.require(Expressions(self.relation).boolean(condition))

    def match_properties(self, entity: Value, properties: s.Properties | None) -> None:
        """Require the properties that a pattern spells as a map."""
        if not isinstance(properties, s.MapLiteral):
            return
        expressions = Expressions(self.relation)
        for key, expression in properties.items:
            stored = expressions.property_of(entity, key, expression.at)
            wanted = expressions.compile(expression)
            try:
                found = operators.binary("=", stored, wanted, self.context)
            except operators.NeedsPython:
                found = self._equal_in_python(stored, wanted)
            self.relation.require("FALSE" if found is None else found.sql)

    def _equal_in_python(self, stored: Value, wanted: Value) -> Value:
        helper = Expressions(self.relation, named={" stored": stored, " wanted": wanted})
        return in_python(helper, s.Binary(0, "=", s.Variable(0, " stored"), s.Variable(0, " wanted")))

    def _check_selected(self, where: s.Expression | None) -> None:
        """Refuse a predicate on a shortest path that would have to take part in the search."""
        for hop in self.hops:
            if hop.path.selector is None:
                continue
            names = {hop.path.name, hop.element.name if isinstance(hop.element, s.RelationshipPattern) else None}
            if where is not None and variables(where) & names:
                raise self.context.refuse(
                    where.at, "a predicate on a shortest path takes part in the search, which is not supported",
                    "WITH the path first, then filter: WITH p WHERE ...; this filters paths already found",
                )  # fmt: skip
            if len(self.hops) > 1:
                raise self.context.refuse(
                    hop.element.at, "a shortest path must be the only relationship of its MATCH",
                    "write it as a MATCH of its own",
                )  # fmt: skip


def conjuncts(where: s.Expression | None) -> Iterable[s.Expression]:
    """The predicates that AND joins."""
    if isinstance(where, s.Logic) and where.operator == "AND":
        for operand in where.operands:
            yield from conjuncts(operand)
    elif where is not None:
        yield where


def _weight(state: NodeState) -> int:
    """How much a node narrows the search: known ones most, then looked-up ones, then labelled ones."""
    if state.sql is not None:
        return 3
    if any(pattern.properties is not None or pattern.where is not None for pattern in state.patterns):
        return 2
    return int(any(pattern.labels is not None for pattern in state.patterns))


def _differ(one: Hop, other: Hop) -> str:
    if one.single is not None and other.single is not None:
        return f"{one.single} <> {other.single}"
    if one.single is not None:
        return f"NOT list_contains({other.many}, {one.single})"
    if other.single is not None:
        return f"NOT list_contains({one.many}, {other.single})"
    return f"NOT list_has_any({one.many}, {other.many})"


def path_sql(nodes: list[NodeState], hops: list[Hop]) -> str:
    """A path as its list of nodes and its list of relationships."""
    node_parts, relationship_parts = [f"[{nodes[0].sql}]"], ["CAST([] AS BIGINT[])"]
    for hop, end in zip(hops, nodes[1:], strict=True):
        if hop.single is not None:
            node_parts.append(f"[{end.sql}]")
            relationship_parts.append(f"[{hop.single}]")
        else:
            node_parts.append(str(hop.inner_nodes))
            relationship_parts.append(str(hop.many))
    return f"struct_pack(ns := {_joined(node_parts)}, rs := {_joined(relationship_parts)})"


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"list_concat({', '.join(parts)})"


def list_type(of: frozenset[int], kind: Kind) -> Type:
    """The type of a list of nodes or relationships."""
    return list_of(Type(kind, of=of))
