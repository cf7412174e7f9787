"""Networks of discrete variables: scores of tables of counts, and the same search over orders.

The additive learner takes a categorical variable as several indicators, which suits tables where most variables are
continuous. Where all of them are discrete, a table of probabilities for each child and each combination of its parents
is the honest model: it is scored by BIC (Schwarz 1978) or BDeu (Heckerman, Geiger & Chickering 1995). Pairs are
screened by their mutual information, and orders are searched as in `order_search.py`; each set of parents is counted
once.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma
from typing import Any, Literal, NamedTuple

import numpy as np
from numba import njit, types
from numba.typed import Dict
from numpy.typing import NDArray

from analytics.bayesian_networks.data.dataset import Dataset, Kind, named
from analytics.bayesian_networks.network import Network
from analytics.bayesian_networks.search.candidates import Edges, first_candidates, next_candidates
from analytics.bayesian_networks.search.hill_climbing import network_of
from analytics.bayesian_networks.search.moves import Order, Questions
from analytics.bayesian_networks.search.order_search import Found, OrderSearch, link
from analytics.bayesian_networks.search.threads import Run, on_threads
from warehouse.errors import AnalysisError
from warehouse.progress import SILENT, Progress

#: The most candidates of a child: one bit each of a machine word.
_MOST_CANDIDATES = 64

#: Beyond so many variables each child has a list of candidates, of which so many come from the screen.
_ALL_PAIRS, _SCREENED = 64, 24

#: Searches after which candidates are renewed by the neighbours of neighbours.
_ROUNDS = 3

#: Orders that are shaken in vain before the search ends, and the share of the variables that is moved each time.
_PATIENCE, _SHAKEN = 10, 0.05

#: A change of a score that is smaller is none.
_TOLERANCE = 1e-6

#: Children are divided among so many memories at most; no two threads work on one at a time.
_ARENAS = 16

#: The most cells of a table for each sample.
_CELLS_PER_SAMPLE = 4

_KEY: Any = types.Tuple((types.int64, types.uint64))  # type: ignore[no-untyped-call]

#: The most categories of one variable.
_MOST_CATEGORIES = 255


@dataclass(frozen=True)
class DiscreteOptions:
    """How a network of discrete variables is learned.

    Args:
        score: "bic" or "bdeu".
        equivalent_sample_size: of BDeu.
        maximum_parents: of one variable.
        restarts: how many random orders the search starts from; None = by the number of variables.
        seed: fixes the result, whatever the number of threads.
        threads: how many are used; None = one for each core.
    """

    score: Literal["bic", "bdeu"] = "bic"
    equivalent_sample_size: float = 10.0
    maximum_parents: int = 8
    restarts: int | None = None
    seed: int = 0
    threads: int | None = None

    def __post_init__(self) -> None:
        if self.score not in {"bic", "bdeu"}:
            raise AnalysisError(f"score is {self.score!r}.", "Choose one of bic, bdeu.")
        if self.equivalent_sample_size <= 0 or self.maximum_parents < 1:
            raise AnalysisError("The equivalent sample size and the most parents must be greater than zero.")

    def restarts_among(self, variables: int) -> int:
        """How many random orders the search starts from."""
        if self.restarts is not None:
            return self.restarts
        return 40 if variables <= _ALL_PAIRS else 10 if variables <= 250 else 2


class Table(NamedTuple):
    """What the scores are computed from.

    Args:
        codes: categories (variables x samples), from 0.
        categories: how many each variable has.
        candidates: of each child (children x slots), -1 = none.
        equivalent_sample_size: of BDeu; 0 = BIC.
        maximum_parents: of one child.
    """

    codes: NDArray[np.uint8]
    categories: NDArray[np.int64]
    candidates: NDArray[np.int32]
    equivalent_sample_size: float
    maximum_parents: int


def learn_discrete(dataset: Dataset, options: DiscreteOptions | None = None, progress: Progress = SILENT) -> Network:
    """Learn an acyclic network of discrete variables.

    Args:
        dataset: binary, ordinal and categorical variables with at most 255 categories; a missing value counts as the
            most frequent category.
        options: how; the defaults if None.
        progress: where it is told how far it is.

    Raises:
        AnalysisError: continuous variables, or too many categories.

    Example:
        >>> x = np.random.default_rng(0).integers(0, 2, (200, 3)).astype(float)
        >>> x[:, 2] = (x[:, 0] + x[:, 1]) > 0
        >>> kinds = dict.fromkeys(["a", "b", "c"], "binary")
        >>> learn_discrete(Dataset.of(x, ["a", "b", "c"], kinds=kinds)).edges()
        (('a', 'c'), ('b', 'c'))
    """
    options = options or DiscreteOptions()
    codes, categories = _codes(dataset)
    with on_threads(options.threads) as run:
        learner = _Learner(codes, categories, dataset.tiers, options, run)
        return network_of(learner.learn(progress), dataset.variables)


def _codes(dataset: Dataset) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Codes from 0 without gaps (variables x samples), and how many each variable has."""
    continuous = [name for name, kind in zip(dataset.variables, dataset.kinds, strict=True) if kind is Kind.CONTINUOUS]
    if continuous:
        raise AnalysisError(
            f"Continuous variables: {named(continuous)}.", "Give their kinds, cut them into categories, or use learn()."
        )
    codes = np.zeros(dataset.values.T.shape, np.uint8)
    categories = np.zeros(len(codes), np.int64)
    for variable, values in enumerate(dataset.values.T):
        known = ~np.isnan(values)
        levels, counts = np.unique(values[known], return_counts=True)
        if len(levels) > _MOST_CATEGORIES:
            raise AnalysisError(
                f"{dataset.variables[variable]} has {len(levels)} categories; at most {_MOST_CATEGORIES} are possible."
            )
        codes[variable] = np.where(known, np.searchsorted(levels, values), counts.argmax())
        categories[variable] = len(levels)
    return codes, categories


