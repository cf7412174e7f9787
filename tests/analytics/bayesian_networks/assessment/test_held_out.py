"""The held-out likelihood of networks: by hand, on planted data, and without anything to find."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from analytics.bayesian_networks.assessment.held_out import LEAST, assess, learn_or_take
from analytics.bayesian_networks.curves.fit import FitOptions
from analytics.bayesian_networks.data.cohort import Cohort
from analytics.bayesian_networks.data.dataset import Dataset, Prepared, prepare
from analytics.bayesian_networks.data.groups import Groups
from analytics.bayesian_networks.network import Network
from analytics.bayesian_networks.search.options import LearningOptions
from analytics.common.splits import holdout
from warehouse.results.evidence import Evidence, Verdict

NAMES = tuple("abcdef")
LEARN = partial(learn_or_take, None, LearningOptions(threads=1))


def _prepared(samples: int, *, planted: bool) -> Prepared:
    """Six variables; where it is planted, a curve from a to b, from c to d, and a line from b to e."""
    random = np.random.default_rng(5)
    x = random.normal(size=(samples, 6))
    if planted:
        x[:, 1] = np.sin(2 * x[:, 0]) + 0.4 * x[:, 1]
        x[:, 3] = x[:, 2] ** 2 + 0.4 * x[:, 3]
        x[:, 4] = 1.5 * x[:, 1] + 0.5 * x[:, 4]
    return prepare(Dataset.of(x, NAMES))


def _assessed(prepared: Prepared) -> Evidence:
    return assess(prepared, prepared.dataset.samples, LEARN, FitOptions(), seed=1)


def test_a_planted_network_is_better_than_both_baselines_and_its_control_is_not() -> None:
    evidence = _assessed(_prepared(240, planted=True))
    measured = evidence.measured
    assert measured is not None
    assert evidence.verdict is Verdict.BETTER
    assert measured.naive.value == 0.0
    # The curves of a to b and of c to d are no straight lines: the normal density misses most of them.
    assert measured.over_classical.value > 0.1
    assert measured.permuted.value < 0.02
    assert measured.tested == "60 held-out of 240 samples (240 kept apart), 6 of 6 variables"
    assert _assessed(_prepared(240, planted=True)) == evidence


def test_noise_is_no_better_than_the_naive_baseline() -> None:
    evidence = _assessed(_prepared(160, planted=False))
    assert evidence.verdict is Verdict.NOT_NAIVE
    assert evidence.measured is not None
    assert evidence.measured.model.value < 0.02


def test_few_samples_or_patients_are_not_measured() -> None:
    assert f"a held-out part needs {LEAST}" in _assessed(_prepared(LEAST - 1, planted=True)).reason
    prepared = _prepared(80, planted=True)
    patients = [f"p{row // 4}" for row in range(80)]
    evidence = assess(prepared, patients, LEARN, FitOptions())
    assert evidence.verdict is Verdict.UNMEASURED
    assert evidence.reason.startswith("There are 20 patients")


def test_a_network_with_cycles_has_no_likelihood() -> None:
    prepared = _prepared(80, planted=True)
    cycle = Network.of_names(NAMES, [("a", "b"), ("b", "a")])
    learn = partial(learn_or_take, cycle, LearningOptions())
    assert "cycles" in assess(prepared, prepared.dataset.samples, learn, FitOptions()).reason


def test_the_figures_are_those_of_the_densities() -> None:
    prepared = _prepared(120, planted=True)
    given = Network.of_names(NAMES, [("b", "e")])
    learn = partial(learn_or_take, given, LearningOptions())
    evidence = assess(prepared, prepared.dataset.samples, learn, FitOptions(coordinates=1), seed=4)
    assert evidence.measured is not None
    fold = holdout(np.array(prepared.dataset.samples), share=0.25, seed=4)
    train, test = prepared.z[fold.train], prepared.z[fold.test]
    train, test = (train - train.mean(0)) / train.std(0), (test - train.mean(0)) / train.std(0)
    slope = train[:, 1] @ train[:, 4] / len(train)
    sigma = np.std(train[:, 4] - slope * train[:, 1])
    expected = norm.logpdf(test[:, 4], slope * test[:, 1], sigma) - norm.logpdf(test[:, 4])
    assert evidence.measured.model.value == pytest.approx(expected.mean() / 6, abs=0.01)
    from sklearn.covariance import ledoit_wolf

    covariance, _shrinkage = ledoit_wolf(train, assume_centered=True)
    density = multivariate_normal(cov=covariance).logpdf(test) - norm.logpdf(test).sum(axis=1)
    assert evidence.measured.classical.value == pytest.approx(density.mean() / 6)


def test_what_must_not_be_divided() -> None:
    dataset = Dataset.of(np.arange(8.0).reshape(4, 2), ("a", "b"))
    strata = dict(zip(dataset.samples, ("x", "x", "y", "y"), strict=True))
    groups = Groups.of({"A": dataset.samples[::2], "B": dataset.samples[1::2]}, dataset.samples, strata)
    one = Cohort(dataset, {}, groups, (), ())
    assert len(set(one.apart)) == 2
    assert one.apart[0] == one.apart[1]
    assert Cohort(dataset, {}, None, (), ()).apart == list(dataset.samples)
    patients = {dataset.samples[0]: "p", dataset.samples[3]: "p"}
    assert Cohort(dataset, {}, groups, (), (), patients).apart == ["p", dataset.samples[1], dataset.samples[2], "p"]
