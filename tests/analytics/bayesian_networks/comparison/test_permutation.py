"""Permutation tests: exact values, the null, strata, ties, determinism."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.bayesian_networks.comparison.permutation import permutation_test, relabellings
from warehouse.errors import AnalysisError


def _by_hand(row: np.ndarray, first: int) -> float:
    every = range(len(row))
    observed = abs(row[first:].mean() - row[:first].mean())
    count = total = 0
    for chosen in combinations(every, first):
        rest = [i for i in every if i not in chosen]
        count += abs(row[rest].mean() - row[list(chosen)].mean()) >= observed - 1e-12
        total += 1
    return count / total


@settings(max_examples=20)
@given(st.integers(0, 500), st.integers(1, 4), st.integers(1, 4), st.booleans())
def test_few_samples_are_tested_exactly(seed: int, first: int, second: int, ties: bool) -> None:
    row = np.random.default_rng(seed).normal(size=first + second)
    row = row.round() if ties else row
    test = permutation_test(row[None], np.arange(first), np.arange(first, first + second))
    assert test.exact
    assert np.isclose(test.p[0], _by_hand(row, first))


def test_the_smallest_exact_p_value() -> None:
    test = permutation_test(np.array([[0, 0, 0, 9, 9, 9.0]]), np.arange(3), np.arange(3, 6))
    assert test.relabellings == 20
    assert test.p[0] == pytest.approx(2 / 20)
    assert test.difference[0] == 9.0


def test_many_samples_are_sampled_and_never_give_zero() -> None:
    values = np.zeros((2, 60))
    values[0, 30:] = 5 + np.random.default_rng(0).normal(size=30)
    values[1] = np.random.default_rng(1).normal(size=60)
    test = permutation_test(values, np.arange(30), np.arange(30, 60), permutations=500)
    assert not test.exact
    assert test.p[0] == pytest.approx(1 / 501)
    assert test.q[0] == pytest.approx(2 / 501)
    assert test.p[1] > 0.01


def test_p_values_are_uniform_where_nothing_differs() -> None:
    values = np.random.default_rng(2).normal(size=(4000, 40)).astype(np.float32)
    p = permutation_test(values, np.arange(18), np.arange(18, 40), permutations=400).p
    share = np.histogram(p, bins=10, range=(0, 1))[0] / len(p)
    assert np.abs(share - 0.1).max() < 0.02
    assert abs((p <= 0.05).mean() - 0.05) < 0.012


def test_rows_that_do_not_vary_are_not_significant() -> None:
    assert permutation_test(np.ones((1, 40)), np.arange(20), np.arange(20, 40)).p[0] == 1.0


def test_pairs_are_exchanged_within_pairs() -> None:
    """Ten pairs, each the same amount higher after: 1,024 sign flips, of which two are as extreme."""
    random = np.random.default_rng(3)
    before = random.normal(0, 100, 10)
    row = np.concatenate([before, before + 1])
    strata = np.tile(np.arange(10), 2)
    paired = permutation_test(row[None], np.arange(10), np.arange(10, 20), strata=strata)
    assert (paired.relabellings, paired.exact) == (1024, True)
    assert paired.p[0] == pytest.approx(2 / 1024)
    assert permutation_test(row[None], np.arange(10), np.arange(10, 20)).p[0] > 0.5


def test_a_batch_that_explains_everything_is_not_a_finding() -> None:
    """Batches differ and groups lie unevenly in them: only a test within batches is right."""
    random = np.random.default_rng(4)
    strata = np.repeat([0, 1], 40)
    second = np.r_[np.arange(40) < 8, np.arange(40) < 32]
    values = random.normal(size=(400, 80)) + 3 * strata
    first, other = np.flatnonzero(~second), np.flatnonzero(second)
    naive = permutation_test(values, first, other, permutations=300).p
    within = permutation_test(values, first, other, permutations=300, strata=strata).p
    assert (naive <= 0.05).mean() > 0.9
    assert (within <= 0.05).mean() < 0.1


def test_samples_of_no_group_take_no_part() -> None:
    values = np.random.default_rng(5).normal(size=(3, 50))
    more = np.hstack([values, np.full((3, 20), 1e3)])
    one, two = (permutation_test(x, np.arange(25), np.arange(25, 50)) for x in (values, more))
    assert np.array_equal(one.p, two.p)


def test_a_seed_fixes_the_sample() -> None:
    values = np.random.default_rng(6).normal(size=(50, 60))
    groups = np.arange(30), np.arange(30, 60)
    one, same, other = (permutation_test(values, *groups, permutations=99, seed=seed).p for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_every_relabelling_is_a_difference_of_means() -> None:
    weights, exact = relabellings(3, 4, 50)
    assert exact
    assert len(weights) == 35
    assert np.allclose(weights.sum(axis=1), 0)
    assert np.allclose(np.where(weights > 0, weights, 0).sum(axis=1), 1)
    sampled, exact = relabellings(20, 30, 50)
    assert not exact
    assert np.allclose(np.where(sampled > 0, sampled, 0).sum(axis=1), 1)


def test_bad_input_is_told() -> None:
    values, some = np.zeros((1, 4)), np.arange(2)
    with pytest.raises(AnalysisError, match="at least one"):
        permutation_test(values, some, some + 2, permutations=0)
    with pytest.raises(AnalysisError, match="empty"):
        permutation_test(values, some, np.empty(0, np.intp))
    with pytest.raises(AnalysisError, match="nothing to exchange"):
        permutation_test(values, some, some + 2, strata=np.array([0, 0, 1, 1]))
