"""A discrete Bayesian network: states, parents and conditional probability tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.network import Network
from warehouse.errors import AnalysisError

#: How far the probabilities of a row may be from 1: published networks are rounded to a few digits.
ROUNDING = 0.02


@dataclass(frozen=True)
class DiscreteNetwork:
    """Variables with finitely many states, and the probability of each state given the parents' states.

    Args:
        name: of the network.
        variables: names, unique.
        states: of each variable, its states.
        parents: of each variable, the positions of its parents, in the order of the table's axes.
        tables: of each variable, probabilities of shape (states of parent 1, ..., states of the variable).

    Example:
        >>> network = DiscreteNetwork("rain", ("rain", "wet"), (("no", "yes"), ("no", "yes")), ((), (0,)),
        ...     (np.array([0.8, 0.2]), np.array([[0.9, 0.1], [0.1, 0.9]])))
        >>> network.structure().parents_of(1).tolist()
        [0]
    """

    name: str
    variables: tuple[str, ...]
    states: tuple[tuple[str, ...], ...]
    parents: tuple[tuple[int, ...], ...]
    tables: tuple[NDArray[np.float64], ...]

    def __post_init__(self) -> None:
        for variable, (parents, table) in enumerate(zip(self.parents, self.tables, strict=True)):
            shape = tuple(len(self.states[axis]) for axis in (*parents, variable))
            if table.shape != shape:
                raise AnalysisError(
                    f"The table of {self.variables[variable]} has the shape {table.shape}; its parents ask for {shape}."
                )

    def structure(self) -> Network:
        """The graph; raises an AnalysisError that names the cycle where it is not acyclic."""
        network = Network.from_parent_lists(self.variables, [sorted(parents) for parents in self.parents])
        network.topological_order()
        return network

    def sample(self, rows: int, seed: int) -> NDArray[np.int32]:
        """Draw rows by ancestral sampling: codes of states, rows x variables."""
        generator = np.random.default_rng(seed)
        codes = np.empty((rows, len(self.variables)), dtype=np.int32)
        for variable in self.structure().topological_order():
            table = self.tables[variable]
            given = table[tuple(codes[:, parent] for parent in self.parents[variable])]
            cumulative = np.cumsum(np.broadcast_to(given, (rows, table.shape[-1])), axis=1)
            # A row that was rounded does not reach 1: the draw is scaled to what it reaches.
            drawn = generator.random(rows)[:, None] * cumulative[:, -1:]
            codes[:, variable] = np.minimum((drawn >= cumulative).sum(axis=1), table.shape[-1] - 1)
        return codes


def verify_tables(network: DiscreteNetwork, path: Path | None = None) -> None:
    """Refuse tables whose rows are not probabilities.

    Raises:
        AnalysisError: a probability is negative or not a number, or a row's sum is off by more than `ROUNDING`.
    """
    where = "" if path is None else f"{path}: "
    for name, table in zip(network.variables, network.tables, strict=True):
        if not np.all(table >= 0):
            raise AnalysisError(f"{where}{name} has a probability that is negative or not a number.")
        worst = float(np.abs(table.sum(axis=-1) - 1).max())
        if worst > ROUNDING:
            raise AnalysisError(f"{where}a row of the table of {name} does not sum to 1 (off by {worst:.3g}).")


def with_pseudo_counts(
    codes: NDArray[np.int32], cardinalities: Sequence[int], parents: Sequence[int], child: int, pseudo_count: float
) -> NDArray[np.float64]:
    """The table of a child from counts: (count + pseudo_count) / (total + states x pseudo_count).

    Args:
        codes: rows x variables.
        cardinalities: number of states of each variable.
        parents: positions, in the order of the axes.
        child: position.
        pseudo_count: Dirichlet prior of each cell, above 0.
    """
    shape = tuple(cardinalities[axis] for axis in (*parents, child))
    cells = np.ravel_multi_index(tuple(codes[:, axis] for axis in (*parents, child)), shape)
    counts = np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape) + pseudo_count
    return np.asarray(counts / counts.sum(axis=-1, keepdims=True), dtype=np.float64)
