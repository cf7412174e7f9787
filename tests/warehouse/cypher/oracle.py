"""A naive interpreter of Cypher over the parse tree: nested loops over rows of variables, nothing clever.

It shares with the engine the parser and the meaning of single values (`evaluate`), which the recorded answers of
Neo4j check; matching, grouping, ordering and everything else that becomes SQL it does by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from warehouse.cypher.compiler.labels import satisfies
from warehouse.cypher.evaluation.evaluate import Environment, evaluate
from warehouse.cypher.syntax import tree as s
from warehouse.cypher.syntax.parser import parse
from warehouse.cypher.syntax.walk import contains_call, rebuild
from warehouse.cypher.values.values import NodeReference, PathReference, RelationshipReference, sort_key

Row = dict[str, Any]
AGGREGATES = frozenset({"count", "collect", "sum", "min", "max", "avg"})


@dataclass
class Graph:
    """Nodes by number: labels and properties; relationships by number: type, start, end and properties."""

    nodes: dict[int, tuple[frozenset[str], Row]] = field(default_factory=dict)
    relationships: dict[int, tuple[str, int, int, Row]] = field(default_factory=dict)

    def properties(self, reference: Any) -> Row:
        """The properties of a reference, and under hidden names what functions ask of it."""
        if isinstance(reference, NodeReference):
            labels, found = self.nodes[reference.number]
            return {**found, " labels": sorted(labels)}
        name, start, end, found = self.relationships[reference.number]
        return {**found, " type": name, " startNode": NodeReference(start), " endNode": NodeReference(end)}


def answer(graph: Graph, text: str, parameters: Row) -> list[tuple[Any, ...]]:
    """The rows of a query's answer."""
    query = parse(text)
    rows: list[tuple[Any, ...]] = []
    for part in query.parts:
        rows += _single(graph, part, [{f"${name}": value for name, value in parameters.items()}])
    if len(query.parts) > 1 and not query.keep_all:
        rows = list({sort_key(list(row)): row for row in rows}.values())
    return rows


def _single(graph: Graph, query: s.SingleQuery, rows: list[Row]) -> list[tuple[Any, ...]]:
    for clause in query.clauses:
        match clause:
            case s.Match():
                rows = [found for row in rows for found in _match(graph, clause, row)]
            case s.Unwind():
                rows = [{**row, clause.name: item} for row in rows for item in _value(graph, clause.source, row) or []]
            case s.With():
                rows = [
                    row
                    for row in _project(graph, clause.projection, rows)
                    if clause.where is None or _value(graph, clause.where, row) is True
                ]
            case s.Return():
                names = [item.name for item in clause.projection.items]
                return [tuple(row[name] for name in names) for row in _project(graph, clause.projection, rows)]
            case _:
                raise NotImplementedError(type(clause))
    return []


def _value(graph: Graph, expression: s.Expression, row: Row) -> Any:
    def inline(node: s.Syntax) -> Any:
        if isinstance(node, s.PatternPredicate):
            found = next(_paths(graph, node.pattern, row, set()), None)
            return s.Literal(node.at, found is not None)
        if isinstance(node, s.HasLabels):
            reference = _value(graph, node.operand, row)
            labels = None if reference is None else graph.nodes[reference.number][0]
            return s.Literal(node.at, None if labels is None else satisfies(node.labels, labels))
        if isinstance(node, s.Subquery):
            (match,) = node.query.parts[0].clauses
            assert isinstance(match, s.Match)
            count = len(_matched(graph, match, row))
            return s.Literal(node.at, count > 0 if node.kind == "EXISTS" else count)
        return rebuild(node, inline)

    return evaluate(inline(expression), Environment(row, graph.properties))


def _matched(graph: Graph, clause: s.Match, row: Row) -> list[Row]:
    found = [(row, frozenset[int]())]
    for pattern in clause.patterns:
        found = [
            (after, used | more) for before, used in found for after, more in _paths(graph, pattern, before, set(used))
        ]
    return [after for after, _ in found if clause.where is None or _value(graph, clause.where, after) is True]


def _match(graph: Graph, clause: s.Match, row: Row) -> list[Row]:
    found = _matched(graph, clause, row)
    if found or not clause.optional:
        return found
    names = {
        name
        for pattern in clause.patterns
        for name in (pattern.name, *(getattr(element, "name", None) for element in pattern.elements))
        if name is not None
    }
    return [{**{name: None for name in names if name not in row}, **row}]


def _paths(graph: Graph, pattern: s.PathPattern, row: Row, used: set[int]) -> Iterator[tuple[Row, frozenset[int]]]:
    first = pattern.elements[0]
    assert isinstance(first, s.NodePattern)
    for number in graph.nodes:
        started = _take_node(graph, first, number, row)
        if started is not None:
            yield from _walk(graph, pattern, 1, started, number, used, PathReference((number,), ()))


