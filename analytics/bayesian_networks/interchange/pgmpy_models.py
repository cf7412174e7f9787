"""Learned networks as models of pgmpy, for exact inference and `do`, and pgmpy's models as networks.

Two models of the same data: `linear_gaussian` (straight lines and normal noise, in the units of the data) and
`discretise` (every variable in a few states by its quantiles, with conditional probability tables), which pgmpy's
`VariableElimination` and `CausalInference` take. Exact inference is for subnetworks: choose some tens of variables with
`Network.subgraph` first.
"""

from __future__ import annotations

import importlib
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.interchange.discrete import DiscreteNetwork, with_pseudo_counts
from analytics.bayesian_networks.network import Network
from warehouse.errors import AnalysisError
from warehouse.extras import require_extra

if TYPE_CHECKING:
    from analytics.bayesian_networks.data.dataset import Prepared

#: The most cells of one conditional probability table.
MAXIMUM_CELLS = 1_000_000
#: Names of three states.
_THREE_STATES = ("low", "middle", "high")


def linear_gaussian(prepared: Prepared, network: Network) -> Any:
    """A subnetwork as pgmpy's `LinearGaussianBayesianNetwork`, fitted by least squares, in the units of the data.

    Args:
        prepared: the data; the network's variables must be among its columns.
        network: acyclic.

    Returns:
        A `pgmpy.models.LinearGaussianBayesianNetwork`: `simulate(do=...)`, `predict(...)`, `to_joint_gaussian()`.

    Raises:
        AnalysisError: a cycle (named), an unknown variable, pgmpy is not installed, or fewer samples than parents.
    """
    models, factors = _pgmpy("pgmpy.models"), _pgmpy("pgmpy.factors.continuous")
    order, values = network.topological_order(), _original_values(prepared, network)
    model = models.LinearGaussianBayesianNetwork()
    model.add_nodes_from([network.variables[node] for node in order])
    names = network.variables
    for child in order:
        parents = [int(parent) for parent in network.parents_of(int(child))]
        beta, deviation = _least_squares(values[:, child], values[:, parents], names[child])
        model.add_edges_from([(names[parent], names[child]) for parent in parents])
        model.add_cpds(factors.LinearGaussianCPD(names[child], beta, deviation, [names[parent] for parent in parents]))
    model.check_model()
    return model


def _least_squares(child: NDArray[np.float64], parents: NDArray[np.float64], name: str) -> tuple[list[float], float]:
    """Intercept and slopes, and the residuals' standard deviation (divisor: samples − coefficients)."""
    design = np.column_stack([np.ones(len(child)), parents])
    free = len(child) - design.shape[1]
    if free < 1:
        raise AnalysisError(f"{name} has {parents.shape[1]} parents and only {len(child)} samples.")
    beta = np.linalg.lstsq(design, child, rcond=None)[0]
    residual = child - design @ beta
    return beta.tolist(), float(np.sqrt(residual @ residual / free))


@dataclass(frozen=True)
class Discretised:
    """A network over states, and what the states stand for.

    Args:
        network: states and tables; `to_pgmpy(network)` is pgmpy's model.
        cuts: of each variable, the values between its states (one fewer than states), in the units of the data.
        means: of each variable, the mean value of each state.
    """

    network: DiscreteNetwork
    cuts: tuple[NDArray[np.float64], ...]
    means: tuple[NDArray[np.float64], ...]

    def state_of(self, variable: str, value: float) -> str:
        """The state that a value falls into."""
        number = self.network.variables.index(variable)
        return self.network.states[number][int(np.searchsorted(self.cuts[number], value, side="right"))]


def discretise(prepared: Prepared, network: Network, *, states: int = 3, pseudo_count: float = 1.0) -> Discretised:
    """A subnetwork over discrete states: each variable is cut at its quantiles, tables are counted.

    A variable with no more distinct values than states keeps them as its states.

    Args:
        prepared: the data; the network's variables must be among its columns.
        network: acyclic.
        states: of each variable, at least 2.
        pseudo_count: Dirichlet prior of each cell.

    Raises:
        AnalysisError: a cycle, an unknown variable, a table with more than a million cells.
    """
    if states < 2:
        raise AnalysisError(f"{states} states: at least two are needed.")
    network.topological_order()
    values = _original_values(prepared, network)
    cuts = tuple(_cuts(column, states) for column in values.T)
    codes = np.column_stack(
        [np.searchsorted(cut, column, side="right") for cut, column in zip(cuts, values.T, strict=True)]
    ).astype(np.int32)
    cardinalities = [len(cut) + 1 for cut in cuts]
    parents = [tuple(int(parent) for parent in network.parents_of(child)) for child in range(len(network.variables))]
    _verify_cells(network, parents, cardinalities)
    tables = tuple(
        with_pseudo_counts(codes, cardinalities, parents[child], child, pseudo_count) for child in range(len(parents))
    )
    names = tuple(_state_names(count) for count in cardinalities)
    means = tuple(
        np.array([column[code == state].mean() for state in range(count)])
        for column, code, count in zip(values.T, codes.T, cardinalities, strict=True)
    )
    return Discretised(DiscreteNetwork("discretised", network.variables, names, tuple(parents), tables), cuts, means)


