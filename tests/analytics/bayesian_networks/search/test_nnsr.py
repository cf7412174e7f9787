from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analytics.bayesian_networks.assessment import metrics
from analytics.bayesian_networks.assessment.simulate import simulate
from analytics.bayesian_networks.data.dataset import Prepared, prepare
from analytics.bayesian_networks.search.hill_climbing import learn_hill_climbing
from analytics.bayesian_networks.search.nnsr import Compiled, NnsrOptions, learn_nnsr, nnsr
from analytics.bayesian_networks.search.options import LearningOptions
from warehouse.errors import AnalysisError
from warehouse.progress import SILENT

SAMPLING = NnsrOptions(size=20, iterations=150, fewest_together=5)


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return prepare(simulate("nonlinear", 60, 300, seed=1).dataset())


def _run(prepared: Prepared, *, threads: int = 1, seed: int = 0, **choices: Any) -> Compiled:
    return nnsr(prepared, LearningOptions(threads=threads, seed=seed), sampling=SAMPLING, **choices)


def _same(first: Compiled, second: Compiled) -> bool:
    same_edges = first.network.edges() == second.network.edges()
    return same_edges and np.array_equal(first.network.frequency, second.network.frequency)


def test_threads_do_not_change_the_result_but_seeds_do(prepared: Prepared) -> None:
    alone = _run(prepared)
    assert _same(alone, _run(prepared, threads=2))
    assert not _same(alone, _run(prepared, seed=1))


def test_frequencies_are_shares_and_every_variable_is_sampled(prepared: Prepared) -> None:
    compiled = _run(prepared)
    assert compiled.network.frequency.min() >= SAMPLING.threshold
    assert compiled.network.frequency.max() <= 1
    assert compiled.selected.min() >= 150 * 20 / 60 / 2
    assert compiled.selected.sum() == 20 * compiled.iterations
    assert len(compiled.changes) == -(-compiled.iterations // 50)


def test_frequent_edges_are_those_of_one_climb_over_all_variables(prepared: Prepared) -> None:
    frequent = _run(prepared).network.with_frequency_at_least(0.5)
    assert metrics.jaccard(frequent, learn_hill_climbing(prepared)) > 0.6
    assert learn_nnsr(prepared, LearningOptions(), sampling=SAMPLING).count > 30


class _InterruptedError(Exception):
    pass


class _Interrupting:
    """Progress that stops the work when small networks are done for the second time."""

    def task(self, name: str, total: float | None = None, unit: str = "steps") -> Any:
        return self if name == "Small networks" else SILENT.task(name, total, unit)

    def __enter__(self) -> "_Interrupting":
        self._left = 3
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def advance(self, amount: float = 1) -> None:
        self._left -= 1
        if self._left == 0:
            raise _InterruptedError

    def describe(self, text: str) -> None:
        pass


def test_an_interrupted_run_goes_on_to_the_same_result(prepared: Prepared, tmp_path: Path) -> None:
    checkpoint = tmp_path / "runs" / "nnsr.npz"
    with pytest.raises(_InterruptedError):
        nnsr(prepared, LearningOptions(threads=1), _Interrupting(), checkpoint, sampling=SAMPLING)
    assert checkpoint.exists()
    with pytest.raises(AnalysisError, match="other data or with other options"):
        nnsr(prepared, LearningOptions(seed=3), checkpoint=checkpoint, sampling=SAMPLING)
    assert _same(_run(prepared, checkpoint=checkpoint), _run(prepared))
    assert not checkpoint.exists()


def test_it_ends_when_the_edges_no_longer_change() -> None:
    prepared = prepare(simulate("nonlinear", 12, 400, seed=2).dataset())
    compiled = nnsr(prepared, sampling=NnsrOptions(size=12, iterations=1000, fewest_together=5))
    assert compiled.settled
    assert compiled.iterations < 1000
    assert compiled.changes[-1] < 0.005


@pytest.mark.parametrize(
    ("choice", "message"), [({"threshold": 2.0}, "threshold is 2.0; it is a share"), ({"size": 1}, "at least 2")]
)
def test_impossible_choices_are_refused(choice: dict[str, Any], message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        NnsrOptions(**choice)