class _Learner:
    """One run: candidates, search, candidates again."""

    def __init__(
        self,
        codes: NDArray[np.uint8],
        categories: NDArray[np.int64],
        tiers: NDArray[np.int16],
        options: DiscreteOptions,
        run: Run,
    ) -> None:
        self._codes, self._categories, self._tiers = codes, categories, tiers
        self._options, self._run = options, run
        self._origin = np.arange(len(codes), dtype=np.int32)

    def learn(self, progress: Progress) -> Edges:
        """The edges of the best network found."""
        candidates = self._screen(progress)
        whole = len(self._codes) <= _ALL_PAIRS
        units = None
        for number in range(1 if whole else _ROUNDS):
            last = whole or number == _ROUNDS - 1
            with progress.task(f"Order search {number + 1}", None, "moves") as told:
                found = self._search(candidates, units, last, told)
            nothing = np.full((len(candidates), 1), -1, np.int32)
            candidates = next_candidates(candidates, found.edges, nothing, self._tiers, self._origin)
            units = found.order
        return found.edges

    def _screen(self, progress: Progress) -> NDArray[np.int32]:
        count = len(self._codes)
        if count <= _ALL_PAIRS:
            candidates = np.tile(np.arange(count, dtype=np.int32), (count, 1))
            forbidden = (self._tiers > self._tiers[:, None]) | (self._tiers[:, None] <= 0)
            candidates[forbidden | np.eye(count, dtype=np.bool_)] = -1
            return candidates
        gains = np.zeros((count, count), np.float32)
        with progress.task("Screening", count, "variables") as told:

            def one(child: int) -> None:
                _gains_of_pairs(self._codes, self._categories, child, gains[child])
                told.advance(1)

            self._run(one, range(count))
        gains = np.maximum(gains, gains.T)
        best = np.argsort(-gains, axis=1, kind="stable")[:, :_SCREENED].astype(np.int32)
        best[np.take_along_axis(gains, best, axis=1) <= 0] = -1
        return first_candidates(best, self._tiers, _MOST_CANDIDATES)

    def _search(self, candidates: NDArray[np.int32], units: NDArray[np.int32] | None, shake: bool, told: Any) -> Found:
        options = self._options
        size = options.equivalent_sample_size if options.score == "bdeu" else 0.0
        table = Table(self._codes, self._categories, candidates, size, options.maximum_parents)
        search = DiscreteOrderSearch(table, self._tiers, self._run)
        random = np.random.default_rng(options.seed)
        starts = [units] if units is not None else []
        starts += [search.random_order(random) for _ in range(options.restarts_among(len(self._codes)))]
        searched = [_swept(search, search.start(order), random, told) for order in starts]
        best = min(searched, key=lambda order: float(order.scores.sum()))
        if shake:
            best = _shaken(search, best, random, told)
        return search.found(best)


def _swept(search: OrderSearch, order: Order, random: np.random.Generator, told: Any) -> Order:
    """Move variables until none finds a better place."""
    moved = 1
    while moved:
        moved, _ = search.sweep(order, random)
        told.advance(moved)
    return order


