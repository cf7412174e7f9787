"""Whole networks: right on simulated data, equal whatever the threads, resumed, refused where they must be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from analytics.bayesian_networks.assessment.metrics import directed_agreement, skeleton_agreement
from analytics.bayesian_networks.assessment.simulate import simulate
from analytics.bayesian_networks.data.dataset import Dataset, Prepared, prepare
from analytics.bayesian_networks.network import Network
from analytics.bayesian_networks.search import order_learning
from analytics.bayesian_networks.search.candidates import first_candidates
from analytics.bayesian_networks.search.checkpoints import Checkpoint
from analytics.bayesian_networks.search.ensemble import learn_ensemble
from analytics.bayesian_networks.search.first_screen import screen_candidates
from analytics.bayesian_networks.search.learn import learn
from analytics.bayesian_networks.search.memory import estimate_memory_bytes
from analytics.bayesian_networks.search.options import LearningOptions
from analytics.bayesian_networks.search.order_search import OrderSearch, link
from analytics.bayesian_networks.search.problem import all_pairs, material, problem_of
from warehouse.errors import AnalysisError


def prepared_of(setting: str, variables: int, samples: int, seed: int) -> tuple[Prepared, Network]:
    simulation = simulate(setting, variables, samples, seed=seed)
    return prepare(simulation.dataset()), simulation.network


@pytest.mark.parametrize(("setting", "floor"), [("nonlinear", 0.9), ("linear", 0.85), ("interactions", 0.8)])
def test_simulated_networks_are_found(setting: str, floor: float) -> None:
    prepared, true = prepared_of(setting, 40, 500, 11)
    found = learn(prepared)
    assert found.is_acyclic()
    assert directed_agreement(found, true).f1 >= floor


def test_a_choice_for_each_edge_loses_nothing_on_lines() -> None:
    prepared, true = prepared_of("linear", 40, 400, 12)
    chosen = skeleton_agreement(learn(prepared), true).f1
    lines = skeleton_agreement(learn(prepared, LearningOptions(functions="linear")), true).f1
    assert chosen >= lines - 0.03


@pytest.mark.parametrize("candidates", [None, 10])
def test_threads_do_not_change_the_network(candidates: int | None) -> None:
    prepared, _ = prepared_of("nonlinear", 80, 120, 13)
    one, three = (learn(prepared, LearningOptions(candidates=candidates, threads=count)) for count in (1, 3))
    assert one.edges() == three.edges()
    assert one.count > 40


def test_candidates_that_are_screened_lead_to_nearly_the_same_network() -> None:
    prepared, true = prepared_of("nonlinear", 120, 300, 14)
    found = learn(prepared, LearningOptions(candidates=20))
    assert directed_agreement(found, true).f1 >= 0.85


@pytest.mark.parametrize("score", ["sbic", "bnrc", "bic", "ebic"])
@pytest.mark.parametrize("functions", ["choose", "additive", "linear"])
def test_every_score_finds_a_chain(score: str, functions: str) -> None:
    random = np.random.default_rng(15)
    z = random.standard_normal((300, 3))
    z[:, 1] += z[:, 0] + z[:, 2]
    prepared = prepare(Dataset.of(z, ["a", "b", "c"]))
    options = LearningOptions(score=score, functions=functions, edge_penalty=5.0)  # type: ignore[arg-type]
    assert set(learn(prepared, options).edges()) == {("a", "b"), ("c", "b")}


def test_nothing_points_into_a_root_or_an_earlier_tier() -> None:
    random = np.random.default_rng(16)
    age = random.standard_normal(300)
    gene = age + 0.5 * random.standard_normal(300)
    outcome = gene + 0.5 * random.standard_normal(300)
    dataset = Dataset.of(
        np.column_stack([outcome, gene, age]), ["outcome", "gene", "age"], tiers={"age": 0, "outcome": 2}
    )
    assert set(learn(prepare(dataset)).edges()) == {("age", "gene"), ("gene", "outcome")}


def test_categories_move_together_and_are_no_parents_of_one_another() -> None:
    random = np.random.default_rng(17)
    stage = random.integers(0, 3, 400)
    gene = np.array([0.0, 2.0, -1.0])[stage] + 0.5 * random.standard_normal(400)
    dataset = Dataset.of(np.column_stack([stage, gene]), ["stage", "gene"], kinds={"stage": "categorical"})
    prepared = prepare(dataset)
    found = learn(prepared)
    assert found.count
    origins = {
        (int(prepared.origin[k]), int(prepared.origin[j])) for k, j in zip(found.parents, found.children, strict=True)
    }
    assert len(origins) == 1
    assert origins <= {(0, 1), (1, 0)}


def test_missing_values_and_binary_columns() -> None:
    random = np.random.default_rng(18)
    x = random.standard_normal((300, 3))
    x[:, 1] = x[:, 0] + 0.3 * x[:, 1]
    x[:, 2] = x[:, 2] > 0
    x[random.random((300, 3)) < 0.05] = np.nan
    dataset = Dataset.of(x, ["a", "b", "sex"], kinds={"sex": "binary"}, tiers={"sex": 0})
    assert {frozenset(edge) for edge in learn(prepare(dataset)).edges()} == {frozenset(("a", "b"))}


@pytest.mark.parametrize(("variables", "samples"), [(2, 30), (11, 8), (60, 20)])
def test_few_variables_and_few_samples(variables: int, samples: int) -> None:
    z = np.random.default_rng(19).standard_normal((samples, variables))
    found = learn(prepare(Dataset.of(z)))
    assert found.is_acyclic()
    assert found.count <= variables


def test_every_move_keeps_the_order_and_lowers_the_score() -> None:
    prepared, _ = prepared_of("nonlinear", 25, 200, 20)
    options = LearningOptions()
    source = material(prepared, options)
    data = source.columns

    def run(function: Callable[[int], None], tasks: Iterable[int]) -> None:
        for task in tasks:
            function(task)

    candidates = all_pairs(data)
    search = OrderSearch(
        problem_of(source, candidates, True, options, run), link(candidates, data.origin, data.tiers), data.tiers, run
    )
    order = search.start(search.random_order(np.random.default_rng(0)))
    moves = 0
    for unit in np.tile(np.arange(25, dtype=np.int32), 3):
        before = order.scores.sum()
        moved, change, _ = search._move(order, np.array([unit], np.int32))
        moves += moved
        assert sorted(order.units) == list(range(25))
        assert (order.units[order.place] == np.arange(25)).all()
        assert order.scores.sum() == pytest.approx(before + change, abs=1e-6)
        assert change <= 0
        edges = search.found(order).edges
        children = np.repeat(np.arange(25), np.diff(edges.starts))
        assert (order.place[edges.parents] < order.place[children]).all()
        again = search.start(order.units)
        assert (again.allowed == order.allowed).all()
        assert again.scores == pytest.approx(order.scores)
    assert moves > 5


# -- long runs -----------------------------------------------------------------------------------------------------


class _StopError(Exception):
    pass


def stopping(after: int) -> type[Checkpoint]:
    """A checkpoint at whose n-th writing the run is interrupted."""
    saved = []

    class Stopping(Checkpoint):
        def save(self, state, *, now=False) -> None:  # type: ignore[no-untyped-def]
            super().save(state, now=now)
            saved.append(now)
            if len(saved) == after:
                raise _StopError

    return Stopping


@pytest.mark.parametrize("candidates", [None, 12])
def test_an_interrupted_run_goes_on_to_the_same_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, candidates: int | None
) -> None:
    monkeypatch.setattr("analytics.bayesian_networks.search.checkpoints._AT_MOST_EVERY_S", 0.0)
    prepared, _ = prepared_of("nonlinear", 60, 100, 21)
    options = LearningOptions(candidates=candidates, restarts=15)
    whole = learn(prepared, options)
    path = tmp_path / "run.npz"
    for stop_after in (1, 2, 4, 3):
        with monkeypatch.context() as patched, pytest.raises(_StopError):
            patched.setattr(order_learning, "Checkpoint", stopping(stop_after))
            learn(prepared, options, checkpoint=path)
        assert [file.name for file in tmp_path.iterdir()] == ["run.npz"]
    assert learn(prepared, options, checkpoint=path).edges() == whole.edges()
    assert not path.exists()


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    prepared, _ = prepared_of("nonlinear", 10, 50, 22)
    path = tmp_path / "run.npz"
    Checkpoint(path, "another").save({}, now=True)
    with pytest.raises(AnalysisError, match="other data or with other options"):
        learn(prepared, checkpoint=path)
    path.write_text("nothing")
    with pytest.raises(AnalysisError, match="no checkpoint"):
        learn(prepared, checkpoint=path)


def test_what_does_not_fit_into_memory_is_refused_before_the_start() -> None:
    prepared, _ = prepared_of("nonlinear", 10, 50, 23)
    with pytest.raises(AnalysisError, match=r"10 variables from 50 samples takes about 0\.\d GB; 0\.0 GB may be used"):
        learn(prepared, LearningOptions(memory_gb=0.01))
    assert estimate_memory_bytes(500, 20_000, LearningOptions()) < 4e9
    assert estimate_memory_bytes(500, 200_000, LearningOptions()) > 20e9


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"score": "aic"}, "score is 'aic'"),
        ({"functions": "cubic"}, "functions is 'cubic'"),
        ({"coordinates": 0}, "coordinates is 0"),
        ({"candidates": 1000}, "candidates is 1000"),
        ({"edge_penalty": -1.0}, "edge_penalty is -1"),
    ],
)
def test_options_out_of_range(options: dict[str, object], message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        LearningOptions(**options)  # type: ignore[arg-type]


def test_too_few_samples() -> None:
    with pytest.raises(AnalysisError, match="There are 5 samples"):
        learn(prepare(Dataset.of(np.random.default_rng(0).standard_normal((5, 3)))))


# -- candidates ----------------------------------------------------------------------------------------------------


def test_the_screen_finds_parents_of_any_shape() -> None:
    random = np.random.default_rng(24)
    z = random.standard_normal((300, 80))
    z[:, 0] = z[:, 1] ** 2 + 0.5 * z[:, 0]
    found = screen_candidates(prepare(Dataset.of(z)), LearningOptions(candidates=5))
    assert found[0, 0] == 1
    assert 0 in found[1]


def test_candidates_respect_tiers_when_they_are_entered_the_other_way_round() -> None:
    screened = np.array([[1], [-1], [0]], np.int32)
    candidates = first_candidates(screened, np.array([1, 0, 1], np.int16), 3)
    assert candidates[0].tolist() == [1, 2, -1]
    assert candidates[1].tolist() == [-1, -1, -1]
    assert candidates[2].tolist() == [0, -1, -1]


# -- ensembles -----------------------------------------------------------------------------------------------------


def test_an_ensemble_is_equal_on_processes_and_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    prepared, true = prepared_of("nonlinear", 20, 200, 25)
    options = LearningOptions(restarts=3, threads=1)
    here = learn_ensemble(prepared, options, 4, seed=3, checkpoint=tmp_path)
    there = learn_ensemble(prepared, options, 4, seed=3, processes=2)
    assert [network.edges() for network in here.networks] == [network.edges() for network in there.networks]
    (tmp_path / "replicate-00002.npz").unlink()
    again = learn_ensemble(prepared, options, 6, seed=3, checkpoint=tmp_path)
    assert [network.edges() for network in again.networks[:4]] == [network.edges() for network in here.networks]
    assert here.networks[0].edges() != here.networks[1].edges()
    assert set(here.frequencies.frequency) <= {0.25, 0.5, 0.75, 1.0}
    sure = here.frequencies.with_frequency_at_least(0.75)
    assert directed_agreement(sure, true).f1 >= 0.7
    assert all(network.is_acyclic() for network in here.networks)


def test_an_ensemble_of_halves_and_a_rare_category() -> None:
    random = np.random.default_rng(26)
    x = random.standard_normal((40, 3))
    x[:, 2] = np.arange(40) == 7
    prepared = prepare(Dataset.of(x, kinds={"x2": "binary"}))
    ensemble = learn_ensemble(prepared, LearningOptions(restarts=0), 5, share=0.5)
    assert len(ensemble.networks) == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"replicates": 0}, "replicates is 0"), ({"share": 2.0}, "share is 2"), ({"processes": 0}, "processes is 0")],
)
def test_numbers_of_an_ensemble_out_of_range(arguments: dict[str, object], message: str) -> None:
    prepared, _ = prepared_of("nonlinear", 5, 30, 27)
    with pytest.raises(AnalysisError, match=message):
        learn_ensemble(prepared, **arguments)  # type: ignore[arg-type]
