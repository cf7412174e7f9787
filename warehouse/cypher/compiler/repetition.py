"""Repeated patterns: `*1..3`, `+`, `{1,3}` and groups, as a recursive query beside each row.

Each round walks the group once more and appends the relationships it used; a relationship that was used before is not
walked again, so the recursion ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.cypher.compiler.hops import FLIPPED, Hop, NodeState
from warehouse.cypher.compiler.relation import Value
from warehouse.cypher.search import REACH, WALKS, Walk
from warehouse.cypher.syntax import tree as s
from warehouse.cypher.types import Kind, Type, list_of

if TYPE_CHECKING:
    from warehouse.cypher.compiler.patterns import PatternCompiler


def join_repetition(compiler: PatternCompiler, hop: Hop) -> None:
    """Join a repeated relationship or group to the relation."""
    from_right = compiler.begins_right(hop)
    near, far = (hop.right, hop.left) if from_right else (hop.left, hop.right)
    if near.sql is None:
        compiler.scan(near)
    if _is_plain(compiler, hop):
        _join_walk(compiler, hop, near, far, from_right)
        return
    walk = _Walk(compiler, _as_group(hop.element), from_right, str(near.sql), hop)
    alias = compiler.context.alias("v")
    compiler.relation.add(f"LATERAL ({walk.sql()}) AS {alias}")
    compiler.bind(far, f"{alias}.b", compiler.context.catalogue.all_nodes)
    hop.many = _forward(f"{alias}.rs", from_right)
    nodes = f"list_concat([{near.sql}], {alias}.ns)"
    hop.inner_nodes = f"list_reverse({nodes})[2:]" if from_right else f"{alias}.ns"
    for column, (name, type_) in enumerate(walk.variables):
        value = Value(_forward(f"{alias}.g{column}", from_right), type_)
        if isinstance(hop.element, s.RelationshipPattern):
            hop.value = value
        else:
            compiler.relation.scope[name] = value


def _is_plain(compiler: PatternCompiler, hop: Hop) -> bool:
    """Whether nothing but the type of the relationships decides which are walked."""
    element = hop.element
    return isinstance(element, s.RelationshipPattern) and element.properties is None and element.where is None


def _join_walk(compiler: PatternCompiler, hop: Hop, near: NodeState, far: NodeState, from_right: bool) -> None:
    """Join a repeated relationship by walking arrays instead of tables."""
    element = hop.element
    if not isinstance(element, s.RelationshipPattern) or element.repetition is None:
        raise AssertionError("only a repeated relationship is walked")
    direction = FLIPPED[element.direction] if from_right else element.direction
    walk = Walk(hop.of, direction, element.repetition.low, element.repetition.high)
    compiler.context.searches.append(walk)
    alias = compiler.context.alias("v")
    ends_only = element.name is None and hop.path.name is None and len(compiler.hops) == 1
    if ends_only:
        compiler.relation.add(f"LATERAL (SELECT unnest({REACH}({walk.number}, {near.sql})) AS b) AS {alias}")
        compiler.bind(far, f"{alias}.b", compiler.context.catalogue.all_nodes)
        return
    found = f"unnest({WALKS}({walk.number}, {near.sql}))"
    compiler.relation.add(f"LATERAL (SELECT {found} AS w) AS {alias}")
    compiler.bind(far, f"{alias}.w.b", compiler.context.catalogue.all_nodes)
    hop.many = _forward(f"{alias}.w.rs", from_right)
    nodes = f"list_concat([{near.sql}], {alias}.w.ns)"
    hop.inner_nodes = f"list_reverse({nodes})[2:]" if from_right else f"{alias}.w.ns"
    hop.value = Value(hop.many, list_of(Type(Kind.RELATIONSHIP, of=hop.of)))


def _forward(values: str, reverse: bool) -> str:
    return f"list_reverse({values})" if reverse else values


def _as_group(element: s.RelationshipPattern | s.Group) -> s.Group:
    if isinstance(element, s.Group):
        return element
    once = s.RelationshipPattern(
        element.at, element.direction, element.name, element.types, element.properties, element.where
    )
    path = s.PathPattern(element.at, (s.NodePattern(element.at), once, s.NodePattern(element.at)))
    repetition = element.repetition or s.Repetition(1, 1, False)
    return s.Group(element.at, path, None, repetition)


class _Walk:
    """The recursive query of one repetition."""

    def __init__(self, outer: PatternCompiler, group: s.Group, from_right: bool, start: str, hop: Hop) -> None:
        self.context = outer.context
        self.group = group
        self.from_right = from_right
        self.start = start
        self.name = outer.context.alias("w")
        self.step = outer.relation.child()
        self.compiler = outer.inside(self.step)
        self.variables: list[tuple[str, Type]] = []
        self._compile(outer)
        hop.of = frozenset(ordinal for inner in self.compiler.hops for ordinal in inner.of)

    def _compile(self, outer: PatternCompiler) -> None:
        compiler, pattern = self.compiler, self.group.pattern
        self._check(outer)
        for element in pattern.elements:
            name = None if isinstance(element, s.Group) else element.name
            if name is not None and isinstance(self.group, s.Group):
                self.step.scope.pop(name, None)
        compiler.declare(pattern)
        compiler.infer()
        self.step.add(self.name)
        nodes = self._path_nodes()
        self.first, self.last = (nodes[-1], nodes[0]) if self.from_right else (nodes[0], nodes[-1])
        compiler.bind(self.first, f"{self.name}.b", self.context.catalogue.all_nodes)
        compiler.join_all()
        compiler.publish()
        compiler.filter(self.group.where)
        for hop in compiler.hops:
            self.step.require(f"NOT list_contains({self.name}.rs, {hop.single})")
        if self.group.repetition.high is not None:
            self.step.require(f"{self.name}.d < {self.group.repetition.high}")
        self._collect_variables()

    def _check(self, outer: PatternCompiler) -> None:
        for element in self.group.pattern.elements:
            if isinstance(element, s.Group) or (isinstance(element, s.RelationshipPattern) and element.repetition):
                raise self.context.refuse(element.at, "a repetition inside a repeated group is not allowed")
            named_before = element.name is not None and element.name in {*outer.relation.scope, *outer.nodes}
            if named_before and len(self.group.pattern.elements) > 1 and not _is_own(outer, element):
                raise self.context.refuse(element.at, f"the variable {element.name!r} is used for two things")

    def _path_nodes(self) -> list[NodeState]:
        ordered: list[NodeState] = []
        for hop in self.compiler.hops:
            ordered += [hop.left] if not ordered else []
            ordered.append(hop.right)
        return ordered or list(self.compiler.nodes.values())

    def _collect_variables(self) -> None:
        for element in self.group.pattern.elements:
            name = None if isinstance(element, s.Group) else element.name
            if name is not None and name not in [known for known, _ in self.variables]:
                self.variables.append((name, list_of(self.step.scope[name].type)))

    def sql(self) -> str:
        """The recursive query: `b` the node reached, `rs` and `ns` what was walked, `g0..` the group's variables."""
        lists = ["rs", "ns", *(f"g{n}" for n in range(len(self.variables)))]
        empty = ", ".join("CAST([] AS BIGINT[])" for _ in lists)
        hops = list(reversed(self.compiler.hops)) if self.from_right else self.compiler.hops
        far = [(hop.left if self.from_right else hop.right).sql for hop in hops]
        steps = [self._append("rs", [str(hop.single) for hop in hops]), self._append("ns", [str(node) for node in far])]
        steps += [
            f"list_append({self.name}.g{n}, {self.step.scope[name].sql})" for n, (name, _) in enumerate(self.variables)
        ]
        low = self.group.repetition.low
        return (
            f"WITH RECURSIVE {self.name}(b, d, {', '.join(lists)}) AS ("
            f"SELECT {self.start}, 0, {empty} UNION ALL "
            f"SELECT {self.last.sql}, {self.name}.d + 1, {', '.join(steps)}{self.step.body()}) "
            f"SELECT b, {', '.join(lists)} FROM {self.name} WHERE d >= {low}"
        )

    def _append(self, column: str, values: list[str]) -> str:
        own = f"{self.name}.{column}"
        return f"list_append({own}, {values[0]})" if len(values) == 1 else f"list_concat({own}, [{', '.join(values)}])"


def _is_own(outer: PatternCompiler, element: s.NodePattern | s.RelationshipPattern) -> bool:
    """Whether the name belongs to the repeated relationship itself, which was declared by the pattern around it."""
    return isinstance(element, s.RelationshipPattern) and element.name not in outer.relation.scope
