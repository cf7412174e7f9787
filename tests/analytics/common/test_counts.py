"""Tails, corrections and intervals, against exact fractions and the reference library."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.common.counts import (
    benjamini_hochberg,
    bonferroni,
    holm,
    hypergeometric_tail,
    wilson_interval,
)


@st.composite
def counts(draw: st.DrawFn) -> tuple[int, int, int, int]:
    total = draw(st.integers(1, 400))
    return draw(st.integers(0, total + 1)), draw(st.integers(0, total)), draw(st.integers(0, total)), total


@settings(max_examples=150)
@given(counts())
def test_the_tail_is_exact(given_counts: tuple[int, int, int, int]) -> None:
    k, n, m, total = given_counts
    ways = sum(comb(m, i) * comb(total - m, n - i) for i in range(k, min(n, m) + 1) if n - i <= total - m)
    expected = float(Fraction(ways, comb(total, n)))
    assert float(hypergeometric_tail(k, n, m, total)) == pytest.approx(expected, rel=1e-12, abs=1e-300)


def test_the_tail_agrees_with_scipy_at_the_size_of_a_genome() -> None:
    stats = pytest.importorskip("scipy.stats", reason="the extra `analytics` is not installed")
    rng = np.random.default_rng(3)
    marked, drawn = rng.integers(1, 2000, 3000), rng.integers(1, 2000, 3000)
    hits = np.minimum(rng.poisson(marked * drawn / 20_000 + 3), np.minimum(marked, drawn))
    ours = hypergeometric_tail(hits, drawn, marked, 20_000)
    assert np.abs(ours - stats.hypergeom.sf(hits - 1, 20_000, marked, drawn)).max() < 1e-12


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="no more are drawn"):
        hypergeometric_tail(1, 11, 2, 10)


def test_corrections_on_a_worked_example() -> None:
    p = [0.01, 0.04, 0.03, 0.005]
    assert benjamini_hochberg(p) == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert holm(p) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert bonferroni(p) == pytest.approx([0.04, 0.16, 0.12, 0.02])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_corrections_are_ordered_and_bounded(p: list[float]) -> None:
    fdr, family, strict = benjamini_hochberg(p), holm(p), bonferroni(p)
    assert (np.asarray(p) <= fdr + 1e-15).all()
    assert (fdr <= family + 1e-15).all()
    assert (family <= strict + 1e-15).all()
    assert strict.max() <= 1


def test_no_p_values_give_none() -> None:
    assert benjamini_hochberg([]).size == holm([]).size == bonferroni([]).size == 0


def test_wilson_interval_on_a_worked_example() -> None:
    lower, upper = wilson_interval(4, 10)
    assert (float(lower), float(upper)) == pytest.approx((0.16818, 0.68733), abs=1e-5)
