"""Learning from samples in which variables were set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.bayesian_networks.assessment.metrics import directed_agreement
from analytics.bayesian_networks.assessment.simulate import simulate
from analytics.bayesian_networks.data.dataset import Dataset, prepare
from analytics.bayesian_networks.search.learn import learn
from analytics.bayesian_networks.search.options import LearningOptions
from warehouse.errors import AnalysisError


def chain(samples: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """a -> b, linear with normal noise: no direction in the data, but b was set in half of the samples."""
    generator = np.random.default_rng(seed)
    a = generator.normal(size=samples)
    b = a + 0.8 * generator.normal(size=samples)
    mask = np.zeros((samples, 2), np.bool_)
    mask[: samples // 2, 1] = True
    b[: samples // 2] = generator.normal(scale=1.3, size=samples // 2)
    return np.column_stack([a, b]), mask


@pytest.mark.parametrize("seed", range(5))
def test_experiments_give_edges_their_direction(seed: int) -> None:
    values, mask = chain(300, seed)
    prepared = prepare(Dataset.of(values, ["a", "b"]))
    options = LearningOptions(score="bic")
    assert learn(prepared, options, intervened=mask).edges() == (("a", "b"),)
    flipped = prepare(Dataset.of(values[:, ::-1], ["b", "a"]))
    assert learn(flipped, options, intervened=mask[:, ::-1].copy()).edges() == (("a", "b"),)


@pytest.mark.parametrize("candidates", [None, 8])
def test_a_mask_of_nothing_changes_nothing(candidates: int | None) -> None:
    prepared = prepare(simulate("nonlinear", 30, 200, seed=1).dataset())
    options = LearningOptions(candidates=candidates)
    mask = np.zeros(prepared.z.shape, np.bool_)
    assert learn(prepared, options, intervened=mask).edges() == learn(prepared, options).edges()


@pytest.mark.parametrize("candidates", [None, 10])
def test_knock_downs_of_every_variable_improve_directions(candidates: int | None) -> None:
    truth = simulate("linear", 20, 400, seed=5)
    assert truth.model is not None
    values, mask = truth.values, np.zeros((400, 20), np.bool_)
    for row in range(200):
        done = row % 20
        values[row] = truth.model.draw(1, seed=10_000 + row, do={done: -2.5})[0]
        mask[row, done] = True
    prepared = prepare(Dataset.of(values, truth.network.variables))
    options = LearningOptions(score="bic", edge_penalty=6.0, candidates=candidates)
    told = directed_agreement(learn(prepared, options, intervened=mask), truth.network)
    ignored = directed_agreement(learn(prepared, options), truth.network)
    assert told.f1 > 0.9
    assert told.f1 > ignored.f1


def test_masks_that_do_not_fit(tmp_path: Path) -> None:
    prepared = prepare(simulate("linear", 5, 30, seed=1).dataset())
    with pytest.raises(AnalysisError, match=r"The mask of what was set is \(30, 4\) bool; the data are 30 x 5"):
        learn(prepared, intervened=np.zeros((30, 4), np.bool_))
    mask = np.zeros((30, 5), np.bool_)
    mask[:25, 2] = True
    with pytest.raises(AnalysisError, match="x2 was set in all but 5 samples"):
        learn(prepared, intervened=mask)


def test_a_checkpoint_belongs_to_its_mask(tmp_path: Path) -> None:
    values, mask = chain(100, 1)
    prepared = prepare(Dataset.of(values, ["a", "b"]))
    options = LearningOptions(score="bic")
    network = learn(prepared, options, checkpoint=tmp_path / "run", intervened=mask)
    assert network.edges() == learn(prepared, options, intervened=mask).edges()
    assert not list(tmp_path.iterdir())