def _cuts(column: NDArray[np.float64], states: int) -> NDArray[np.float64]:
    distinct = np.unique(column)
    if len(distinct) <= states:
        return np.asarray((distinct[1:] + distinct[:-1]) / 2)
    # Cuts are values of the data above the smallest, so that no state stays empty.
    cuts = np.unique(np.quantile(column, np.arange(1, states) / states, method="higher"))
    above = cuts[cuts > distinct[0]]
    return np.asarray(above if len(above) else distinct[1:2])


def _state_names(count: int) -> tuple[str, ...]:
    if count == len(_THREE_STATES):
        return _THREE_STATES
    return ("low", "high") if count == 2 else tuple(f"level{number}" for number in range(1, count + 1))


def _verify_cells(network: Network, parents: list[tuple[int, ...]], cardinalities: list[int]) -> None:
    for child, given in enumerate(parents):
        cells = int(np.prod([cardinalities[axis] for axis in (*given, child)]))
        if cells > MAXIMUM_CELLS:
            raise AnalysisError(
                f"{network.variables[child]} has {len(given)} parents: its table would have {cells:,} cells.",
                "Take fewer states, or limit the parents while learning (maximum_parents).",
            )


def to_pgmpy(network: DiscreteNetwork) -> Any:
    """A discrete network as pgmpy's `DiscreteBayesianNetwork`; rows are scaled to sum to 1."""
    models, factors = _pgmpy("pgmpy.models"), _pgmpy("pgmpy.factors.discrete")
    model = models.DiscreteBayesianNetwork()
    model.add_nodes_from(network.variables)
    for child, (given, table) in enumerate(zip(network.parents, network.tables, strict=True)):
        name, states = network.variables[child], network.states[child]
        parents = [network.variables[parent] for parent in given]
        scaled = table / table.sum(axis=-1, keepdims=True)
        names = {network.variables[axis]: list(network.states[axis]) for axis in (child, *given)}
        model.add_edges_from([(parent, name) for parent in parents])
        model.add_cpds(
            factors.TabularCPD(
                name,
                len(states),
                scaled.reshape(-1, len(states)).T,
                evidence=parents or None,
                evidence_card=[len(network.states[parent]) for parent in given] or None,
                state_names=names,
            )
        )
    model.check_model()
    return model


def from_pgmpy(model: Any, name: str = "pgmpy") -> DiscreteNetwork:
    """A `DiscreteBayesianNetwork` of pgmpy, with its tables.

    Raises:
        AnalysisError: a variable has no table.
    """
    variables = tuple(map(str, model.nodes()))
    nodes = {str(node): node for node in model.nodes()}
    numbers = {variable: number for number, variable in enumerate(variables)}
    states, parents, tables = [], [], []
    for variable in variables:
        table = model.get_cpds(nodes[variable])
        if table is None:
            raise AnalysisError(f"{variable} has no conditional probability table.", "Fit the model first.")
        # pgmpy's table has the child's states on its first axis, then the parents' in their order.
        states.append(tuple(map(str, table.state_names[table.variable])))
        parents.append(tuple(numbers[str(parent)] for parent in table.variables[1:]))
        tables.append(np.moveaxis(np.asarray(table.values, dtype=np.float64), 0, -1))
    return DiscreteNetwork(name, variables, tuple(states), tuple(parents), tuple(tables))


def structure_from_pgmpy(model: Any) -> Network:
    """The graph of any directed model of pgmpy (or a `networkx.DiGraph`).

    Raises:
        AnalysisError: the graph is undirected, or has a self-loop or two nodes of one name.
    """
    if not model.is_directed():
        raise AnalysisError("The model is undirected.", "A network needs directed edges.")
    variables = tuple(map(str, model.nodes()))
    if len(set(variables)) < len(variables):
        raise AnalysisError("Two nodes of the model have one name as text.")
    numbers = {node: number for number, node in enumerate(model.nodes())}
    for node in model.nodes():
        if model.has_edge(node, node):
            raise AnalysisError(f"{node} is its own parent.")
    parents = [sorted(numbers[parent] for parent in model.predecessors(node)) for node in model.nodes()]
    return Network.from_parent_lists(variables, parents)


def _original_values(prepared: Prepared, network: Network) -> NDArray[np.float64]:
    """The data of the network's variables, in their units (samples x variables)."""
    known = {name: number for number, name in enumerate(prepared.columns)}
    unknown = [name for name in network.variables if name not in known]
    if unknown:
        raise AnalysisError(f"{', '.join(unknown[:10])}: not among the columns of the data.")
    columns = [known[name] for name in network.variables]
    return np.asarray(prepared.z[:, columns] * prepared.scale[columns] + prepared.mean[columns])


def _pgmpy(module: str) -> Any:
    """A module of pgmpy, without the warnings of its own deprecated parts."""
    require_extra("pgmpy", "A model of pgmpy")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(module)