def _shaken(search: OrderSearch, best: Order, random: np.random.Generator, told: Any) -> Order:
    """Shake the order and search again, until that was in vain several times."""
    vain, count = 0, max(3, round(_SHAKEN * len(best.units)))
    while vain < _PATIENCE:
        shaken = search.shaken(best.units, best, min(count, len(best.units)), random)
        order, vain = _swept(search, shaken, random, told), vain + 1
        if order.scores.sum() < best.scores.sum() - 1e-3:
            best, vain = order, 0
    return best


class DiscreteOrderSearch(OrderSearch):
    """The search over orders with scores of tables.

    Args:
        table: what the scores are computed from.
        tiers: of the variables.
        run: what runs tasks on threads.
    """

    def __init__(self, table: Table, tiers: NDArray[np.int16], run: Run) -> None:
        count = len(tiers)
        self._table, self._tiers, self._run = table, tiers, run
        self._links = link(table.candidates, np.arange(count, dtype=np.int32), tiers)
        self._unit_tiers = tiers
        self._questions_of_a_unit = 2 * np.diff(self._links.neighbour_start) + 2
        self._arenas = min(_ARENAS, count)
        self._families = [_no_families() for _ in range(self._arenas)]
        self._answers = [_no_answers() for _ in range(self._arenas)]
        self._cells = [np.zeros(_most_cells(table), np.int32) for _ in range(self._arenas)]

    def _answer(self, questions: Questions) -> None:
        def one(arena: int) -> None:
            _answer_all(
                self._table, self._families[arena], self._answers[arena], self._cells[arena], arena, self._arenas,
                questions.children, questions.allowed, questions.scores,
            )  # fmt: skip

        self._run(one, range(self._arenas))

    def found(self, order: Order) -> Found:
        """Read the parents of every variable."""
        starts, parents = np.zeros(len(order.units) + 1, np.int64), [np.empty(0, np.int32)]
        for child, allowed in enumerate(order.allowed[:, 0]):
            chosen = int(_answer_to(self._answers[child % self._arenas], child, allowed))
            slots = [slot for slot in range(_MOST_CANDIDATES) if chosen >> slot & 1]
            parents.append(np.sort(self._table.candidates[child, slots]))
            starts[child + 1] = starts[child] + len(slots)
        joined = np.concatenate(parents).astype(np.int32)
        edges = Edges(starts, joined, np.ones(len(joined), np.int32))
        return Found(order.units.copy(), float(order.scores.sum()), edges)


def _most_cells(table: Table) -> int:
    """The most cells of a table that is worth counting: one with more has no support in the data."""
    return max(_CELLS_PER_SAMPLE * int(table.codes.shape[1]), _MOST_CATEGORIES)


@njit(cache=True)
def _no_families() -> Any:
    """An empty memory: the score of each child and set of parents."""
    return Dict.empty(_KEY, types.float64)


@njit(cache=True)
def _no_answers() -> Any:
    """An empty memory: the best parents of each child among each set of allowed ones."""
    return Dict.empty(_KEY, types.uint64)


@njit(cache=True, nogil=True)
def _gains_of_pairs(
    codes: NDArray[np.uint8], categories: NDArray[np.int64], child: int, gains: NDArray[np.float32]
) -> None:
    """By how much BIC falls with one parent (twice n times the mutual information, less the price), before `child`."""
    samples = codes.shape[1]
    for parent in range(child):
        rows, columns = categories[child], categories[parent]
        counts = np.zeros((rows, columns), np.int64)
        for sample in range(samples):
            counts[codes[child, sample], codes[parent, sample]] += 1
        total = _entropy(counts.sum(axis=1)) + _entropy(counts.sum(axis=0)) - _entropy(counts.ravel())
        gains[parent] = 2 * total - (rows - 1) * (columns - 1) * np.log(samples)


@njit(cache=True, nogil=True)
def _entropy(counts: NDArray[np.int64]) -> float:
    """Entropy of a table of counts, times their sum."""
    total, weighted = 0, 0.0
    for count in counts:
        if count > 0:
            total += count
            weighted += count * np.log(count)
    return float(total * np.log(total) - weighted)


@njit(cache=True, nogil=True)
def _count(table: Table, child: int, chosen: np.uint64, cells: NDArray[np.int32]) -> int:
    """Count a child's categories for each combination of its parents; gives how many combinations, 0 = too many."""
    parents = np.empty(table.maximum_parents + 1, np.int64)
    count, combinations = 0, 1
    for slot in range(table.candidates.shape[1]):
        if (chosen >> np.uint64(slot)) & np.uint64(1):
            parents[count] = table.candidates[child, slot]
            combinations *= table.categories[parents[count]]
            count += 1
            if combinations * table.categories[child] > cells.shape[0]:
                return 0
    own = table.categories[child]
    cells[: combinations * own] = 0
    for sample in range(table.codes.shape[1]):
        cell = 0
        for index in range(count):
            cell = cell * table.categories[parents[index]] + table.codes[parents[index], sample]
        cells[cell * own + table.codes[child, sample]] += 1
    return combinations


