"""The graph as arrays: who stands beside whom, by which kind of step.

A *step* is a relationship type, the way it is walked and the types of its two ends: `Gene <TARGETS- Drug`. Nodes are
numbered from 0 in the order of their internal ids, and so are the kinds of steps, so that arrays index each other.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property

import duckdb
import numpy as np
from numpy.typing import NDArray

from analytics.common.graph import CompressedGraph
from warehouse.errors import QuestionError
from warehouse.model import MODEL, DataModel, Use
from warehouse.tables.schema import ORDINAL_SHIFT, ordinals

Integers = NDArray[np.int64]
Codes = NDArray[np.int32]

_STEP = re.compile(r"([A-Za-z]+)(<-|-)([A-Z_]+)(->|-)([A-Za-z]+)")


@dataclass(frozen=True)
class Step:
    """A kind of step.

    Args:
        relationship: its relationship type.
        direction: `>` along the relationship, `<` against it, `-` where it has no direction.
        near: the label where the step begins.
        far: the label where it ends.
    """

    relationship: str
    direction: str
    near: str
    far: str

    @property
    def back(self) -> Step:
        """The kind that leads back."""
        return Step(self.relationship, {">": "<", "<": ">", "-": "-"}[self.direction], self.far, self.near)

    @property
    def arrow(self) -> str:
        """The step between two labels: `-TARGETS->`, `<-TARGETS-`, `-INTERACTS_WITH-`."""
        left, right = ("<-", "-") if self.direction == "<" else ("-", "->" if self.direction == ">" else "-")
        return f"{left}{self.relationship}{right}"


class Network:
    """The steps of a build between the chosen types.

    Args:
        nodes: internal ids, ascending; a node's number is its place here.
        graph: the steps of every node, sorted by kind and far node.
        codes: the kind of each step of the graph, a place in `steps`.
        steps: the kinds.
        reverse: for each kind the one that leads back.
        counts: steps by kind; a step without direction between nodes of one type counts from both its ends.
    """

    def __init__(self, nodes: Integers, graph: CompressedGraph, codes: Codes, steps: tuple[Step, ...]) -> None:
        self.nodes = nodes
        self.graph = graph
        self.codes = codes
        self.steps = steps
        place = {step: number for number, step in enumerate(steps)}
        self.reverse: Codes = np.array([place[step.back] for step in steps], np.int32)
        self.counts: Integers = np.bincount(self.codes, minlength=len(steps)).astype(np.int64)

    @classmethod
    def load(
        cls,
        connection: duckdb.DuckDBPyConnection,
        relationships: Collection[str] | None = None,
        model: DataModel = MODEL,
    ) -> Network:
        """Read the steps of a build.

        Args:
            connection: the build.
            relationships: the relationship types to walk; None = all that sources state between
                types whose declaration names `Use.PATHS`.
            model: the declarations.

        Raises:
            QuestionError: there is no such relationship type.
        """
        chosen = walked(relationships, model)
        parts = [_rows(model.relationships[name].table, number) for number, name in enumerate(chosen)]
        rows = connection.execute(" UNION ALL ".join(parts)).fetchnumpy()
        labels = {number: label for label, number in _labels(model, everything=relationships is not None).items()}
        return _network(rows, chosen, labels, model)

    @cached_property
    def degrees(self) -> NDArray[np.float32]:
        """How many steps of each kind begin at each node: nodes x kinds."""
        near = np.repeat(np.arange(self.nodes.size), self.graph.degrees)
        flat = np.bincount(near * len(self.steps) + self.codes, minlength=self.nodes.size * len(self.steps))
        return flat.reshape(self.nodes.size, len(self.steps)).astype(np.float32)

    def number(self, node: int) -> int | None:
        """The number of an internal id, None if no step touches it."""
        place = int(np.searchsorted(self.nodes, node))
        return place if place < self.nodes.size and self.nodes[place] == node else None

    def text(self, codes: Iterable[int]) -> str:
        """A type of path in words: `Drug-TARGETS->Gene-PARTICIPATES_IN->Pathway`."""
        steps = [self.steps[code] for code in codes]
        return steps[0].near + "".join(f"{step.arrow}{step.far}" for step in steps)

    def codes_of(self, text: str) -> list[int]:
        """The kinds of steps of a type of path, from its words; empty if a step is not of this network."""
        place = {step: number for number, step in enumerate(self.steps)}
        found = []
        rest = text
        while match := _STEP.match(rest):
            near, left, relationship, right, far = match.groups()
            direction = "<" if left == "<-" else ">" if right == "->" else "-"
            found.append(place.get(Step(relationship, direction, near, far), -1))
            rest = rest[match.start(5) :]
        return found if -1 not in found and rest.isalpha() else []


def walked(relationships: Collection[str] | None, model: DataModel) -> list[str]:
    """The relationship types that paths go along, sorted: the given ones, or all between types that paths pass.

    Raises:
        QuestionError: there is no such relationship type.
    """
    if relationships is None:
        passed = set(model.labels_for(Use.PATHS))
        return sorted(
            name
            for name, declared in model.relationships.items()
            if not declared.predicted and any(passed.issuperset(ends) for ends in declared.ends)
        )
    unknown = sorted(set(relationships) - set(model.relationships))
    if unknown:
        raise QuestionError(
            f"There is no relationship type {unknown[0]!r}.", f"Types: {', '.join(model.relationships)}."
        )
    return sorted(set(relationships))


def _labels(model: DataModel, *, everything: bool) -> dict[str, int]:
    numbers = ordinals(model)
    passed = model.entities if everything else model.labels_for(Use.PATHS)
    return {label: numbers[model.entities[label].table] for label in passed}


def _rows(table: str, number: int) -> str:
    """Every relationship of a table from both its ends; a self-loop is no step of a path."""
    return (
        f'SELECT _s AS near, _o AS far, {number} AS type, 0 AS way FROM graph."{table}" WHERE _s <> _o UNION ALL '
        f'SELECT _o, _s, {number}, 1 FROM graph."{table}" WHERE _s <> _o'
    )


def _network(
    rows: dict[str, NDArray[np.int64]], chosen: list[str], labels: dict[int, str], model: DataModel
) -> Network:
    near, far, type_, way = (np.asarray(rows[name], np.int64) for name in ("near", "far", "type", "way"))
    known = np.zeros(len(ordinals(model)) + 1, np.bool_)
    known[list(labels)] = True
    kept = known[near >> ORDINAL_SHIFT] & known[far >> ORDINAL_SHIFT]
    near, far, type_, way = near[kept], far[kept], type_[kept], way[kept]
    symmetric = np.array([model.relationships[name].symmetric for name in chosen], bool)
    way = np.where(symmetric[type_], 2, way) if chosen else way
    ends = (near >> ORDINAL_SHIFT) * known.size + (far >> ORDINAL_SHIFT)
    kinds, codes = numbered((type_ * 3 + way) * known.size**2 + ends, 3 * len(chosen) * known.size**2)
    steps = tuple(_step(int(key), chosen, labels, known.size) for key in kinds)
    slots, nodes = _slots(near, far, known.size)
    # One number for each step, sorted, is much faster than an order over three columns.
    first, last = slots
    size, count = max(nodes.size, 1), max(len(steps), 1)
    key = (first * count + codes) * size + last
    key.sort()
    first, rest = np.divmod(key, count * size)
    codes, last = np.divmod(rest, size)
    starts = np.searchsorted(first, np.arange(nodes.size + 1)).astype(np.int64)
    return Network(nodes, CompressedGraph(starts, last.astype(np.int32)), codes.astype(np.int32), steps)


def _slots(near: Integers, far: Integers, types: int) -> tuple[tuple[Integers, Integers], Integers]:
    """The numbers of the nodes at both ends, and the nodes: as every step is there from both its ends, they agree."""
    index = (1 << ORDINAL_SHIFT) - 1
    sizes = np.zeros(types, np.int64)
    np.maximum.at(sizes, near >> ORDINAL_SHIFT, (near & index) + 1)
    before = np.cumsum(sizes) - sizes
    at, to = (before[ends >> ORDINAL_SHIFT] + (ends & index) for ends in (near, far))
    slots, places = numbered(at, int(sizes.sum()))
    number = np.zeros(int(sizes.sum()), np.int64)
    number[slots] = np.arange(slots.size)
    type_of = np.searchsorted(before + sizes, slots, side="right")
    return (places, number[to]), type_of << ORDINAL_SHIFT | (slots - before[type_of])


def numbered(keys: Integers, beyond: int) -> tuple[Integers, Integers]:
    """The different keys, sorted, and the place of each among them: `np.unique` for keys from 0 to a small `beyond`.

    >>> numbered(np.array([5, 2, 5]), 7)
    (array([2, 5]), array([1, 0, 1]))
    """
    marks = np.zeros(beyond, np.bool_)
    marks[keys] = True
    return np.flatnonzero(marks), (np.cumsum(marks) - 1)[keys]


def _step(key: int, chosen: list[str], labels: dict[int, str], types: int) -> Step:
    rest, far = divmod(key, types)
    rest, near = divmod(rest, types)
    return Step(chosen[rest // 3], "><-"[rest % 3], labels[near], labels[far])
