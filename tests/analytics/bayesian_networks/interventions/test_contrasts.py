"""What single-target experiments say: slopes, evidence for directions, corrected simulations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from analytics.bayesian_networks.data.dataset import Dataset, Prepared, prepare
from analytics.bayesian_networks.interventions.contrasts import Mixture, contrasts_of, mixture_of
from analytics.bayesian_networks.interventions.prediction import predict_interventions
from analytics.bayesian_networks.interventions.simulation import Intervention, SimulationOptions, simulate_interventions
from analytics.bayesian_networks.network import Network
from analytics.bayesian_networks.search.learn import learn
from analytics.bayesian_networks.search.options import LearningOptions
from warehouse.errors import AnalysisError

NAMES = ("a", "b", "c", "d", "e", "f")


def chain(seed: int, untouched: int = 60, repeats: int = 2) -> tuple[Prepared, NDArray[np.bool_]]:
    """a -> b -> c beside three lone variables; each variable is knocked out `repeats` times."""
    random = np.random.default_rng(seed)
    rows = untouched + repeats * len(NAMES)
    mask = np.zeros((rows, len(NAMES)), np.bool_)
    for number in range(repeats * len(NAMES)):
        mask[untouched + number, number % len(NAMES)] = True
    noise = random.normal(size=mask.shape)
    values = noise.copy()
    values[:, 0] = np.where(mask[:, 0], -4, noise[:, 0])
    values[:, 1] = np.where(mask[:, 1], -4, values[:, 0] + 0.5 * noise[:, 1])
    values[:, 2] = np.where(mask[:, 2], -4, values[:, 1] + 0.5 * noise[:, 2])
    for lone in (3, 4, 5):
        values[mask[:, lone], lone] = -4
    return prepare(Dataset.of(values, NAMES)), mask


def test_the_slope_of_a_target_is_the_change_for_one_unit_of_it() -> None:
    prepared, mask = chain(1, repeats=8)
    found = contrasts_of(prepared, mask)
    assert found.targets.tolist() == [0, 1, 2, 3, 4, 5]
    in_units = found.slope * prepared.scale / prepared.scale[found.targets, None]
    assert in_units[0, 1] == pytest.approx(1, abs=0.25)
    assert in_units[0, 2] == pytest.approx(1, abs=0.25)
    assert abs(in_units[1, 0]) < 0.3
    assert (found.slope[range(6), range(6)] == 0).all()


def test_evidence_is_for_what_is_above_and_against_what_is_below() -> None:
    prepared, mask = chain(2)
    evidence = contrasts_of(prepared, mask).evidence()
    assert min(evidence[0, 1], evidence[0, 2], evidence[1, 2]) > 2
    assert max(evidence[1, 0], evidence[2, 0], evidence[2, 1], evidence[3, 0]) < 0
    assert (np.diag(evidence) == 0).all()


@pytest.mark.parametrize("method", ["order", "hill_climbing"])
def test_contrasts_direct_edges_that_association_leaves_open(method: str) -> None:
    """The straight chain has no direction in the data; experiments tell it, and add no shortcut from a to c."""
    prepared, mask = chain(3)
    options = LearningOptions(score="bic", method=method)  # type: ignore[arg-type]
    found = learn(prepared, options, intervened=mask, contrasts=contrasts_of(prepared, mask))
    assert found.edges() == (("a", "b"), ("b", "c"))


@settings(max_examples=25)
@given(share=st.floats(0.15, 0.6), excess=st.floats(10, 200), seed=st.integers(0, 1000))
def test_a_mixture_is_found_again(share: float, excess: float, seed: int) -> None:
    """Where there is something to find: few changes hardly larger than noise cannot be told from it."""
    random = np.random.default_rng(seed)
    moved = random.random(10_000) < share
    z = random.normal(size=10_000) * np.where(moved, np.sqrt(1 + excess), 1)
    found = mixture_of(z)
    assert found.share == pytest.approx(share, abs=0.1)
    assert found.excess == pytest.approx(excess, rel=0.5)
    assert (found.shrinkage(z) <= 1).all()
    assert (np.diff(found.log_bayes_factors(np.linspace(0, 9, 50))) > 0).all()


def test_nothing_but_noise_is_hardly_believed() -> None:
    z = np.random.default_rng(0).normal(size=5000)
    assert mixture_of(z).shrinkage(np.array([0.5, 2.0])).max() < 0.2
    assert Mixture(0.5, 1e6).shrinkage(np.array([50.0]))[0] == pytest.approx(1, abs=1e-5)


def test_support_needs_networks_and_experiments() -> None:
    """Of equally frequent edges the one that the knock-out shows comes first; what no network holds comes last."""
    prepared, mask = chain(7, repeats=8)
    frequency = np.zeros((6, 6))
    frequency[0, 1] = frequency[1, 0] = 0.8
    support = contrasts_of(prepared, mask).support(frequency)
    assert support[0, 1] == pytest.approx(0.8, abs=0.05)
    assert support[0, 1] > 2 * support[1, 0]
    assert support[1, 0] > support[0, 2] > support[3, 0] > 0


def test_predictions_are_corrected_by_what_was_measured() -> None:
    """A graph that lacks b -> c predicts nothing for c; the knock-outs of b tell it. Two targets are summed."""
    prepared, mask = chain(4, repeats=6)
    graph = Network.of_names(NAMES, [("a", "b")])
    contrasts = contrasts_of(prepared, mask)
    done = [Intervention("b", {"b": -4.0}), Intervention("both", {"b": -4.0, "d": -4.0})]
    options = SimulationOptions(negligible=0.0)
    simulated = simulate_interventions(prepared, [graph], done, options, intervened=mask).matrix()
    assert (simulated[:, 2] == 0).all()
    predicted = predict_interventions(prepared, [graph], done, contrasts, options, intervened=mask)
    assert predicted[:, 2] == pytest.approx([-4, -4], abs=1)
    assert predicted[1, 1] == simulated[1, 1]
    assert abs(predicted[:, 4]).max() < 0.7


def test_what_was_never_measured_is_simulated() -> None:
    prepared, mask = chain(5)
    mask[:, 1] = False
    graph, done = Network.of_names(NAMES, [("a", "b"), ("b", "c")]), [Intervention("b", {"b": -4.0})]
    predicted = predict_interventions(prepared, [graph], done, contrasts_of(prepared, mask))
    assert (predicted == simulate_interventions(prepared, [graph], done).matrix()).all()


def test_what_cannot_be_measured_is_refused() -> None:
    prepared, mask = chain(6)
    with pytest.raises(AnalysisError, match="exactly one variable was set"):
        contrasts_of(prepared, np.zeros_like(mask))
    with pytest.raises(AnalysisError, match="The mask of what was set is"):
        contrasts_of(prepared, mask[:5])
    with pytest.raises(AnalysisError, match="3 reference samples"):
        contrasts_of(prepared, mask, np.arange(3))
    other = contrasts_of(prepare(Dataset.of(np.asarray(prepared.z), [name.upper() for name in NAMES])), mask)
    with pytest.raises(AnalysisError, match="other columns"):
        learn(prepared, contrasts=other)