def _walk(  # noqa: PLR0917
    graph: Graph, pattern: s.PathPattern, position: int, row: Row, at: int, used: set[int], path: PathReference
) -> Iterator[tuple[Row, frozenset[int]]]:
    if position == len(pattern.elements):
        yield ({**row, pattern.name: path} if pattern.name else row), frozenset(used)
        return
    element, target = pattern.elements[position], pattern.elements[position + 1]
    assert isinstance(element, s.RelationshipPattern)
    assert isinstance(target, s.NodePattern)
    low, high = (1, 1) if element.repetition is None else (element.repetition.low, element.repetition.high)
    for end, numbers, nodes in _trails(graph, element, at, used, low, high, row):
        bound = row
        if element.name is not None:
            value: Any = [RelationshipReference(number) for number in numbers]
            value = value[0] if element.repetition is None else value
            if element.name in row and row[element.name] != value:
                continue
            bound = {**row, element.name: value}
        after = _take_node(graph, target, end, bound)
        if after is not None:
            longer = PathReference((*path.nodes, *nodes), (*path.relationships, *numbers))
            yield from _walk(graph, pattern, position + 2, after, end, used | set(numbers), longer)


def _trails(  # noqa: PLR0917
    graph: Graph, element: s.RelationshipPattern, at: int, used: set[int], low: int, high: int | None, row: Row
) -> Iterator[tuple[int, tuple[int, ...], tuple[int, ...]]]:
    waiting: list[tuple[int, tuple[int, ...], tuple[int, ...]]] = [(at, (), ())]
    while waiting:
        here, numbers, nodes = waiting.pop()
        if len(numbers) >= low:
            yield here, numbers, nodes
        if high is not None and len(numbers) >= high:
            continue
        for number, (name, start, end, properties) in graph.relationships.items():
            if number in used or number in numbers:
                continue
            if element.types is not None and not satisfies(element.types, frozenset({name})):
                continue
            if not _properties_match(graph, element.properties, properties, row):
                continue
            targets = set()
            if element.direction != "in" and start == here:
                targets.add(end)
            if element.direction != "out" and end == here:
                targets.add(start)
            waiting += [(target, (*numbers, number), (*nodes, target)) for target in targets]


def _take_node(graph: Graph, pattern: s.NodePattern, number: int, row: Row) -> Row | None:
    labels, properties = graph.nodes[number]
    reference = NodeReference(number)
    if pattern.name is not None and pattern.name in row and row[pattern.name] != reference:
        return None
    if pattern.labels is not None and not satisfies(pattern.labels, labels):
        return None
    if not _properties_match(graph, pattern.properties, properties, row):
        return None
    return row if pattern.name is None else {**row, pattern.name: reference}


def _properties_match(graph: Graph, wanted: s.Properties | None, properties: Row, row: Row) -> bool:
    if not isinstance(wanted, s.MapLiteral):
        return True
    return all(
        properties.get(key) is not None and properties[key] == _value(graph, expression, row)
        for key, expression in wanted.items
    )


# --- projections -----------------------------------------------------------------------------------------------------


def _project(graph: Graph, projection: s.Projection, rows: list[Row]) -> list[Row]:
    if any(contains_call(item.expression, AGGREGATES) for item in projection.items):
        pairs = _grouped(graph, projection, rows)
    else:
        pairs = [({item.name: _value(graph, item.expression, row) for item in projection.items}, row) for row in rows]
    if projection.distinct:
        unique: dict[bytes, tuple[Row, Row]] = {}
        for projected, row in pairs:
            unique.setdefault(sort_key(list(projected.values())), (projected, row))
        pairs = list(unique.values())
    for key in reversed(projection.order):
        pairs.sort(
            key=lambda pair, key=key: sort_key(_value(graph, key.expression, {**pair[1], **pair[0]})),  # type: ignore[misc]
            reverse=key.descending,
        )
    start = 0 if projection.skip is None else _value(graph, projection.skip, {})
    stop = None if projection.limit is None else start + _value(graph, projection.limit, {})
    hidden = {name: value for row in rows[:1] for name, value in row.items() if name.startswith("$")}
    return [{**hidden, **projected} for projected, _ in pairs[start:stop]]


def _grouped(graph: Graph, projection: s.Projection, rows: list[Row]) -> list[tuple[Row, Row]]:
    keys = [item for item in projection.items if not contains_call(item.expression, AGGREGATES)]
    groups: dict[bytes, tuple[list[Any], list[Row]]] = {}
    for row in rows:
        values = [_value(graph, item.expression, row) for item in keys]
        groups.setdefault(sort_key(values), (values, []))[1].append(row)
    if not keys and not groups:
        groups[b""] = ([], [])
    found: list[Any] = []
    for values, members in groups.values():
        projected = dict(zip((item.name for item in keys), values, strict=True))
        for item in projection.items:
            if item not in keys:
                projected[item.name] = _aggregated(graph, item.expression, members)
        found.append(({item.name: projected[item.name] for item in projection.items}, {}))
    return found


def _aggregated(graph: Graph, expression: s.Expression, rows: list[Row]) -> Any:  # noqa: PLR0911
    assert isinstance(expression, s.Call)
    if expression.star:
        return len(rows)
    values = [value for row in rows if (value := _value(graph, expression.arguments[0], row)) is not None]
    if expression.distinct:
        values = list({sort_key(value): value for value in values}.values())
    match expression.name:
        case "count":
            return len(values)
        case "collect":
            return sorted(values, key=sort_key)
        case "sum":
            return sum(values)
        case "avg":
            return sum(values) / len(values) if values else None
        case "min":
            return min(values, key=sort_key, default=None)
        case _:
            return max(values, key=sort_key, default=None)
