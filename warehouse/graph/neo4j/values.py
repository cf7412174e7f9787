"""Values between the driver and us: parameters on their way out, results on their way in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from neo4j import graph
from neo4j.time import Date, DateTime, Time
from neo4j.time import Duration as DriverDuration

from warehouse.cypher.values.temporal import EPOCH, Duration, Temporal, to_python
from warehouse.cypher.values.values import CypherValue, Node, Path, Relationship

_CIVIL = 1_000_000_000


def outward(value: CypherValue) -> Any:
    """A parameter as the driver takes it: sets and tuples are lists."""
    if isinstance(value, Mapping):
        return {key: outward(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [outward(item) for item in value]
    return value


def inward(value: Any, nodes: Mapping[str, Node]) -> CypherValue:  # noqa: PLR0911
    """A value of a result as DuckDB's engine gives it.

    Args:
        value: what the driver gave.
        nodes: the end nodes of relationships by element id, which the driver does not bring along.
    """
    match value:
        case graph.Node():
            return _node(value, nodes)
        case graph.Relationship():
            return _relationship(value, nodes)
        case graph.Path():
            found = tuple(_node(node, nodes) for node in value.nodes)
            return Path(found, tuple(_relationship(one, nodes) for one in value.relationships))
        case list():
            return [inward(item, nodes) for item in value]
        case dict():
            return {key: inward(item, nodes) for key, item in value.items()}
        case Date() | DateTime() | Time() | DriverDuration():
            return to_python(_temporal(value))
        case _:
            return value


def hollow_nodes(values: Iterable[Any]) -> set[str]:
    """The element ids of end nodes of which a result holds nothing but the id."""
    found: set[str] = set()
    waiting = list(values)
    while waiting:
        match waiting.pop():
            case graph.Relationship() as one:
                ends = (one.start_node, one.end_node)
                found |= {node.element_id for node in ends if node is not None and not node.labels}
            case list() as items:
                waiting += items
            case dict() as items:
                waiting += items.values()
    return found


def _node(node: graph.Node, nodes: Mapping[str, Node]) -> Node:
    if not node.labels and node.element_id in nodes:
        return nodes[node.element_id]
    properties = {key: inward(value, nodes) for key, value in node.items()}
    return Node(_number(node.element_id), frozenset(node.labels), properties)


def _relationship(one: graph.Relationship, nodes: Mapping[str, Node]) -> Relationship:
    properties = {key: inward(value, nodes) for key, value in one.items()}
    assert one.start_node is not None
    assert one.end_node is not None
    start, end = _node(one.start_node, nodes), _node(one.end_node, nodes)
    return Relationship(_number(one.element_id), one.type, start, end, properties)


def _number(element_id: str) -> int:
    """The server's number: the last part of `4:<database>:<number>`."""
    return int(element_id.rpartition(":")[2])


def _temporal(value: Any) -> Temporal | Duration:
    if isinstance(value, DriverDuration):
        return Duration(value.months, value.days, value.seconds, value.nanoseconds)
    days = value.to_ordinal() - EPOCH if isinstance(value, Date | DateTime) else 0
    if isinstance(value, Date):
        return Temporal("date", days)
    nanos = ((value.hour * 60 + value.minute) * 60 + value.second) * _CIVIL + value.nanosecond
    offset = value.utcoffset()
    local = "localdatetime" if isinstance(value, DateTime) else "localtime"
    if offset is None:
        return Temporal(local, days, nanos)
    zone = _zone(value.tzinfo)
    return Temporal(local.removeprefix("local"), days, nanos, int(offset.total_seconds()), zone)


def _zone(zone: Any) -> str | None:
    name: Callable[[], str] | str | None = getattr(zone, "zone", None) or getattr(zone, "key", None)
    # The driver gives the offset Z and the zone named UTC as the same; the offset is what people write.
    return name if isinstance(name, str) and name != "UTC" else None
