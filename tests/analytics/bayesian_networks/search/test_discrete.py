from itertools import combinations
from math import lgamma, log

import numpy as np
import pytest

from analytics.bayesian_networks.assessment import metrics
from analytics.bayesian_networks.assessment.simulate import simulate
from analytics.bayesian_networks.data.dataset import Dataset
from analytics.bayesian_networks.search.discrete import DiscreteOptions, Table, family_score, learn_discrete
from warehouse.errors import AnalysisError


def _table(equivalent_sample_size: float = 0.0) -> Table:
    codes = np.random.default_rng(0).integers(0, 3, (4, 200)).astype(np.uint8)
    codes[3] = (codes[0] + codes[1]) % 2
    categories = np.array([3, 3, 3, 2])
    candidates = np.array([[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]], np.int32)
    return Table(codes, categories, candidates, equivalent_sample_size, 3)


def _counts(table: Table, child: int, parents: list[int]) -> dict[tuple[int, ...], np.ndarray]:
    counts: dict[tuple[int, ...], np.ndarray] = {}
    for sample in table.codes.T:
        row = counts.setdefault(tuple(int(sample[k]) for k in parents), np.zeros(table.categories[child]))
        row[sample[child]] += 1
    return counts


@pytest.mark.parametrize("size", [0, 1, 2, 3])
def test_scores_are_their_definitions(size: int) -> None:
    for child in range(4):
        for slots in combinations(range(3), size):
            plain, bayesian = _table(), _table(5.0)
            parents = plain.candidates[child, list(slots)].tolist()
            counts = _counts(plain, child, parents)
            own = int(plain.categories[child])
            rows = int(np.prod(plain.categories[parents]))
            likelihood = sum(n * log(n / row.sum()) for row in counts.values() for n in row if n)
            marginal = sum(
                lgamma(5 / rows)
                - lgamma(row.sum() + 5 / rows)
                + sum(lgamma(n + 5 / rows / own) - lgamma(5 / rows / own) for n in row)
                for row in counts.values()
            )
            chosen, cells = np.uint64(sum(1 << slot for slot in slots)), np.zeros(1000, np.int32)
            expected = -2 * likelihood + rows * (own - 1) * log(200)
            assert family_score(plain, child, chosen, cells) == pytest.approx(expected)
            assert family_score(bayesian, child, chosen, cells) == pytest.approx(-2 * marginal)


def test_tables_with_too_many_cells_are_no_candidates() -> None:
    assert family_score(_table(), 0, np.uint64(0b111), np.zeros(20, np.int32)) == np.inf


@pytest.mark.parametrize("score", ["bic", "bdeu"])
def test_networks_are_found_again(score: str) -> None:
    simulation = simulate("discrete", 15, 3000, seed=3, mean_parents=1.2, maximum_parents=2)
    found = learn_discrete(simulation.dataset(), DiscreteOptions(score=score, equivalent_sample_size=1.0))  # type: ignore[arg-type]
    assert found.is_acyclic()
    assert metrics.skeleton_agreement(found, simulation.network).f1 > 0.85
    assert metrics.equivalence_class_distance(found, simulation.network) <= 6


def test_threads_do_not_change_the_result_and_many_variables_have_lists_of_candidates() -> None:
    simulation = simulate("discrete", 70, 400, seed=1)
    alone, both = (
        learn_discrete(simulation.dataset(), DiscreteOptions(restarts=1, threads=threads)) for threads in (1, 2)
    )
    assert alone.edges() == both.edges()
    assert metrics.skeleton_agreement(alone, simulation.network).precision > 0.8


def test_nothing_points_into_the_lowest_tier_and_missing_values_are_filled_in() -> None:
    values = np.random.default_rng(0).integers(0, 2, (300, 3)).astype(float)
    values[:, 0] = (values[:, 1] + values[:, 2]) > 0
    values[:10, 1] = np.nan
    kinds = dict.fromkeys(["sex", "a", "b"], "binary")
    network = learn_discrete(Dataset.of(values, ["sex", "a", "b"], kinds=kinds, tiers={"sex": 0}))
    assert network.count == 3
    assert "sex" not in {child for _, child in network.edges()}


def test_what_cannot_be_learned_is_refused() -> None:
    with pytest.raises(AnalysisError, match="Continuous variables: x0, x1"):
        learn_discrete(Dataset.of(np.random.default_rng(0).normal(size=(20, 2))))
    many = np.arange(300, dtype=float)[:, None] * [1, 1]
    with pytest.raises(AnalysisError, match="x0 has 300 categories"):
        learn_discrete(Dataset.of(many, kinds={"x0": "categorical", "x1": "categorical"}))
    with pytest.raises(AnalysisError, match="score is 'aic'"):
        DiscreteOptions(score="aic")  # type: ignore[arg-type]
