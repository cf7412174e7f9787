"""Splits: groups stay apart, every sample is tested once, and the order of the samples changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.common.splits import (
    Fold,
    Unseen,
    group_folds,
    holdout,
    inner_folds,
    pair_folds,
    require_apart,
    time_split,
)
from warehouse.errors import AnalysisError

patients = st.lists(st.sampled_from("abcdefgh"), min_size=8, max_size=60).filter(lambda some: len(set(some)) >= 4)


@given(patients, st.integers(2, 4), st.integers(0, 3))
def test_groups_stay_apart_and_each_is_tested_once(groups: list[str], folds: int, seed: int) -> None:
    split = group_folds(groups, folds=folds, seed=seed, kept_apart="patient")
    assert sorted(np.concatenate([fold.test for fold in split]).tolist()) == list(range(len(groups)))
    for fold in split:
        require_apart(fold, groups, "patient")
        assert len(fold.train) + len(fold.test) == len(groups)


@given(patients, st.integers(0, 5))
def test_the_order_of_samples_changes_nothing(groups: list[str], seed: int) -> None:
    def tested(labels: list[str]) -> list[set[str]]:
        return [{labels[row] for row in fold.test} for fold in group_folds(labels, folds=3, seed=seed)]

    assert tested(groups) == tested(groups[::-1])


def test_classes_are_spread_evenly() -> None:
    groups = np.arange(100)
    classes = groups < 20
    shares = [classes[fold.test].mean() for fold in group_folds(groups, folds=5, seed=1, classes=classes)]
    assert shares == pytest.approx([0.2] * 5)


def test_a_held_out_set_has_groups_on_both_sides() -> None:
    fold = holdout(["a", "a", "b"], share=0.01)
    assert len(set(np.array(["a", "a", "b"])[fold.test])) == 1
    with pytest.raises(AnalysisError, match="two groups"):
        holdout(["a", "a"])


def test_time_has_one_direction() -> None:
    fold = time_split([2010, 2015, 2020], since=2015)
    assert (fold.train.tolist(), fold.test.tolist()) == ([0], [1, 2])
    with pytest.raises(AnalysisError, match="have no time"):
        time_split([2010, np.nan], since=2015)
    with pytest.raises(AnalysisError, match="side of the split is empty"):
        time_split([2010], since=2000)


@pytest.mark.parametrize("unseen", list(Unseen))
def test_pairs_keep_apart_what_they_say(unseen: Unseen) -> None:
    drugs, lines = np.repeat(np.arange(12), 15), np.tile(np.arange(15), 12)
    for fold in pair_folds(drugs, lines, unseen=unseen, folds=3, seed=4, names=("drug", "cell line")):
        shared_drugs = np.intersect1d(drugs[fold.train], drugs[fold.test])
        shared_lines = np.intersect1d(lines[fold.train], lines[fold.test])
        assert (len(shared_drugs) == 0) == (unseen in {Unseen.FIRST, Unseen.BOTH})
        assert (len(shared_lines) == 0) == (unseen in {Unseen.SECOND, Unseen.BOTH})


def test_a_pair_that_was_measured_twice_stands_on_one_side() -> None:
    drugs, lines = np.repeat(np.arange(6), 2), np.zeros(12, int)
    for fold in pair_folds(drugs, lines, unseen=Unseen.PAIR, folds=3, names=("drug", "cell line")):
        require_apart(fold, drugs, "drug")
        assert not set(drugs[fold.train]) & set(drugs[fold.test])
        assert len(fold.train) + len(fold.test) == len(drugs)


def test_inner_folds_leave_the_test_set_alone() -> None:
    groups = np.repeat(np.arange(10), 3)
    fold = holdout(groups, share=0.3)
    for inner in inner_folds(fold, groups, folds=3):
        assert not np.isin(np.concatenate([inner.train, inner.test]), fold.test).any()
        require_apart(inner, groups, "patient")


def test_leakage_and_samples_without_a_group_are_refused() -> None:
    leaky = Fold(np.array([0, 1]), np.array([2]), "patient")
    with pytest.raises(AnalysisError, match=r"1 groups \(patient\).*: p1"):
        require_apart(leaky, ["p1", "p2", "p1"], "patient")
    with pytest.raises(AnalysisError, match="1 of 3 samples have no patient"):
        group_folds(["p1", "", "p2"], folds=2, kept_apart="patient")
    with pytest.raises(AnalysisError, match="there are 1"):
        group_folds(["p1", "p1"], folds=2)
