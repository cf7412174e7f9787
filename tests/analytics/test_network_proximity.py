"""The distance of drugs to diseases: by hand on a small graph, and against a search of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analytics.common.graph import CompressedGraph
from analytics.network_proximity.assessment import LEAST, assess, visits
from analytics.network_proximity.findings import metrics, ranked, z_scores
from analytics.network_proximity.model import Measured, Null, Proximity, in_network, scores
from tests.conftest import ROOT
from warehouse.errors import AnalysisError
from warehouse.results.evidence import Verdict

#: A path a-b-c-d-e with a loop at a, an edge said twice, and two nodes apart.
LEFT = np.array(["a", "b", "c", "d", "a", "b", "x"])
RIGHT = np.array(["b", "c", "d", "e", "a", "a", "y"])


def _path() -> tuple[np.ndarray, CompressedGraph]:
    return CompressedGraph.largest(LEFT, RIGHT)


def test_the_distance_of_a_drug_is_the_mean_of_its_targets() -> None:
    names, graph = _path()
    drugs, targets = np.array(["one", "one", "two"]), np.array(["b", "e", "d"])
    proximity = Proximity.of_names(names, graph, np.array(["a"]), drugs, targets, seed=1)
    assert proximity.observed().tolist() == [2.5, 3.0]


def _random_proximity(seed: int = 3) -> Proximity:
    random = np.random.default_rng(0)
    names, graph = CompressedGraph.largest(
        *np.array(list("abcdefghijklmnopqrstuvwxyz"))[random.integers(0, 26, (2, 60))]
    )
    drugs = np.sort(random.choice(["p", "q", "r"], 9))
    return Proximity.of_names(names, graph, names[:4], drugs, random.choice(names, 9), seed)


def test_random_sets_do_not_depend_on_interruptions(tmp_path: Path) -> None:
    proximity = _random_proximity()
    whole = proximity.null(120)
    proximity.null(70, tmp_path / "null.npz")
    kept = Null.load(tmp_path / "null.npz")
    assert kept is not None
    assert kept.drawn == 50
    resumed = proximity.null(120, tmp_path / "null.npz")
    for name in ("drawn", "total", "squares", "as_near"):
        assert np.array_equal(getattr(whole, name), getattr(resumed, name)), name
    assert not np.array_equal(whole.total, _random_proximity(seed=4).null(120).total)


def test_random_sets_have_the_degrees_of_the_given_ones() -> None:
    degrees = np.random.default_rng(1).permutation(np.repeat(np.arange(1, 11), 60))
    ends = np.repeat(np.arange(len(degrees)), degrees)
    graph = CompressedGraph(np.concatenate([[0], np.cumsum(degrees)]), ends)
    proximity = Proximity(graph, np.array([0]), np.array([0]), np.array([0, 1]), 0)
    nodes = np.arange(len(degrees))
    alike = proximity._alike(nodes, np.random.default_rng(2))
    assert np.abs(graph.degrees[alike] - graph.degrees[nodes]).max() <= 2
    assert len(np.unique(alike)) > len(nodes) / 3


def test_scores_of_a_null_by_hand() -> None:
    observed = np.array([1.0, 2.0])
    null = Null(4, np.array([8.0, 8.0]), np.array([20.0, 16.0]), np.array([0.0, 4.0]))
    z_score, p_value = scores(observed, null)
    assert z_score == pytest.approx([-1.0, 0.0])
    assert p_value == pytest.approx([0.2, 1.0])


def _planted(known: int) -> tuple[Proximity, np.ndarray]:
    """A ring of 400 genes with ten of the disease; the first drugs have their two targets beside one of these."""
    names = np.array([f"g{number:03}" for number in range(400)])
    ring = CompressedGraph.undirected(np.arange(400), (np.arange(400) + 1) % 400, 400)
    drugs = np.repeat([f"d{number:02}" for number in range(40)], 2)
    disease = np.arange(10) * 40
    middle = np.concatenate(
        [disease[:known] + 1, np.arange(40 - known) * 37 % 10 * 40 + 12 + np.arange(40 - known) % 15]
    )
    targets = names[np.stack([middle, middle + 1], axis=1).ravel()]
    return Proximity.of_names(names, ring, names[disease], drugs, targets, seed=2), np.arange(40) < known


def test_evidence_finds_planted_drugs_and_nothing_in_the_permuted_control() -> None:
    proximity, known = _planted(10)
    null = proximity.null(50)
    evidence = assess(proximity, null, scores(proximity.observed(), null)[0], known)
    assert evidence.measured is not None
    assert evidence.measured.model.value > 0.95
    # All drugs have two targets: their number says nothing.
    assert evidence.measured.naive.value == 0.5
    assert evidence.measured.classical.value > 0.95
    assert abs(evidence.measured.permuted.value - 0.5) < 0.15
    assert evidence.verdict is Verdict.NOT_CLASSICAL
    assert evidence == assess(proximity, null, scores(proximity.observed(), null)[0], known)


def test_evidence_of_too_few_known_drugs_is_not_a_number() -> None:
    proximity, known = _planted(LEAST - 1)
    null = proximity.null(20)
    evidence = assess(proximity, null, scores(proximity.observed(), null)[0], known)
    assert evidence.verdict is Verdict.UNMEASURED
    assert "4 of 40 tested drugs are known to treat" in evidence.reason


def test_a_random_walk_is_where_linear_algebra_says() -> None:
    graph = CompressedGraph.undirected(np.array([0, 1, 2]), np.array([1, 2, 3]), 4)
    proximity = Proximity(graph, np.array([0]), np.array([2]), np.array([0, 1]), seed=0)
    step = np.array([[0, 0.5, 0, 0], [1, 0, 0.5, 0], [0, 0.5, 0, 1], [0, 0, 0.5, 0]])
    share = np.linalg.solve(np.eye(4) - 0.7 * step, 0.3 * np.array([1.0, 0, 0, 0]))
    np.testing.assert_allclose(visits(proximity), share / [1, 2, 2, 1], atol=1e-7)


def _measured() -> Measured:
    """Drug p stands beside the gene a of the disease, q at the other end of the path; r has one target."""
    pairs = np.array([["p", "a"], ["p", "b"], ["q", "d"], ["q", "e"], ["r", "a"], ["r", "nowhere"]])
    return in_network((LEFT, RIGHT), np.array(["a", "x"]), pairs, 2, seed=1)


def test_drugs_and_genes_outside_the_network_are_left_out() -> None:
    measured = _measured()
    assert measured.drugs.tolist() == ["p", "q"]
    assert measured.disease.tolist() == ["a"]
    assert measured.proximity.observed().tolist() == [0.5, 3.5]


def test_a_network_without_the_genes_or_the_targets_is_refused() -> None:
    pairs = np.array([["p", "a"]])
    with pytest.raises(AnalysisError, match="The disease has no gene in the network; it has 1"):
        in_network((LEFT, RIGHT), np.array(["x"]), pairs, 1, seed=1)
    with pytest.raises(AnalysisError, match="No drug has 2 targets"):
        in_network((LEFT, RIGHT), np.array(["a"]), pairs, 2, seed=1)


@pytest.mark.parametrize(("known", "share"), [(["p"], 1.0), (["q"], 0.0), (["p", "q"], None), ([], None)])
def test_known_drugs_measure_the_ranking_where_some_and_not_all_are_tested(
    known: list[str], share: float | None
) -> None:
    measured = _measured()
    null = Null(100, np.array([200.0, 200.0]), np.array([500.0, 500.0]), np.array([0.0, 100.0]))
    tested = ranked("d", measured, null, 0.05)
    assert tested["subject"].to_list() == ["p", "q"]
    assert tested["rank"].to_list() == [1, 2]
    assert tested["significant"].to_list() == [True, False]
    assert z_scores(tested[::-1]).tolist() == sorted(tested["z_score"])
    assert measured.among(known).tolist() == ["p" in known, "q" in known]
    figures, remarks = metrics(tested, tested.head(1), measured, known)
    assert figures.get("auroc_of_known_drugs") == share
    assert bool(remarks) == (share is not None)
    assert (figures["genes"], figures["disease_genes"], figures["drugs_tested"]) == (5, 1, 2)


def test_the_module_that_reads_the_warehouse_is_short() -> None:
    """Every module that knows of runs or asks the warehouse; declared tables and evidence are beside it."""
    folder = ROOT / "analytics" / "network_proximity"
    knows = ("analytics.analysis", "warehouse.warehouse", "warehouse.analyst", "RunContext")
    binding = [path for path in folder.rglob("*.py") if any(one in path.read_text(encoding="utf-8") for one in knows)]
    assert [path.name for path in binding] == ["analysis.py"]
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in binding) <= 90
