"""Data from known networks: what a learner is measured on, and the true effects of interventions.

The plain setting is a sparse nonlinear additive model: two parents on average and four at
most, three quarters of the functions curved, noise of standard deviation 0.6 beside a signal of about one; every
variable is then scaled to standard deviation one, so that variances do not give the order away. The other settings
break one assumption each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.data.dataset import Dataset, Kind
from analytics.bayesian_networks.network import Network
from warehouse.errors import AnalysisError

__all__ = ["Equation", "Setting", "Simulation", "StructuralModel", "Term", "simulate"]

#: Samples from which the scale of every function and variable is taken.
_CALIBRATION = 500

#: Strength of an edge beside the others of its child, and the sign at random.
_WEAKEST, _STRONGEST = 0.7, 1.3

#: Share of hidden variables in the confounded setting, and how many children each has.
_HIDDEN_SHARE, _HIDDEN_CHILDREN = 0.1, 4

#: Categories of a discrete variable: fewest and most; and how uneven the rows of its table are (Dirichlet).
_FEWEST_CATEGORIES, _MOST_CATEGORIES, _EVENNESS = 2, 4, 0.5

#: By how much the size of uneven noise changes, as a power of e.
_SPREAD = 0.7

_CURVES = ("sine", "sigmoid", "square", "bump")


class Setting(StrEnum):
    """What data are simulated."""

    NONLINEAR = "nonlinear"
    LINEAR = "linear"
    INTERACTIONS = "interactions"
    CONFOUNDED = "confounded"
    HEAVY_TAILS = "heavy-tails"
    UNEVEN_NOISE = "uneven-noise"
    DISCRETE = "discrete"


@dataclass(frozen=True)
class Term:
    """A part of a variable's signal: a function of one parent, or the product of functions of two.

    Args:
        parents: one or two variables.
        functions: of each of them: "line", "sine", "sigmoid", "square" or "bump".
        weight: strength and sign.
        centre, scale: mean and standard deviation of the product, which are taken out.
    """

    parents: tuple[int, ...]
    functions: tuple[str, ...]
    weight: float
    centre: float = 0.0
    scale: float = 1.0

    def raw(self, x: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        """The product of the functions at the parents' values."""
        product = _curve(self.functions[0], x[0])
        for name, values in zip(self.functions[1:], x[1:], strict=True):
            product = product * _curve(name, values)
        return product

    def evaluate(self, x: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        """What the term adds at the parents' values."""
        return self.weight * (self.raw(x) - self.centre) / self.scale


def _curve(name: str, x: NDArray[np.float64]) -> NDArray[np.float64]:
    match name:
        case "sine":
            return np.asarray(np.sin(1.5 * x))
        case "sigmoid":
            return np.asarray(np.tanh(2 * x))
        case "square":
            return x * x
        case "bump":
            return np.asarray(np.exp(-x * x))
        case _:
            return x


@dataclass(frozen=True)
class Equation:
    """How one variable follows from its parents: (sum of terms + noise - centre) / scale.

    Args:
        terms: of its parents.
        noise_sd: standard deviation of the noise.
        spread_parent: a parent on whose value the size of the noise depends; None = none.
        centre, scale: are taken out, so that the variable has mean 0 and standard deviation 1.
    """

    terms: tuple[Term, ...]
    noise_sd: float
    spread_parent: int | None = None
    centre: float = 0.0
    scale: float = 1.0

    def evaluate(self, values: NDArray[np.float64], noise: NDArray[np.float64]) -> NDArray[np.float64]:
        """The variable's values, for given values of all variables (variables x samples) and noise (samples)."""
        total = self.noise_sd * noise
        if self.spread_parent is not None:
            total = total * np.exp(_SPREAD * np.tanh(values[self.spread_parent]))
        for term in self.terms:
            total = total + term.evaluate([values[k] for k in term.parents])
        return np.asarray((total - self.centre) / self.scale)

    def parents(self) -> set[int]:
        """The variables that it depends on."""
        spread = set() if self.spread_parent is None else {self.spread_parent}
        return spread | {k for term in self.terms for k in term.parents}


@dataclass(frozen=True)
class StructuralModel:
    """A structural equation model, for data under any intervention.

    Args:
        order: variables, parents first.
        equations: of each variable.
        heavy_tails: whether the noise has Student's distribution with three degrees of freedom, else it is normal.
        observed: how many variables are observed: the first ones; the others are hidden.
    """

    order: NDArray[np.int32]
    equations: tuple[Equation, ...]
    heavy_tails: bool
    observed: int

    def noise(self, samples: int, seed: int) -> NDArray[np.float64]:
        """Independent noise of every variable, standard deviation one (variables x samples)."""
        return _noise(len(self.equations), samples, seed, self.heavy_tails)

    def draw(self, samples: int, *, seed: int = 0, do: Mapping[int, float] | None = None) -> NDArray[np.float64]:
        """Draw the observed variables (samples x variables).

        Args:
            samples: how many.
            seed: equal seeds have equal noise, so that two draws differ by what is done to them only.
            do: variables that are set to a value, whatever their parents are.
        """
        noise = self.noise(samples, seed)
        values = np.empty_like(noise)
        self._compute(self.order, values, noise, do or {})
        return values[: self.observed].T.copy()

    def _compute(
        self,
        variables: NDArray[np.int32],
        values: NDArray[np.float64],
        noise: NDArray[np.float64],
        do: Mapping[int, float],
    ) -> None:
        for j in variables.tolist():
            if j in do:
                values[j] = do[j]
            else:
                values[j] = self.equations[j].evaluate(values, noise[j])

    @cached_property
    def network(self) -> Network:
        """The edges among all variables, hidden ones too."""
        parents = [equation.parents() for equation in self.equations]
        names = [f"x{j}" if j < self.observed else f"hidden{j - self.observed}" for j in range(len(parents))]
        return Network.from_parent_lists(names, parents)

    def descendants(self, variable: int) -> NDArray[np.int32]:
        """What a variable has an effect on, in the model's order; without itself."""
        met, waiting = {variable}, [variable]
        while waiting:
            more = set(self.network.children_of(waiting.pop()).tolist()) - met
            met |= more
            waiting += more
        return self.order[np.isin(self.order, list(met - {variable}))]

    def total_effect(self, variable: int, value: float, *, samples: int = 1000, seed: int = 0) -> NDArray[np.float64]:
        """The mean change of every observed variable when one is set to a value, over draws with equal noise.

        It is exactly 0 for variables that are no descendants.
        """
        return np.asarray(self.total_effects({variable: value}, samples=samples, seed=seed)[0])

    def total_effects(
        self, settings: Mapping[int, float], *, samples: int = 1000, seed: int = 0
    ) -> NDArray[np.float64]:
        """`total_effect` of several variables, each set alone, over equal draws (settings x observed variables)."""
        noise = self.noise(samples, seed)
        control = np.empty_like(noise)
        self._compute(self.order, control, noise, {})
        effects = np.zeros((len(settings), self.observed))
        values = control.copy()
        for row, (variable, value) in enumerate(settings.items()):
            changed = np.append(np.int32(variable), self.descendants(variable)).astype(np.int32)
            self._compute(changed, values, noise, {variable: value})
            seen = changed[changed < self.observed]
            effects[row, seen] = (values[seen] - control[seen]).mean(axis=1)
            values[changed] = control[changed]
        return effects


def _noise(variables: int, samples: int, seed: int, heavy_tails: bool) -> NDArray[np.float64]:
    random = np.random.default_rng(seed)
    if heavy_tails:
        return np.asarray(random.standard_t(3, (variables, samples)) / np.sqrt(3))
    return random.standard_normal((variables, samples))


@dataclass(frozen=True)
class Simulation:
    """Data and the network that they come from.

    Args:
        values: samples x variables; categories as codes 0, 1, ...
        network: the true edges among the observed variables.
        categories: of each variable; 0 if it is continuous.
        model: the model that the data were drawn from; None for discrete data.
    """

    values: NDArray[np.float64]
    network: Network
    categories: NDArray[np.int32]
    model: StructuralModel | None = None

    def dataset(self) -> Dataset:
        """The data as a learner takes them; discrete variables that show one category only are left out."""
        kinds = {
            name: Kind.BINARY if categories == 2 else Kind.CATEGORICAL
            for name, categories in zip(self.network.variables, self.categories.tolist(), strict=True)
            if categories
        }
        return Dataset.of(self.values, self.network.variables, kinds=kinds, drop_unusable=bool(kinds))


def simulate(
    setting: Setting | str,
    variables: int,
    samples: int,
    *,
    seed: int = 0,
    mean_parents: float = 2.0,
    maximum_parents: int = 4,
    nonlinear_share: float = 0.75,
    noise_sd: float = 0.6,
) -> Simulation:
    """Draw a random network, functions on its edges, and data.

    Args:
        setting: which assumption holds or is broken:
            "nonlinear" and "linear" are additive with normal noise; "interactions" adds the product of two parents to
            every child that has two; "confounded" adds hidden parents of several variables; "heavy-tails" has Student's
            noise with three degrees of freedom; "uneven-noise" has noise whose size depends on a parent; "discrete" has
            tables of random probabilities.
        variables: how many are observed.
        samples: how many are drawn.
        seed: fixes network, functions and data.
        mean_parents: parents of a variable on average (binomial).
        maximum_parents: the most of one variable, without hidden ones.
        nonlinear_share: share of curved functions; none are curved in "linear".
        noise_sd: standard deviation of the noise beside a signal of about one.

    Raises:
        AnalysisError: fewer than two variables or samples, a setting that is not known, or parents out of range.

    Example:
        >>> simulate("linear", 10, 100, seed=1).values.shape
        (100, 10)
    """
    setting = _verified(setting, variables, samples, mean_parents, maximum_parents)
    random = np.random.default_rng(seed)
    order = random.permutation(variables).astype(np.int32)
    parents = _draw_parents(order, mean_parents, maximum_parents, random)
    network = Network.from_parent_lists([f"x{j}" for j in range(variables)], parents)
    data_seed = int(random.integers(2**62))
    if setting is Setting.DISCRETE:
        return _discrete(order, network, samples, random)
    hidden = _draw_hidden(variables, random) if setting is Setting.CONFOUNDED else []
    share = 0.0 if setting is Setting.LINEAR else nonlinear_share
    terms = [_draw_terms(parents[j], share, random) for j in range(variables)]
    for extra, children in enumerate(hidden):
        for j in children:
            terms[j].append(Term((variables + extra,), (_draw_function(share, random),), _draw_weight(random)))
    if setting is Setting.INTERACTIONS:
        for j in range(variables):
            terms[j] += _draw_interaction(parents[j], random)
    everything = np.append(np.arange(variables, variables + len(hidden)), order).astype(np.int32)
    equations = [_equation(of_one, noise_sd) for of_one in [*terms, *([] for _ in hidden)]]
    if setting is Setting.UNEVEN_NOISE:
        equations = [_with_spread(equation, random) for equation in equations]
    model = _calibrated(everything, equations, setting is Setting.HEAVY_TAILS, variables, data_seed)
    return Simulation(model.draw(samples, seed=data_seed), network, np.zeros(variables, np.int32), model)


def _verified(
    setting: Setting | str, variables: int, samples: int, mean_parents: float, maximum_parents: int
) -> Setting:
    if setting not in list(Setting):
        raise AnalysisError(f"There is no setting {setting!r}.", f"Choose one of {', '.join(Setting)}.")
    if min(variables, samples) < 2:
        raise AnalysisError(f"{samples} samples of {variables} variables: at least two of each are needed.")
    if not 0 <= mean_parents <= maximum_parents:
        raise AnalysisError(f"A mean of {mean_parents} parents does not fit a maximum of {maximum_parents}.")
    return Setting(setting)


def _draw_parents(
    order: NDArray[np.int32], mean_parents: float, maximum_parents: int, random: np.random.Generator
) -> list[list[int]]:
    parents: list[list[int]] = [[] for _ in order]
    share = mean_parents / maximum_parents if maximum_parents else 0.0
    for place, j in enumerate(order.tolist()):
        count = min(place, int(random.binomial(maximum_parents, share)))
        if count:
            parents[j] = sorted(order[random.choice(place, count, replace=False)].tolist())
    return parents


def _draw_hidden(variables: int, random: np.random.Generator) -> list[list[int]]:
    """The children of each hidden variable."""
    count, children = max(1, round(variables * _HIDDEN_SHARE)), min(_HIDDEN_CHILDREN, variables)
    return [sorted(random.choice(variables, children, replace=False).tolist()) for _ in range(count)]


def _draw_weight(random: np.random.Generator) -> float:
    return float(random.choice([-1.0, 1.0]) * random.uniform(_WEAKEST, _STRONGEST))


def _draw_function(nonlinear_share: float, random: np.random.Generator) -> str:
    return str(random.choice(_CURVES)) if random.random() < nonlinear_share else "line"


def _draw_terms(parents: Sequence[int], nonlinear_share: float, random: np.random.Generator) -> list[Term]:
    return [Term((k,), (_draw_function(nonlinear_share, random),), _draw_weight(random)) for k in parents]


def _draw_interaction(parents: Sequence[int], random: np.random.Generator) -> list[Term]:
    if len(parents) < 2:
        return []
    first, second = sorted(random.choice(parents, 2, replace=False).tolist())
    return [Term((first, second), ("line", "sigmoid"), _draw_weight(random))]


def _equation(terms: Sequence[Term], noise_sd: float) -> Equation:
    shared = tuple(replace(term, weight=term.weight / len(terms) ** 0.5) for term in terms)
    return Equation(shared, noise_sd if shared else 1.0)


def _with_spread(equation: Equation, random: np.random.Generator) -> Equation:
    parents = sorted(equation.parents())
    return replace(equation, spread_parent=int(random.choice(parents))) if parents else equation


def _calibrated(
    order: NDArray[np.int32], equations: Sequence[Equation], heavy_tails: bool, observed: int, seed: int
) -> StructuralModel:
    """Draw once, and take from it the scale of every term and of every variable."""
    noise = _noise(len(equations), _CALIBRATION, seed, heavy_tails)
    values = np.empty_like(noise)
    scaled = list(equations)
    for j in order.tolist():
        terms = tuple(_scaled(term, values) for term in equations[j].terms)
        unscaled = replace(equations[j], terms=terms)
        raw = unscaled.evaluate(values, noise[j])
        scaled[j] = replace(unscaled, centre=float(raw.mean()), scale=float(raw.std()))
        values[j] = scaled[j].evaluate(values, noise[j])
    return StructuralModel(order, tuple(scaled), heavy_tails, observed)


def _scaled(term: Term, values: NDArray[np.float64]) -> Term:
    raw = term.raw([values[k] for k in term.parents])
    return replace(term, centre=float(raw.mean()), scale=float(max(raw.std(), 1e-9)))


def _discrete(order: NDArray[np.int32], network: Network, samples: int, random: np.random.Generator) -> Simulation:
    """Every variable has a table of random probabilities, one row for each combination of its parents' categories."""
    categories = random.integers(_FEWEST_CATEGORIES, _MOST_CATEGORIES + 1, len(order)).astype(np.int32)
    codes = np.zeros((len(order), samples), np.int64)
    for j in order.tolist():
        parents = network.parents_of(j)
        combination = np.zeros(samples, np.int64)
        for k in parents.tolist():
            combination = combination * categories[k] + codes[k]
        rows = int(np.prod(categories[parents], dtype=np.int64))
        table = random.dirichlet(np.full(categories[j], _EVENNESS), rows).cumsum(axis=1)
        drawn = random.random(samples)[:, None] > table[combination, :-1]
        codes[j] = drawn.sum(axis=1)
    return Simulation(codes.T.astype(np.float64), network, categories)
