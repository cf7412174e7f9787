"""Labels, metrics and baselines of simulated interventions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from analytics.bayesian_networks.assessment.baselines import by_correlation, by_slopes, shuffled
from analytics.bayesian_networks.assessment.evaluation import (
    Labels,
    assess,
    assess_by_distance,
    cross_fitted,
    direct,
    matched,
)
from analytics.bayesian_networks.assessment.simulate import simulate
from analytics.bayesian_networks.curves.fit import FitOptions
from analytics.bayesian_networks.data.dataset import Dataset, Prepared, prepare
from analytics.bayesian_networks.interventions.simulation import (
    Intervention,
    SimulationOptions,
    knock_downs,
    simulate_interventions,
)
from analytics.bayesian_networks.network import Network
from warehouse.errors import AnalysisError


def labels_of(sign: list[list[int]]) -> Labels:
    signs = np.array(sign, np.int8)
    names = tuple(f"kd{number}" for number in range(len(signs)))
    return Labels("direct", names, signs, np.ones(signs.shape, bool), signs.astype(float), np.zeros(signs.shape))


@pytest.fixture(scope="module")
def experiment() -> tuple[Prepared, list[Intervention], dict[str, list[int]], list[int]]:
    """b rises with a, c falls; 20 controls, three knock-downs of a, one of d, which does nothing."""
    generator = np.random.default_rng(4)
    a = np.concatenate([generator.normal(size=20), np.full(3, -3.0), generator.normal(size=1)])
    d = np.concatenate([generator.normal(size=23), [-3.0]])
    b = a + 0.3 * generator.normal(size=24)
    c = -a + 0.3 * generator.normal(size=24)
    prepared = prepare(Dataset.of(np.column_stack([a, b, c, d]), list("abcd")))
    done = [Intervention("siA", {"a": -3.0}), Intervention("siD", {"d": -3.0})]
    return prepared, done, {"siA": [20, 21, 22], "siD": [23]}, list(range(20))


def test_direct_contrasts_average_replicates(
    experiment: tuple[Prepared, list[Intervention], dict[str, list[int]], list[int]],
) -> None:
    prepared, done, samples, controls = experiment
    labels = direct(prepared, done, samples, controls)
    values = prepared.dataset.values
    assert labels.contrast[0, 1] == pytest.approx(values[20:23, 1].mean() - values[:20, 1].mean())
    assert labels.sign[0].tolist()[:3] == [0, -1, 1]
    assert not labels.known[0, 0]
    assert not labels.known[1, 3]
    # Three replicates of a strong knock-down are sure; one array of nothing is not.
    assert labels.wrong[0, 1] < 0.001
    assert labels.wrong[1, 1] > labels.wrong[0, 1]
    assert 0 <= labels.noise < 0.5


def test_the_noise_of_labels_is_near_the_share_that_is_wrong() -> None:
    generator = np.random.default_rng(7)
    effect = generator.choice([-1.0, -0.5, 0.5, 1.0], size=(60, 40))
    controls = generator.normal(size=(100, 40))
    treated = effect + generator.normal(size=(60, 40))
    prepared = prepare(Dataset.of(np.vstack([controls, treated]), [f"g{number}" for number in range(40)]))
    done = [Intervention(f"kd{number}", {"g0": -1.0}) for number in range(60)]
    labels = direct(prepared, done, {f"kd{number}": [100 + number] for number in range(60)}, range(100))
    clear = labels.sign != 0
    wrong = (labels.sign[clear] != np.sign(effect[clear])).mean()
    # Estimated from sizes alone it takes every size for possible: near, and the right order of magnitude.
    assert labels.noise == pytest.approx(wrong, abs=0.06)


def test_labels_that_cannot_be_made(
    experiment: tuple[Prepared, list[Intervention], dict[str, list[int]], list[int]],
) -> None:
    prepared, done, samples, controls = experiment
    with pytest.raises(AnalysisError, match="No samples of siD"):
        direct(prepared, done, {"siA": [20]}, controls)
    with pytest.raises(AnalysisError, match="No samples of controls"):
        direct(prepared, done, samples, [])
    with pytest.raises(AnalysisError, match="1 samples are controls and interventions at once, the first: row 20"):
        direct(prepared, done, samples, [*controls, 20])
    with pytest.raises(AnalysisError, match="20 held-out samples; matching 10 needs at least 30"):
        matched(prepared, done, np.arange(20))
    with pytest.raises(AnalysisError, match="several are set in both"):
        matched(prepared, [Intervention("both", {"a": 0.0, "d": 0.0})], np.arange(20), low=5)
    single = direct(prepared, done[:1], {"siA": [20]}, [0])
    assert np.isnan(single.noise)


def test_matched_labels_follow_the_trend_in_the_given_rows() -> None:
    generator = np.random.default_rng(1)
    a = generator.normal(size=200)
    b = a + 0.3 * generator.normal(size=200)
    b[100:] = -a[100:]
    prepared = prepare(Dataset.of(np.column_stack([a, b]), ["a", "b"]))
    low = knock_downs(prepared, ["a"])
    assert matched(prepared, low, np.arange(100)).sign.tolist() == [[0, -1]]
    assert matched(prepared, low, np.arange(100, 200)).sign.tolist() == [[0, 1]]


def test_metrics_by_hand() -> None:
    labels = labels_of([[1, 1, -1, 0], [1, -1, -1, 0]])
    predicted = np.array([[2.0, -0.1, -1.0, 5.0], [0.0, -3.0, 1.0, 5.0]])
    found = assess(predicted, labels)
    assert (found.up, found.down) == (3, 3)
    assert found.up_accuracy.value == pytest.approx(1 / 3)
    assert found.down_accuracy.value == pytest.approx(2 / 3)
    assert found.balanced_accuracy.value == pytest.approx(0.5)
    # Pairs up > down: 2 > all three, -0.1 > -1 and -3, 0 > -1 and -3: 7 of 9.
    assert found.auroc.value == pytest.approx(7 / 9)
    assert found.up_accuracy.low <= found.up_accuracy.value <= found.up_accuracy.high


def test_nothing_to_measure_is_not_a_number() -> None:
    found = assess(np.ones((2, 2)), labels_of([[0, 0], [1, 0]]))
    assert found.up_accuracy.value == 1
    assert np.isnan([found.down_accuracy.value, found.balanced_accuracy.value, found.auroc.value]).all()
    with pytest.raises(AnalysisError, match="do not fit labels"):
        assess(np.ones((2, 3)), labels_of([[1, 1], [1, 1]]))


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32), rows=st.integers(1, 6), columns=st.integers(1, 8))
def test_metrics_stay_in_range_and_follow_the_sign(seed: int, rows: int, columns: int) -> None:
    generator = np.random.default_rng(seed)
    labels = labels_of(generator.integers(-1, 2, (rows, columns)).tolist())
    predicted = generator.normal(size=(rows, columns))
    found = assess(predicted, labels, resamples=20)
    turned = assess(-predicted, labels, resamples=20)
    for name in ("up_accuracy", "down_accuracy", "balanced_accuracy", "auroc"):
        value = getattr(found, name).value
        assert np.isnan(value) or 0 <= value <= 1
        if not np.isnan(value):
            assert getattr(turned, name).value == pytest.approx(1 - value)


def test_a_perfect_model_by_distance() -> None:
    truth = simulate("nonlinear", 40, 800, seed=3)
    assert truth.model is not None
    prepared = prepare(truth.dataset())
    done = knock_downs(prepared)
    effects = simulate_interventions(prepared, [truth.network], done)
    levels = {number: next(iter(one.values.values())) for number, one in enumerate(done)}
    true = truth.model.total_effects(levels, samples=4000)
    signs = np.where(np.abs(true) > 0.3, np.sign(true), 0).astype(int)
    np.fill_diagonal(signs, 0)
    by_distance = assess_by_distance(effects, labels_of(signs.tolist()), resamples=50)
    assert set(by_distance) == {"1", "2", "3", "1-3"}
    assert by_distance["1"].balanced_accuracy.value > 0.97
    assert by_distance["1-3"].auroc.value > 0.97
    assert by_distance["1-3"].up == sum(by_distance[level].up for level in "123")


def test_cross_fitting_never_shows_a_model_the_rows_of_its_labels() -> None:
    truth = simulate("linear", 12, 150, seed=2)
    prepared = prepare(truth.dataset())
    done = knock_downs(prepared)
    seen: list[set[float]] = []

    def predict(training: Prepared) -> NDArray[np.float64]:
        seen.append(set((training.z[:, 0] * training.scale[0] + training.mean[0]).round(9).tolist()))
        return simulate_interventions(training, [truth.network], done).matrix()

    results = cross_fitted(prepared, done, predict, folds=3, low=5)
    assert [len(rows) for rows in seen] == [100, 100, 100]
    everything = set(prepared.dataset.values[:, 0].round(9).tolist())
    left_out = [everything - rows for rows in seen]
    assert set().union(*left_out) == everything
    assert sum(map(len, left_out)) == 150
    predicted = np.vstack([one for one, _labels in results])
    signs = np.vstack([labels.sign for _predicted, labels in results])
    reached = (predicted != 0) & (signs != 0)
    assert (np.sign(predicted[reached]) == signs[reached]).mean() > 0.8
    with pytest.raises(AnalysisError, match="at least two folds"):
        cross_fitted(prepared, done, predict, folds=1)


def test_correlation_as_a_prediction() -> None:
    generator = np.random.default_rng(1)
    a = generator.normal(size=300)
    values = np.column_stack([a, 2 * a + 0.1 * generator.normal(size=300), -a + generator.normal(size=300)])
    prepared = prepare(Dataset.of(values, list("abc")))
    done = [Intervention("a", {"a": prepared.mean[0] - 2 * prepared.scale[0]}), Intervention("both", {"a": 0, "b": 0})]
    predicted = by_correlation(prepared, done)
    correlation = np.asarray(np.corrcoef(values.T))
    assert predicted[0].tolist() == pytest.approx([0, -2 * correlation[0, 1], -2 * correlation[0, 2]])
    assert predicted[1, :2].tolist() == [0, 0]


def test_slopes_multiply_along_paths() -> None:
    truth = simulate("linear", 15, 3000, seed=6)
    prepared = prepare(truth.dataset())
    done = knock_downs(prepared)
    straight = FitOptions(coordinates=1, extrapolation="linear")
    predicted = by_slopes(prepared, [truth.network], done, straight, levels=15)
    setting = SimulationOptions(particles=3000, negligible=0, fit=straight)
    effects = simulate_interventions(prepared, [truth.network], done, setting).matrix() / prepared.scale
    np.testing.assert_allclose(predicted, effects, atol=1e-6)
    assert np.abs(by_slopes(prepared, [truth.network], done, straight, levels=1)).sum() < np.abs(predicted).sum()


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32), count=st.integers(2, 30))
def test_shuffled_networks_keep_every_degree(seed: int, count: int) -> None:
    network = simulate("linear", count, 5, seed=seed).network
    random = shuffled(network, seed)
    assert random.is_acyclic()
    assert np.array_equal(np.bincount(random.parents, minlength=count), np.bincount(network.parents, minlength=count))
    assert np.array_equal(random.parent_starts, network.parent_starts)


def test_shuffling_changes_most_edges() -> None:
    network = simulate("linear", 200, 5, seed=1).network
    shared = set(network.edges()) & set(shuffled(network, 2).edges())
    assert len(shared) < 0.2 * network.count


def test_a_network_without_edges_predicts_nothing() -> None:
    prepared = prepare(Dataset.of(np.random.default_rng(0).normal(size=(30, 3))))
    empty = Network.of_names(prepared.columns, [])
    assert not by_slopes(prepared, [empty], knock_downs(prepared)).any()
    assert shuffled(empty).count == 0
    assert not simulate_interventions(prepared, [empty], knock_downs(prepared)).matrix().any()
