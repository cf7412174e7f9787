"""The one graph of the analyses: who stands beside whom, as compressed sparse rows.

>>> graph = CompressedGraph.undirected(np.array([0, 1]), np.array([1, 2]), 3)
>>> graph.distances(np.array([0])).tolist()
[0.0, 1.0, 2.0]
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from warehouse.errors import AnalysisError

if TYPE_CHECKING:
    from scipy import sparse

__all__ = ["CompressedGraph"]

Integers = NDArray[np.int64]
Numbers = NDArray[np.integer]
Floats = NDArray[np.float64]
Names = NDArray[np.str_]


@dataclass(frozen=True)
class CompressedGraph:
    """A graph of nodes 0, 1, 2, ... whose steps lie one node after the other (CSR).

    Args:
        starts: the steps of node i are `starts[i]` to `starts[i + 1]`; one entry more than there are nodes.
        neighbours: the node to which each step leads.
    """

    starts: Integers
    neighbours: Numbers

    @classmethod
    def undirected(cls, left: Numbers, right: Numbers, nodes: int) -> CompressedGraph:
        """The graph of edges between nodes 0 to `nodes` - 1, both ways; loops and repeated edges are left out.

        Raises:
            AnalysisError: an edge has one end only, or ends outside the nodes.
        """
        _verify_ends(left, right, nodes)
        apart = left != right
        ends = np.stack([np.minimum(left, right)[apart], np.maximum(left, right)[apart]])
        once = np.unique(ends, axis=1)
        near, far = np.concatenate([once[0], once[1]]), np.concatenate([once[1], once[0]])
        order = np.lexsort((far, near))
        starts = np.concatenate([[0], np.cumsum(np.bincount(near.astype(np.int64), minlength=nodes))])
        return cls(starts.astype(np.int64), far[order].astype(np.int64))

    @classmethod
    def largest(cls, left: Names, right: Names) -> tuple[Names, CompressedGraph]:
        """The largest connected component of edges between names: its names, sorted, and their graph."""
        names, ends = np.unique(np.stack([left, right]), return_inverse=True)
        start, end = ends.reshape(2, -1).astype(np.int64)
        inside = cls.undirected(start, end, len(names)).largest_component()
        kept = np.isin(start, inside)
        near, far = np.searchsorted(inside, start[kept]), np.searchsorted(inside, end[kept])
        return names[inside], cls.undirected(near, far, len(inside))

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return len(self.starts) - 1

    @cached_property
    def degrees(self) -> Integers:
        """How many steps begin at each node."""
        return np.diff(self.starts)

    def beside(self, node: int) -> slice:
        """The places of a node's steps in `neighbours`."""
        return slice(int(self.starts[node]), int(self.starts[node + 1]))

    def expand(self, nodes: Numbers) -> tuple[Integers, Integers]:
        """The places of all steps of several nodes, and for each the place in `nodes` where it begins."""
        begins, counts = self.starts[nodes], self.starts[nodes + 1] - self.starts[nodes]
        total = int(counts.sum())
        before = np.cumsum(counts) - counts
        return np.repeat(begins - before, counts) + np.arange(total), np.repeat(np.arange(nodes.size), counts)

    def distances(self, sources: Numbers) -> Floats:
        """The number of steps from the nearest source to every node; infinite where none leads there."""
        # Breadth first from all sources at once: scipy's search starts at one node, or keeps a heap.
        steps_to = np.full(self.nodes, np.inf)
        front = np.unique(sources)
        steps_to[front] = 0
        steps = 0
        while len(front):
            steps += 1
            reached = self.neighbours[self.expand(front)[0]]
            fresh = reached[np.isinf(steps_to[reached])]
            steps_to[fresh] = steps
            front = np.unique(fresh)
        return steps_to

    def largest_component(self) -> Integers:
        """The nodes of the largest connected component, the one with the smallest node where several are largest."""
        left = np.ones(self.nodes, bool)
        best = np.empty(0, np.int64)
        while left.sum() > len(best):
            nodes = np.flatnonzero(np.isfinite(self.distances(np.flatnonzero(left)[:1])))
            left[nodes] = False
            best = nodes if len(nodes) > len(best) else best
        return best

    def matrix(self) -> sparse.csr_array:
        """The adjacency matrix, for `scipy.sparse.csgraph` and products; needs the extra `analytics`."""
        from scipy import sparse

        parts = (np.ones(len(self.neighbours)), self.neighbours, self.starts)
        return sparse.csr_array(parts, shape=(self.nodes, self.nodes))


def _verify_ends(left: Numbers, right: Numbers, nodes: int) -> None:
    if len(left) != len(right):
        raise AnalysisError(f"There are {len(left)} ends of edges on one side and {len(right)} on the other.")
    outside = [int(end) for ends in (left, right) for end in ends[(ends < 0) | (ends >= nodes)][:1]]
    if outside:
        raise AnalysisError(f"An edge ends at node {outside[0]}; the nodes are 0 to {nodes - 1}.")