@njit(cache=True, nogil=True)
def _bic(cells: NDArray[np.int32], combinations: int, own: int, samples: int) -> float:
    likelihood = 0.0
    for combination in range(combinations):
        total = 0
        for cell in range(combination * own, (combination + 1) * own):
            if cells[cell] > 0:
                total += cells[cell]
                likelihood += cells[cell] * np.log(cells[cell])
        if total > 0:
            likelihood -= total * np.log(total)
    return float(-2 * likelihood + combinations * (own - 1) * np.log(samples))


@njit(cache=True, nogil=True)
def _bdeu(cells: NDArray[np.int32], combinations: int, own: int, equivalent_sample_size: float) -> float:
    of_row, of_cell = equivalent_sample_size / combinations, equivalent_sample_size / (combinations * own)
    likelihood = 0.0
    for combination in range(combinations):
        total = 0
        for cell in range(combination * own, (combination + 1) * own):
            if cells[cell] > 0:
                total += cells[cell]
                likelihood += lgamma(cells[cell] + of_cell) - lgamma(of_cell)
        if total > 0:
            likelihood += lgamma(of_row) - lgamma(total + of_row)
    return float(-2 * likelihood)


@njit(cache=True, nogil=True)
def family_score(table: Table, child: int, chosen: np.uint64, cells: NDArray[np.int32]) -> float:
    """The score of a child with some of its candidates, as bits, for parents; lower is better, infinite = too many.

    Args:
        table: the data.
        child: the variable.
        chosen: bit s = the candidate in slot s is a parent.
        cells: working memory; as many counts as a table may have.
    """
    combinations, own = _count(table, child, chosen, cells), int(table.categories[child])
    if combinations == 0:
        return np.inf
    if table.equivalent_sample_size > 0:
        return float(_bdeu(cells, combinations, own, table.equivalent_sample_size))
    return float(_bic(cells, combinations, own, table.codes.shape[1]))


@njit(cache=True, nogil=True)
def _known_score(table: Table, families: Any, child: int, chosen: np.uint64, cells: NDArray[np.int32]) -> float:
    key = (np.int64(child), chosen)
    if key not in families:
        families[key] = family_score(table, child, chosen, cells)
    return float(families[key])


@njit(cache=True, nogil=True)
def _grow_and_shrink(
    table: Table, families: Any, child: int, allowed: np.uint64, cells: NDArray[np.int32]
) -> np.uint64:
    """Parents among the allowed candidates: the best one is added while that helps, then dropped while that helps."""
    chosen, parents = np.uint64(0), 0
    score = _known_score(table, families, child, chosen, cells)
    growing = True
    while True:
        best, best_set = score - _TOLERANCE, chosen
        for slot in range(table.candidates.shape[1]):
            bit = np.uint64(1) << np.uint64(slot)
            if (allowed & bit) and bool(chosen & bit) != growing and (not growing or parents < table.maximum_parents):
                value = _known_score(table, families, child, chosen ^ bit, cells)
                if value < best:
                    best, best_set = value, chosen ^ bit
        if best_set != chosen:
            score, chosen = best, best_set
            parents += 1 if growing else -1
        elif growing:
            growing = False
        else:
            return chosen


@njit(cache=True, nogil=True)
def _answer_all(
    table: Table,
    families: Any,
    answers: Any,
    cells: NDArray[np.int32],
    arena: int,
    arenas: int,
    children: NDArray[np.int32],
    allowed: NDArray[np.uint64],
    scores: NDArray[np.float64],
) -> None:
    """Answer the questions whose children belong to one arena: the score of (child, allowed candidates)."""
    for question in range(children.shape[0]):
        child = int(children[question])
        if child % arenas == arena:
            key = (np.int64(child), allowed[question, 0])
            if key not in answers:
                answers[key] = _grow_and_shrink(table, families, child, allowed[question, 0], cells)
            scores[question] = families[(np.int64(child), answers[key])]


@njit(cache=True)
def _answer_to(answers: Any, child: int, allowed: np.uint64) -> np.uint64:
    return np.uint64(answers[(np.int64(child), allowed)])
