"""Intervals, specificity and hubs, where the answer is known."""

from __future__ import annotations

import numpy as np

from analytics.bayesian_networks.comparison.delta_ecv import between_groups
from analytics.bayesian_networks.comparison.statistics import Replicate, bootstrap_intervals, hubs, specificity
from analytics.bayesian_networks.curves.fit import fit
from analytics.bayesian_networks.data.dataset import Dataset, prepare
from analytics.bayesian_networks.data.groups import Contrast
from analytics.bayesian_networks.network import Network

#: Two groups of 60 between which x moves by two.
GROUPS = Contrast("B against A", np.arange(60), np.arange(60, 120))


def _shifted(residual_shift: float = 0.0, seed: int = 0) -> Dataset:
    random = np.random.default_rng(seed)
    x = random.normal(size=120) + np.repeat([0, 2], 60)
    y = 1.5 * x + 0.3 * random.normal(size=120) + np.repeat([0, residual_shift], 60)
    z = random.normal(size=120)
    return Dataset.of(np.column_stack([x, y, z]), ["x", "y", "z"])


NETWORK = Network.of_names(("x", "y", "z"), [("x", "y"), ("z", "y")])


def test_a_straight_line_follows_its_parent() -> None:
    fitted = fit(prepare(_shifted()), NETWORK)
    difference = between_groups(fitted.contributions(), GROUPS.first, GROUPS.second)
    special = specificity(fitted, GROUPS, difference, permutations=200)
    assert np.isclose(special.ratio[0], 1.0, atol=0.02)
    assert np.isclose(special.expected[0], 1.5 * special.parent_shift[0], rtol=0.05)
    assert np.isclose(difference[0], special.child_shift[0], rtol=0.05)
    assert special.residual.p[1] > 0.05


def test_what_no_parent_accounts_for_shows_in_the_residual() -> None:
    fitted = fit(prepare(_shifted(residual_shift=-2)), Network.of_names(("x", "y", "z"), [("z", "y")]))
    special = specificity(fitted, GROUPS, np.array([0.0]), permutations=200)
    assert special.residual.p[1] < 0.01
    assert special.residual.difference[1] > 0.5


def test_intervals_hold_the_difference_and_need_enough_replicates() -> None:
    prepared = prepare(_shifted())
    random = np.random.default_rng(1)
    both, only = NETWORK, Network.of_names(("x", "y", "z"), [("x", "y")])
    rows = [random.integers(0, 120, 120) for _ in range(30)]
    replicates = [Replicate(both if i < 5 else only, row) for i, row in enumerate(rows)]
    intervals = bootstrap_intervals(prepared, NETWORK, replicates, GROUPS)
    assert intervals.held.tolist() == [30, 5]
    assert intervals.lower[0] < 3.0 < intervals.upper[0]
    assert intervals.upper[0] - intervals.lower[0] < 1.5
    assert np.isnan(intervals.lower[1])
    assert np.isnan(intervals.upper[1])


def test_replicates_in_which_a_group_is_empty_do_not_count() -> None:
    prepared = prepare(_shifted())
    rows = np.random.default_rng(2).integers(0, 60, 120)
    intervals = bootstrap_intervals(prepared, NETWORK, [Replicate(NETWORK, rows)] * 12, GROUPS)
    assert intervals.held.tolist() == [0, 0]


def test_master_regulators_come_first() -> None:
    network = Network.of_names("abcde", [("a", "b"), ("b", "c"), ("b", "d"), ("c", "b"), ("d", "e")])
    delta = np.array([{"ab": 1.0, "bc": 2.0, "bd": 3.0, "cb": 0.5, "de": 4.0}[p + c] for p, c in network.edges()])
    ranked = hubs(network, delta)
    assert ranked.outgoing.tolist() == [1.0, 5.0, 0.5, 4.0, 0.0]
    assert ranked.targets.tolist() == [1, 2, 1, 1, 0]
    assert ranked.reached.tolist() == [4, 3, 3, 1, 0]
    # From a every edge within three steps; what leaves d is four steps away no more than three.
    assert ranked.downstream.tolist() == [10.5, 9.5, 9.5, 4.0, 0.0]
    assert [network.variables[node] for node in ranked.order] == ["a", "b", "c", "d", "e"]
    assert hubs(network, delta, levels=1).downstream.tolist() == ranked.outgoing.tolist()
