"""The closest measure of network proximity, and its null with equal degrees.

Guney, Menche, Vidal and Barabási, Nature Communications 7:10331 (2016): the distance of a drug to a disease is the
mean, over the targets of the drug, of the distance to the nearest gene of the disease. It is compared with random genes
of the same degrees on both sides.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analytics.common.graph import CompressedGraph
from warehouse.atomic import new_file
from warehouse.errors import AnalysisError
from warehouse.progress import SILENT, Progress

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Names = NDArray[np.str_]

#: Genes of about equal degree from which random ones are drawn.
BIN_SIZE = 100

#: Random sets between two checkpoints.
CHECKPOINT_EVERY = 50


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

    graph: CompressedGraph
    disease: Integers
    targets: Integers
    begins: Integers
    seed: int
    _bins: tuple[Integers, Integers, Integers] = field(init=False, repr=False)

    @classmethod
    def of_names(  # noqa: PLR0917
        cls, genes: Names, graph: CompressedGraph, disease: Names, drugs: Names, targets: Names, seed: int
    ) -> Proximity:
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


@dataclass(frozen=True)
class Measured:
    """What is measured.

    Args:
        drugs: the drugs, sorted, in the order of `proximity`.
        disease: the genes of the disease that are in the network.
        proximity: their distances.
    """

    drugs: Names
    disease: Names
    proximity: Proximity

    def among(self, drugs: Collection[str]) -> NDArray[np.bool_]:
        """Which of the drugs are among those given."""
        return np.isin(self.drugs, np.array(sorted(drugs), str))


def scores(observed: Floats, null: Null) -> tuple[Floats, Floats]:
    """The z-score of each distance (0 where the null does not vary) and its p-value, never 0."""
    mean = null.total / null.drawn
    spread = np.sqrt(np.maximum(null.squares / null.drawn - mean**2, 0))
    z_score = np.divide(observed - mean, spread, out=np.zeros_like(mean), where=spread > 1e-9)
    return z_score, (null.as_near + 1) / (null.drawn + 1)


def in_network(network: tuple[Names, Names], disease: Names, pairs: Names, minimum_targets: int, seed: int) -> Measured:
    """What is measured of genes and drugs: the part that stands in the largest component of the network.

    Args:
        network: the genes at both ends of each edge.
        disease: the genes of the disease.
        pairs: drug and target, sorted, in two columns.
        minimum_targets: drugs with fewer targets in the network are left out.
        seed: fixes the random sets.

    Raises:
        AnalysisError: the network has no gene of the disease, or no drug has so many targets.
    """
    genes, graph = CompressedGraph.largest(*network)
    own = disease[np.isin(disease, genes)]
    if not len(own):
        raise AnalysisError(
            f"The disease has no gene in the network; it has {len(disease):,} in the build.", "Add a relationship type."
        )
    pairs = pairs[np.isin(pairs[:, 1], genes)]
    drugs, which, counts = np.unique(pairs[:, 0], return_inverse=True, return_counts=True)
    pairs = pairs[counts[which] >= minimum_targets]
    if not len(pairs):
        raise AnalysisError(f"No drug has {minimum_targets} targets in the network.", "Ask for fewer.")
    proximity = Proximity.of_names(genes, graph, own, pairs[:, 0], pairs[:, 1], seed)
    return Measured(drugs[counts >= minimum_targets], own, proximity)
