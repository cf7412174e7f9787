"""Generated graphs, and generated questions about them that have one right answer.

Graphs are small and awkward: nulls, empty texts, equal names, parallel relationships, relationships of a node to
itself. A question orders its rows by everything that it returns wherever it cuts them: no answer depends on chance.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

LABELS = ("Gene", "Drug", "Disease")
ENDS = {
    "TARGETS": ("Drug", "Gene"),
    "INTERACTS": ("Gene", "Gene"),
    "ASSOCIATES": ("Disease", "Gene"),
    "TREATS": ("Drug", "Disease"),
}
_NAMES = ("alpha", "beta", "Beta", "", "gamma ray", "δ-catenin", "x_1", "MLL")
_TAGS = ("a", "b", "c", "a b")


@dataclass(frozen=True)
class Graph:
    """A generated graph.

    Args:
        nodes, relationships: as scenarios of the kit have them: `id`, `labels` or `type`, `start`, `end`, `properties`.
    """

    nodes: list[dict[str, Any]]
    relationships: list[dict[str, Any]]


def graph(seed: int) -> Graph:
    """The graph of a seed."""
    chance = random.Random(f"graph {seed}")
    nodes = [_node(chance, number) for number in range(chance.randint(6, 24))]
    of = {label: [node["id"] for node in nodes if node["labels"] == [label]] for label in LABELS}
    relationships: list[dict[str, Any]] = []
    for name, (start, end) in ENDS.items():
        if of[start] and of[end]:
            for _ in range(chance.randint(1, 3 * len(nodes) // 2)):
                ends = {"start": chance.choice(of[start]), "end": chance.choice(of[end])}
                properties = _without_nulls(
                    {"score": chance.choice([None, 0.5, 1.0, 2.25]), "n": chance.randint(-2, 3)}
                )
                number = len(nodes) + len(relationships)
                relationships.append({"id": number, "type": name, **ends, "properties": properties})
    return Graph(nodes, relationships)


def _node(chance: random.Random, number: int) -> dict[str, Any]:
    properties = {
        "id": f"N{number}",
        "name": chance.choice((None, *_NAMES)),
        "year": chance.choice((None, 1990, 1990, 2001, 2020, -5)),
        "score": chance.choice((None, 0.0, 1.5, -2.25, 3.0)),
        "active": chance.choice((None, True, False)),
        "tags": chance.choice((None, ["a"], ["b", "a"], ["c", "c", "a b"])),
    }
    return {
        "id": number,
        "labels": [LABELS[number % 3] if number < 6 else chance.choice(LABELS)],
        "properties": _without_nulls(properties),
    }


def _without_nulls(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def question(seed: int) -> tuple[str, bool]:
    """The question of a seed, and whether the order of its rows counts."""
    return _Writer(random.Random(f"question {seed}")).question()


class _Writer:
    """Writes one question."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._nodes: list[str] = []
        self._relationships: list[str] = []

    def question(self) -> tuple[str, bool]:
        kinds: list[tuple[int, Callable[[], tuple[str, bool]]]] = [
            *((5, self._plain), (4, self._grouped), (3, self._chained), (2, self._optional), (1, self._united)),
            *((2, self._subqueries), (1, self._repeated), (1, self._unwound), (1, self._shortest), (1, self._lists)),
        ]
        weights = [weight for weight, _ in kinds]
        return self._chance.choices([kind for _, kind in kinds], weights)[0]()

    # -- patterns --

    def _match(self) -> str:
        """One pattern of up to three hops whose types fit, with a predicate more often than not."""
        hops = self._chance.choice((0, 1, 1, 1, 2, 2, 3))
        label = self._chance.choice(LABELS)
        text = self._node(label)
        for _ in range(hops):
            step, label = self._hop(label)
            text += step + self._node(label)
        where = f" WHERE {self._predicate()}" if self._chance.random() < 0.6 else ""
        return f"MATCH {text}{where}"

    def _node(self, label: str) -> str:
        name = f"n{len(self._nodes)}"
        self._nodes.append(name)
        shown = f":{label}" if self._chance.random() < 0.7 else ""
        given = " {active: true}" if self._chance.random() < 0.06 else ""
        return f"({name}{shown}{given})"

    def _hop(self, label: str) -> tuple[str, str]:
        """A relationship from a label, and the label at its other end."""
        fitting = [(t, s, o) for t, (s, o) in ENDS.items() if label in (s, o)]
        name, start, end = self._chance.choice(fitting)
        outward = label == start if start != end else self._chance.random() < 0.5
        variable = f"r{len(self._relationships)}"
        self._relationships.append(variable)
        types = f":{name}" if self._chance.random() < 0.8 else ""
        inner = f"[{variable}{types}]"
        if self._chance.random() < 0.25:
            return f"-{inner}-", end if outward else start
        return (f"-{inner}->", end) if outward else (f"<-{inner}-", start)

    # -- expressions --

    def _value(self) -> str:
        """A property or something made of one; of a type that orders."""
        if self._relationships and self._chance.random() < 0.25:
            one = self._chance.choice(self._relationships)
            return self._chance.choice((f"{one}.score", f"{one}.n", f"type({one})"))
        node = self._chance.choice(self._nodes)
        return self._chance.choice(
            (
                *(f"{node}.id", f"{node}.name", f"{node}.year", f"{node}.score", f"{node}.active"),
                *(
                    f"coalesce({node}.name, 'none')",
                    f"toUpper({node}.name)",
                    f"size({node}.name)",
                    f"size({node}.tags)",
                ),
                *(f"{node}.year + 1", f"{node}.year % 7", f"{node}.score * 2", f"toInteger({node}.score)"),
                *(
                    f"substring({node}.name, 1)",
                    f"left({node}.name, 2)",
                    f"toString({node}.year)",
                    f"abs({node}.score)",
                ),
                *(f"head({node}.tags)", f"{node}.tags[0]", f"labels({node})[0]", f"{node}.name + '!'"),
                f"CASE WHEN {node}.year > 2000 THEN 'new' WHEN {node}.year IS NULL THEN 'unknown' ELSE 'old' END",
            )
        )

    def _predicate(self, depth: int = 0) -> str:
        if depth < 2 and self._chance.random() < 0.35:
            left, right = self._predicate(depth + 1), self._predicate(depth + 1)
            return self._chance.choice(
                (f"({left} AND {right})", f"({left} OR {right})", f"NOT ({left})", f"({left} XOR {right})")
            )
        node = self._chance.choice(self._nodes)
        return self._chance.choice(
            (
                *(f"{node}.year > 1995", f"{node}.year <> 1990", f"{node}.score <= 1.5", f"{node}.active"),
                *(f"{node}.name STARTS WITH 'b'", f"{node}.name CONTAINS 'a'", f"{node}.name ENDS WITH 'a'"),
                *(f"{node}.name IS NULL", f"{node}.name IS NOT NULL", f"{node}.name = ''", f"{node}.name =~ '.*a'"),
                *(f"{node}.year IN [1990, 2020, null]", f"'a' IN {node}.tags", f"{node}.id < 'N15'", f"{node}:Gene"),
                *(f"{node}.tags = ['a']", f"1990 <= {node}.year < 2010", f"any(t IN {node}.tags WHERE t = 'c')"),
                *(f"all(t IN {node}.tags WHERE t <> 'c')", f"size({node}.tags) = 1", f"exists {{ ({node})--() }}"),
                f"count {{ ({node})-[:INTERACTS]-() }} > 1",
            )
        )

    def _returned(self, values: list[str], *, distinct: bool = False) -> tuple[str, bool]:
        """A RETURN of values, sometimes in an order, and cut only in one that leaves nothing to chance."""
        items = ", ".join(f"{value} AS c{index}" for index, value in enumerate(values))
        text = f"RETURN {'DISTINCT ' if distinct else ''}{items}"
        if self._chance.random() < 0.5:
            return text, False
        order = ", ".join(f"c{index}{self._chance.choice(('', ' DESC', ' ASC'))}" for index in range(len(values)))
        cut = self._chance.choice(
            ("", "", f" LIMIT {self._chance.randint(0, 6)}", f" SKIP {self._chance.randint(0, 3)}")
        )
        return f"{text} ORDER BY {order}{cut}", True

    def _values(self, most: int = 3) -> list[str]:
        return [self._value() for _ in range(self._chance.randint(1, most))]

    # -- questions --

    def _plain(self) -> tuple[str, bool]:
        match = self._match()
        returned, ordered = self._returned(self._values(), distinct=self._chance.random() < 0.3)
        return f"{match} {returned}", ordered

    def _aggregate(self) -> str:
        value, node = self._value(), self._chance.choice(self._nodes)
        return self._chance.choice(
            (
                *("count(*)", f"count({value})", f"count(DISTINCT {value})", f"sum({node}.year)", f"avg({node}.score)"),
                *(f"min({value})", f"max({value})", f"sum({node}.score)", f"count(DISTINCT {node})"),
                f"size(collect(DISTINCT {value}))",
            )
        )

    def _grouped(self) -> tuple[str, bool]:
        match = self._match()
        keys = self._values(2) if self._chance.random() < 0.8 else []
        returned, ordered = self._returned([*keys, self._aggregate(), *([self._aggregate()] if keys else [])])
        return f"{match} {returned}", ordered

    def _chained(self) -> tuple[str, bool]:
        first = self._match()
        node = self._chance.choice(self._nodes)
        kept = f"{node}, {self._aggregate()} AS a"
        where = self._chance.choice(("", " WHERE a > 1", " WHERE a IS NOT NULL"))
        self._nodes, self._relationships = [node], []
        second = f" OPTIONAL MATCH ({node})-[q]-(m)" if self._chance.random() < 0.5 else ""
        more = ["count(q)"] if second else []
        returned, ordered = self._returned([f"{node}.id", "a", *more])
        return f"{first} WITH {kept}{where}{second} {returned}", ordered

    def _optional(self) -> tuple[str, bool]:
        match = self._match()
        node = self._chance.choice(self._nodes)
        name = self._chance.choice(tuple(ENDS))
        self._nodes.append("o")
        where = f" WHERE {self._predicate(1)}" if self._chance.random() < 0.4 else ""
        returned, ordered = self._returned([f"{node}.id", "o.id", self._value()])
        return f"{match} OPTIONAL MATCH ({node})-[:{name}]-(o){where} {returned}", ordered

    def _united(self) -> tuple[str, bool]:
        parts = []
        for _ in range(2):
            self._nodes, self._relationships = [], []
            parts.append(f"{self._match()} RETURN {self._chance.choice(self._nodes)}.id AS c0")
        return f" UNION{self._chance.choice(('', ' ALL'))} ".join(parts), False

    def _subqueries(self) -> tuple[str, bool]:
        match = self._match()
        node = self._chance.choice(self._nodes)
        name = self._chance.choice(tuple(ENDS))
        inner = self._chance.choice(
            (
                f"COUNT {{ ({node})-[:{name}]->(x) }}",
                f"COUNT {{ MATCH ({node})-[:{name}]-(x) WHERE x.year > 1995 RETURN DISTINCT x }}",
                f"EXISTS {{ ({node})<-[:{name}]-(x:Drug) }}",
                f"size([({node})-[:{name}]-(x) | x.id])",
                f"size(COLLECT {{ MATCH ({node})--(x) RETURN x.id }})",
            )
        )
        returned, ordered = self._returned([f"{node}.id", inner], distinct=True)
        return f"{match} {returned}", ordered

    def _repeated(self) -> tuple[str, bool]:
        name = self._chance.choice(tuple(ENDS))
        length = self._chance.choice(("*1..2", "*2", "*0..1", "*..3", "*1..3"))
        arrow = self._chance.choice(("->", "-"))
        what = self._chance.choice(("count(*)", "count(DISTINCT b)", "max(length(p))", "min(size(relationships(p)))"))
        types = self._chance.choice((f":{name}", ":INTERACTS", ":INTERACTS|TARGETS"))
        self._nodes = ["a", "b"]
        where = f" WHERE {self._predicate(1)}" if self._chance.random() < 0.4 else ""
        returned, ordered = self._returned(["a.id", what])
        return f"MATCH p = (a)-[{types}{length}]{arrow}(b){where} {returned}", ordered

    def _unwound(self) -> tuple[str, bool]:
        match = self._match()
        node = self._chance.choice(self._nodes)
        source = self._chance.choice(
            (f"{node}.tags", "[1, 2, null]", f"coalesce({node}.tags, ['none'])", "range(0, 2)")
        )
        returned, ordered = self._returned([f"{node}.id", "x", "count(*)"])
        return f"{match} UNWIND {source} AS x {returned}", ordered

    def _shortest(self) -> tuple[str, bool]:
        types = self._chance.choice(("", ":INTERACTS", ":INTERACTS|ASSOCIATES"))
        start, end = self._chance.choice(LABELS), self._chance.choice(LABELS)
        returned, ordered = self._returned(["a.id", "b.id", "length(p)"])
        return (
            f"MATCH (a:{start}), (b:{end}) WHERE a.id < b.id MATCH p = shortestPath((a)-[{types}*..4]-(b)) {returned}",
            ordered,
        )

    def _lists(self) -> tuple[str, bool]:
        match = self._match()
        node = self._chance.choice(self._nodes)
        made = self._chance.choice(
            (
                f"[t IN {node}.tags WHERE t <> 'c' | toUpper(t)]",
                f"reduce(s = 0, t IN {node}.tags | s + size(t))",
                f"[x IN range(1, 4) WHERE x % 2 = 0 | x * coalesce({node}.year, 1)]",
                f"{node}.tags + ['z']",
                f"{node}.tags[1..]",
                f"split({node}.name, 'a')",
                f"none(t IN {node}.tags WHERE t = 'a')",
                f"single(t IN {node}.tags WHERE t = 'c')",
                f"[{node}.year, 1]",
                f"{{id: {node}.id, year: {node}.year}}",
                f"reverse({node}.name)",
                f"tail({node}.tags)",
            )
        )
        return f"{match} RETURN DISTINCT {node}.id AS c0, {made} AS c1", False
