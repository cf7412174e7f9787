"""The closest measure of network proximity, and its null with equal degrees.

Guney, Menche, Vidal and Barabási, Nature Communications 7:10331 (2016): the distance of a drug to a disease is the
mean, over the targets of the drug, of the distance to the nearest gene of the disease. It is compared with random genes
of the same degrees on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from warehouse.atomic import new_file
from warehouse.progress import SILENT, Progress

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Names = NDArray[np.str_]

#: Genes of about equal degree from which random ones are drawn.
BIN_SIZE = 100

#: Random sets between two checkpoints.
CHECKPOINT_EVERY = 50


@dataclass(frozen=True)
class Graph:
    """An undirected graph as compressed sparse rows.

    Args:
        starts: where the neighbours of each node begin in `neighbours`, and the end.
        neighbours: node by node.
    """

    starts: Integers
    neighbours: Integers

    @classmethod
    def from_edges(cls, left: Integers, right: Integers, nodes: int) -> Graph:
        """The graph of edges between nodes 0 to `nodes` - 1; loops and repeated edges count for nothing."""
        apart = left != right
        ends = np.stack([np.minimum(left, right)[apart], np.maximum(left, right)[apart]])
        once = np.unique(ends, axis=1)
        near, far = np.concatenate([once[0], once[1]]), np.concatenate([once[1], once[0]])
        order = np.lexsort((far, near))
        starts = np.concatenate([[0], np.cumsum(np.bincount(near, minlength=nodes))])
        return cls(starts.astype(np.int64), far[order].astype(np.int64))

    @classmethod
    def largest(cls, left: Names, right: Names) -> tuple[Names, Graph]:
        """The largest connected component of edges between names: its names, sorted, and their graph."""
        names, ends = np.unique(np.stack([left, right]), return_inverse=True)
        start, end = ends.reshape(2, -1).astype(np.int64)
        inside = cls.from_edges(start, end, len(names)).largest_component()
        kept = np.isin(start, inside)
        near, far = np.searchsorted(inside, start[kept]), np.searchsorted(inside, end[kept])
        return names[inside], cls.from_edges(near, far, len(inside))

    @property
    def degrees(self) -> Integers:
        """How many neighbours each node has."""
        return np.diff(self.starts)

    def distances(self, sources: Integers) -> Floats:
        """The number of steps from every node to the nearest source; infinite where none is reached."""
        found = np.full(len(self.starts) - 1, np.inf)
        front = np.unique(sources)
        found[front] = 0
        steps = 0
        while len(front):
            steps += 1
            counts = self.starts[front + 1] - self.starts[front]
            offsets = np.repeat(self.starts[front] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
            reached = self.neighbours[offsets + np.arange(counts.sum())]
            fresh = reached[np.isinf(found[reached])]
            found[fresh] = steps
            front = np.unique(fresh)
        return found

    def largest_component(self) -> Integers:
        """The nodes of the largest connected component, the one with the smallest node where several are largest."""
        left = np.ones(len(self.starts) - 1, bool)
        best = np.empty(0, np.int64)
        while left.sum() > len(best):
            nodes = np.flatnonzero(np.isfinite(self.distances(np.flatnonzero(left)[:1])))
            left[nodes] = False
            best = nodes if len(nodes) > len(best) else best
        return best


@dataclass(frozen=True)
class Null:
    """Sums over the random sets that were drawn so far, one entry for each drug.

    Args:
        drawn: how many sets.
        total, squares: the sums of the distances and of their squares.
        as_near: how many sets were as near as the drug.
    """

    drawn: int
    total: Floats
    squares: Floats
    as_near: Floats

    @classmethod
    def load(cls, path: Path) -> Null | None:
        """What was saved; None where nothing was."""
        if not path.is_file():
            return None
        with np.load(path) as kept:
            return cls(int(kept["drawn"]), kept["total"], kept["squares"], kept["as_near"])

    def save(self, path: Path) -> None:
        """Keep the sums, in one step."""
        with new_file(path, durable=False) as unfinished, unfinished.open("wb") as file:
            np.savez(file, **vars(self))


@dataclass(frozen=True)
class Proximity:
    """The distances of drugs to one disease.

    Args:
        graph: connected.
        disease: the nodes of the disease.
        targets: the target nodes of all drugs, one drug after the other.
        begins: where each drug begins in `targets`, and the end.
        seed: fixes the random sets; set `i` is the same whatever was drawn before.
    """

    graph: Graph
    disease: Integers
    targets: Integers
    begins: Integers
    seed: int
    _bins: tuple[Integers, Integers, Integers] = field(init=False, repr=False)

    @classmethod
    def of_names(cls, genes: Names, graph: Graph, disease: Names, drugs: Names, targets: Names, seed: int) -> Proximity:  # noqa: PLR0917
        """From names: `genes` are the nodes of the graph, sorted; `drugs` (sorted) and `targets` are pairs."""
        begins = np.flatnonzero(np.concatenate([[True], drugs[1:] != drugs[:-1], [True]])).astype(np.int64)
        return cls(graph, np.searchsorted(genes, disease), np.searchsorted(genes, targets), begins, seed)

    def __post_init__(self) -> None:
        order = np.lexsort((np.arange(len(self.graph.degrees)), self.graph.degrees))
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        bins = max(len(order) // BIN_SIZE, 1)
        # Nodes sorted by degree, cut into bins; a node's bin begins and ends at these places.
        edges = np.linspace(0, len(order), bins + 1).astype(np.int64)
        which = np.searchsorted(edges, place, side="right") - 1
        object.__setattr__(self, "_bins", (order, edges[which], edges[which + 1]))

    def observed(self) -> Floats:
        """The distance of each drug."""
        return self._of_drugs(self.graph.distances(self.disease)[self.targets])

    def of_random_disease(self, number: int) -> Floats:
        """The distance of each drug to random genes of the same degrees as the disease's; `number` fixes the draw."""
        random = np.random.default_rng([self.seed, number, len(self.disease)])
        return self._of_drugs(self.graph.distances(self._alike(self.disease, random))[self.targets])

    def null(self, sets: int, checkpoint: Path | None = None, progress: Progress = SILENT) -> Null:
        """Draw random sets and measure them.

        Args:
            sets: how many.
            checkpoint: a file in which the sums are kept, and from which an interrupted draw goes on.
            progress: told of every set.
        """
        zeros = np.zeros(len(self.begins) - 1)
        null = (
            Null(0, zeros, zeros, zeros)
            if checkpoint is None
            else Null.load(checkpoint) or Null(0, zeros, zeros, zeros)
        )
        observed = self.observed()
        with progress.task("random sets", sets, "sets") as task:
            task.advance(null.drawn)
            while null.drawn < sets:
                null = self._with_another(null, observed)
                task.advance()
                if checkpoint is not None and null.drawn % CHECKPOINT_EVERY == 0:
                    null.save(checkpoint)
        return null

    def _with_another(self, null: Null, observed: Floats) -> Null:
        random = np.random.default_rng([self.seed, null.drawn])
        disease, targets = self._alike(self.disease, random), self._alike(self.targets, random)
        distance = self._of_drugs(self.graph.distances(disease)[targets])
        as_near = null.as_near + (distance <= observed + 1e-12)
        return Null(null.drawn + 1, null.total + distance, null.squares + distance**2, as_near)

    def _alike(self, nodes: Integers, random: np.random.Generator) -> Integers:
        """A random node of about the same degree for each node."""
        order, low, high = self._bins
        return order[random.integers(low[nodes], high[nodes])]

    def _of_drugs(self, distances: Floats) -> Floats:
        return np.add.reduceat(distances, self.begins[:-1]) / np.diff(self.begins)


def scores(observed: Floats, null: Null) -> tuple[Floats, Floats]:
    """The z-score of each distance (0 where the null does not vary) and its p-value, never 0."""
    mean = null.total / null.drawn
    spread = np.sqrt(np.maximum(null.squares / null.drawn - mean**2, 0))
    z_score = np.divide(observed - mean, spread, out=np.zeros_like(mean), where=spread > 1e-9)
    return z_score, (null.as_near + 1) / (null.drawn + 1)


def auroc(scored: Floats, positive: NDArray[np.bool_]) -> float | None:
    """The chance that a positive stands above a negative, ties counted half; None where one of them is missing."""
    ordered = np.sort(scored)
    rank = (np.searchsorted(ordered, scored, side="left") + np.searchsorted(ordered, scored, side="right") + 1) / 2
    positives, negatives = int(positive.sum()), int((~positive).sum())
    if not positives or not negatives:
        return None
    return float((rank[positive].sum() - positives * (positives + 1) / 2) / (positives * negatives))
