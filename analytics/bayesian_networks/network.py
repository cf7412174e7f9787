"""Directed networks of variables: edges from parents to children, each with its frequency.

A single learned network is acyclic and every frequency is one. Networks compiled from many (bootstrap replicates,
NNSR) hold the share of them that has each edge, and may have cycles.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from warehouse.errors import AnalysisError

#: Variables of a cycle that a message names.
_NAMED_OF_A_CYCLE = 12


@dataclass(frozen=True)
class Network:
    """A directed network; edge e goes from variable `parents[e]` to variable `children[e]`.

    Args:
        variables: the names.
        parents: of each edge, as an index of `variables`.
        children: of each edge.
        frequency: share of networks that have the edge, from 0 to 1; ones for a single network.

    Raises:
        AnalysisError: edges are not sorted by child and parent, occur twice, lead to their own start or name a variable
            that does not exist; `of_edges` sorts and gives frequencies.
    """

    variables: tuple[str, ...]
    parents: NDArray[np.int32]
    children: NDArray[np.int32]
    frequency: NDArray[np.float64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "parents", np.asarray(self.parents, np.int32))
        object.__setattr__(self, "children", np.asarray(self.children, np.int32))
        object.__setattr__(self, "frequency", np.asarray(self.frequency, np.float64))
        _check(self)

    @classmethod
    def of_edges(
        cls,
        variables: Sequence[str],
        parents: Iterable[int],
        children: Iterable[int],
        frequency: Iterable[float] | None = None,
    ) -> Network:
        """A network of edges in any order; without frequencies they are ones."""
        starts, ends = np.fromiter(parents, np.int32), np.fromiter(children, np.int32)
        shares = np.ones(len(starts)) if frequency is None else np.fromiter(frequency, np.float64)
        order = np.lexsort((starts, ends))
        return cls(tuple(variables), starts[order], ends[order], shares[order])

    @classmethod
    def from_parent_lists(cls, variables: Sequence[str], parents: Sequence[Iterable[int]]) -> Network:
        """A network of the parents of each variable, in the sequence of `variables`.

        Example:
            >>> Network.from_parent_lists(["a", "b"], [[], [0]]).edges()
            (('a', 'b'),)
        """
        lists = [sorted(of_one) for of_one in parents]
        children = np.repeat(np.arange(len(lists)), [len(of_one) for of_one in lists])
        return cls.of_edges(variables, [parent for of_one in lists for parent in of_one], children.tolist())

    @classmethod
    def of_names(
        cls, variables: Sequence[str], edges: Iterable[tuple[str, str]] | Mapping[tuple[str, str], float]
    ) -> Network:
        """A network of (parent, child) names; a mapping gives each edge's frequency.

        Raises:
            AnalysisError: an edge names a variable that is not among `variables`.
        """
        index = {name: place for place, name in enumerate(variables)}
        shares = dict(edges) if isinstance(edges, Mapping) else dict.fromkeys(edges, 1.0)
        unknown = sorted({name for edge in shares for name in edge} - set(index))
        if unknown:
            raise AnalysisError(f"Edges name unknown variables: {', '.join(unknown[:10])}.")
        starts, ends = [index[parent] for parent, _ in shares], [index[child] for _, child in shares]
        return cls.of_edges(variables, starts, ends, shares.values())

    @property
    def count(self) -> int:
        """How many edges there are."""
        return len(self.parents)

    def edges(self) -> tuple[tuple[str, str], ...]:
        """The edges as (parent, child) names."""
        names = self.variables
        return tuple((names[k], names[j]) for k, j in zip(self.parents, self.children, strict=True))

    @cached_property
    def parent_starts(self) -> NDArray[np.int64]:
        """Where the edges into each variable start: those into j are `parent_starts[j]:parent_starts[j + 1]`."""
        return np.searchsorted(self.children, np.arange(len(self.variables) + 1)).astype(np.int64)

    @cached_property
    def _edges_by_parent(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        order = np.lexsort((self.children, self.parents))
        starts = np.searchsorted(self.parents[order], np.arange(len(self.variables) + 1))
        return starts.astype(np.int64), self.children[order]

    def parents_of(self, child: int) -> NDArray[np.int32]:
        """The parents of a variable, ascending."""
        return self.parents[self.parent_starts[child] : self.parent_starts[child + 1]]

    def children_of(self, parent: int) -> NDArray[np.int32]:
        """The children of a variable, ascending."""
        starts, children = self._edges_by_parent
        return children[starts[parent] : starts[parent + 1]]

    def parent_lists(self) -> list[list[int]]:
        """The parents of each variable."""
        return [self.parents_of(child).tolist() for child in range(len(self.variables))]

    def is_acyclic(self) -> bool:
        """Whether no variable can be reached from itself."""
        return len(self._sorted_part()) == len(self.variables)

    def topological_order(self) -> NDArray[np.int32]:
        """The variables, each after its parents; among those that could be next the first of `variables` comes first.

        Raises:
            AnalysisError: there is a cycle, which is named.
        """
        order = self._sorted_part()
        if len(order) < len(self.variables):
            cycle = " -> ".join(self.variables[index] for index in self._cycle(set(order))[: _NAMED_OF_A_CYCLE + 1])
            raise AnalysisError(f"The network has a cycle: {cycle}.", "Leave out one of these edges.")
        return np.array(order, np.int32)

    def subgraph(self, kept: Iterable[int]) -> Network:
        """The network among some variables, in the sequence of `variables`."""
        chosen = np.unique(np.fromiter(kept, np.int64))
        place = np.full(len(self.variables), -1, np.int32)
        place[chosen] = np.arange(len(chosen))
        inside = (place[self.parents] >= 0) & (place[self.children] >= 0)
        names = tuple(self.variables[index] for index in chosen)
        return Network(names, place[self.parents[inside]], place[self.children[inside]], self.frequency[inside])

    def with_frequency_at_least(self, least: float) -> Network:
        """The edges whose frequency is at least `least`."""
        return self._only(self.frequency >= least)

    def _only(self, kept: NDArray[np.bool_]) -> Network:
        return Network(self.variables, self.parents[kept], self.children[kept], self.frequency[kept])

    def _sorted_part(self) -> list[int]:
        """The variables that no cycle keeps from being sorted (Kahn 1962), the smallest index first."""
        missing = np.diff(self.parent_starts).tolist()
        starts, children = self._edges_by_parent
        ready = [index for index, count in enumerate(missing) if count == 0]
        order: list[int] = []
        while ready:
            index = heappop(ready)
            order.append(index)
            for child in children[starts[index] : starts[index + 1]].tolist():
                missing[child] -= 1
                if missing[child] == 0:
                    heappush(ready, child)
        return order

    def _cycle(self, sorted_part: set[int]) -> list[int]:
        """One cycle among the variables that could not be sorted, from parent to child, its start also its end."""
        index = next(index for index in range(len(self.variables)) if index not in sorted_part)
        walked: dict[int, int] = {}
        while index not in walked:
            walked[index] = len(walked)
            index = next(parent for parent in self.parents_of(index).tolist() if parent not in sorted_part)
        path = [*list(walked)[walked[index] :], index]
        return path[::-1]


def _check(network: Network) -> None:
    parents, children, count = network.parents, network.children, len(network.variables)
    if not len(parents) == len(children) == len(network.frequency):
        raise AnalysisError("A network needs one parent, one child and one frequency for each edge.")
    if len(set(network.variables)) < count:
        raise AnalysisError("Names of variables of a network occur more than once.", "Make them unique.")
    if not len(parents):
        return
    if min(parents.min(), children.min()) < 0 or max(parents.max(), children.max()) >= count:
        raise AnalysisError(f"An edge names a variable that does not exist; there are {count}.")
    loops = np.flatnonzero(parents == children)
    if len(loops):
        raise AnalysisError(f"{network.variables[parents[loops[0]]]} is its own parent.", "Leave this edge out.")
    steps = np.diff(children.astype(np.int64) * count + parents)
    if (steps < 0).any():
        raise AnalysisError("The edges are not sorted by child and parent.", "Make the network by Network.of_edges.")
    if (steps == 0).any():
        edge = np.flatnonzero(steps == 0)[0]
        names = f"{network.variables[parents[edge]]} -> {network.variables[children[edge]]}"
        raise AnalysisError(f"The edge {names} occurs more than once.")
