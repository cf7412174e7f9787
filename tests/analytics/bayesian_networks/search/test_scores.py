"""The scores: numbers of the specification, and how they hang together."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.bayesian_networks.curves.basis import BSplineBasis, demmler_reinsch
from analytics.bayesian_networks.search.scores import bnrc, bnrc_centred, choose_smoothing, linear_bic, sbic


@pytest.fixture(scope="module")
def sine() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    x = random.uniform(-2, 2, 120)
    y = np.sin(1.5 * x) + 0.3 * random.standard_normal(120)
    return x, y - y.mean()


@pytest.mark.parametrize(("beta", "expected"), [(1e-3, 100.507), (1e-2, 83.185), (1e-1, 84.950), (1.0, 133.891)])
def test_bnrc_of_one_parent(sine: tuple[np.ndarray, np.ndarray], beta: float, expected: float) -> None:
    x, y = sine
    splines = BSplineBasis(float(x.min()), float(x.max())).dense(x)
    assert bnrc(y, [splines], [beta]) == pytest.approx(expected, abs=1e-3)
    assert bnrc(y, [splines], [beta], structure_penalty=2.0) == pytest.approx(expected + 4, abs=1e-3)


def test_bnrc_without_parents(sine: tuple[np.ndarray, np.ndarray]) -> None:
    assert bnrc(sine[1], [], []) == pytest.approx(262.756, abs=1e-3)
    assert bnrc_centred(sine[1], [], [], []) == pytest.approx(262.756, abs=1e-3)


def test_bnrc_centred_is_near_the_classical_form(sine: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = sine
    bases = demmler_reinsch(x[:, None], 19)
    for beta, classical in ((1e-3, 100.507), (1e-2, 83.185), (1e-1, 84.950)):
        ours = bnrc_centred(y, [bases.values[0].T], [bases.penalties[0]], [120 * beta])
        assert ours == pytest.approx(classical, abs=1.5)


def test_smoothing_follows_the_curve(sine: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = sine
    bases = demmler_reinsch(x[:, None], 19)
    _, score, edf = choose_smoothing(y, bases.values[0].T, bases.penalties[0])
    assert 3 < edf < 6
    assert score < linear_bic(y, x[:, None])
    straight = x - x.mean() + 0.5 * np.random.default_rng(1).standard_normal(120)
    _, _, edf = choose_smoothing(straight - straight.mean(), bases.values[0].T, bases.penalties[0])
    assert edf == pytest.approx(1, abs=0.05)


def test_costs_grow_where_few_samples_are_left() -> None:
    """In large samples they are Schwarz's; with 20 samples and 8 coordinates each costs twice as much."""
    many, few = 10**6, 20
    assert sbic(many, many, 8.0) == pytest.approx(8 * np.log(many), rel=1e-4)
    assert sbic(few, few, 8.0) == pytest.approx(2 * 8 * np.log(few))


def test_ebic_adds_the_choice_among_variables() -> None:
    plain = sbic(10.0, 100, 3.0, parents=2, variables=50)
    assert sbic(10.0, 100, 3.0, parents=2, variables=50, gamma=0.5) == pytest.approx(plain + 2 * np.log(50) * 100 / 95)
