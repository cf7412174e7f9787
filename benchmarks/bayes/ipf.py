"""The proteome of lungs with idiopathic pulmonary fibrosis: the whole recipe, and whether its groups are real.

30 pieces of 10 lungs, three of each: little, more and much fibrosis (IPF1, IPF2, IPF3). IPF1 is compared with IPF3.

1. One command: read, learn, fit, compare, test, publish.
2. Separation, held out: a lung is set aside, network and curves are learned from the others without any label, the
   edges that differ most between their groups are taken, and the lung's pieces are scored by them. The control is the
   same with permuted labels: the labels of whole lungs are exchanged, and those of the pieces within a lung, so that
   pieces of one lung stay together.
3. The proteins of the group network against those that the authors found to change with fibrosis. These p-values come
   from the same samples: this says whether both see the same, not that either is right.
"""

from __future__ import annotations

import csv
import gzip
import json
import tempfile
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.curves.fit import fit
from analytics.bayesian_networks.data.dataset import Dataset, prepare
from analytics.bayesian_networks.data.tables import read_matrix, read_sample_table, shared_samples
from analytics.bayesian_networks.search.learn import learn
from analytics.bayesian_networks.search.options import LearningOptions
from analytics.common.counts import hypergeometric_tail
from benchmarks.harness import DATA, Figure, targetgraph

_GOAL_SECONDS = 120
_FOLDER = DATA / "ipf"
_MATRIX = _FOLDER / "IPF_normalized_log2.derived.csv.gz"
_SAMPLES = _FOLDER / "IPF_normalized_metadata.derived.csv"
_FIRST, _SECOND = "IPF1", "IPF3"
_TOP_PERCENT = 1.0


def run(small: bool) -> list[Figure]:
    """All three questions."""
    figures, nodes = _command(small)
    return [*figures, *_separation(small), *_against_differential_expression(nodes)]


def _command(small: bool) -> tuple[list[Figure], set[str]]:
    """Run the recipe in one command; the time is the whole process's."""
    with tempfile.TemporaryDirectory() as folder:
        home = ["--sample", "--home", f"{folder}/home"]
        targetgraph("build", *home)
        words = ["--matrix", str(_MATRIX), "--sample-table", str(_SAMPLES), "--groups", "disease_lvl"]
        words += ["--contrast", _FIRST, "--contrast", _SECOND]
        finished = targetgraph("analyze", "ecv", *words, *(["--variables", "200"] if small else []), *home)
        metrics = json.loads(targetgraph("sql", "SELECT metrics FROM runs", "--format", "json", *home).output)
        query = "SELECT parent, child FROM ecv_edges WHERE len(subnetworks) > 0"
        edges = json.loads(targetgraph("sql", query, "--format", "json", *home).output)
    figures = json.loads(metrics[0]["metrics"])
    told = [
        Figure("ipf_seconds", finished.seconds, "s", f"<= {_GOAL_SECONDS}"),
        Figure("ipf_peak_gb", finished.peak_gb, "GB"),
        Figure("ipf_edges", figures["edges"], "edges"),
        Figure("ipf_held_out_r2", figures["held_out_r2"], "share"),
        Figure("ipf_subnetwork_edges", len(edges), "edges"),
    ]
    return told, {edge[end] for edge in edges for end in ("parent", "child")}


@dataclass(frozen=True)
class _Fold:
    """One lung set aside: contributions of all edges in all pieces, by curves of the other lungs."""

    values: NDArray[np.float64]
    inside: NDArray[np.bool_]


def _separation(small: bool) -> list[Figure]:
    """Area under the ROC curve of the held-out scores, beside permuted labels."""
    dataset, levels, lungs = _data(200 if small else None)
    folds = [_fold(dataset, lungs == lung) for lung in np.unique(lungs)]
    proteins = [_Fold(dataset.values.T, lungs == lung) for lung in np.unique(lungs)]
    random = np.random.default_rng(0)
    permuted = [_permute(levels, lungs, random) for _ in range(50 if small else 1000)]
    told = []
    for name, kind in (("contributions", folds), ("proteins", proteins)):
        observed = _auroc(kind, levels)
        null = np.array([_auroc(kind, labels) for labels in permuted])
        p = (1 + (null >= observed - 1e-12).sum()) / (1 + len(null))
        low, high = np.quantile(null, [0.025, 0.975])
        told += [
            Figure(f"ipf_held_out_auroc_{name}", observed, "", None, "permuted labels, mean", float(null.mean())),
            Figure(f"ipf_permuted_auroc_{name}_lower", float(low), ""),
            Figure(f"ipf_permuted_auroc_{name}_upper", float(high), ""),
            Figure(f"ipf_permuted_p_{name}", float(p), "", "<= 0.05" if name == "contributions" else None),
        ]
    return told


def _data(most: int | None) -> tuple[Dataset, NDArray[np.str_], NDArray[np.str_]]:
    matrix = read_matrix(_MATRIX)
    matrix, table = shared_samples(matrix, read_sample_table(_SAMPLES, matrix.columns))
    level = table.column("disease_lvl")
    dataset = Dataset.of(matrix.values, matrix.columns, matrix.rows)
    if most is not None:
        dataset = dataset.with_variables(np.sort(np.argsort(-dataset.values.var(axis=0))[:most]))
    levels = np.array([level[sample] for sample in matrix.rows])
    return dataset, levels, np.array([sample.split("_")[0] for sample in matrix.rows])


def _fold(dataset: Dataset, inside: NDArray[np.bool_]) -> _Fold:
    prepared = prepare(dataset.with_samples(np.flatnonzero(~inside)))
    fitted = fit(prepared, learn(prepared, LearningOptions(seed=0)))
    place = {name: i for i, name in enumerate(dataset.variables)}
    columns = [place[name] for name in prepared.columns]
    values = fitted.contributions(fitted.standardise(dataset.values[:, columns]))
    return _Fold(np.asarray(values, np.float64), inside)


def _auroc(folds: list[_Fold], levels: NDArray[np.str_]) -> float:
    """Every piece of both groups is scored by the fold that did not see its lung; pairs of pieces are ranked."""
    score = np.zeros(len(levels))
    for fold in folds:
        groups = [np.flatnonzero((levels == level) & ~fold.inside) for level in (_FIRST, _SECOND)]
        means = [fold.values[:, rows].mean(axis=1) for rows in groups]
        difference = means[1] - means[0]
        count = max(1, int(np.ceil(len(difference) * _TOP_PERCENT / 100)))
        top = np.argsort(-np.abs(difference), kind="stable")[:count]
        # Along the difference, from the middle of both groups: above 0 is nearer to the second.
        middle = (means[0] + means[1])[top] / 2
        along = difference[top] / (difference[top] @ difference[top])
        score[fold.inside] = along @ (fold.values[np.ix_(top, fold.inside)] - middle[:, None])
    low, high = score[levels == _FIRST], score[levels == _SECOND]
    return float(((high[:, None] > low) + 0.5 * (high[:, None] == low)).mean())


def _permute(levels: NDArray[np.str_], lungs: NDArray[np.str_], random: np.random.Generator) -> NDArray[np.str_]:
    """Labels of whole lungs exchanged, and those of the pieces of each."""
    pieces = [np.flatnonzero(lungs == lung) for lung in np.unique(lungs)]
    labels = levels.copy()
    for rows, other in zip(pieces, random.permutation(len(pieces)), strict=True):
        labels[rows] = random.permutation(levels[pieces[other]])
    return labels


def _against_differential_expression(nodes: set[str]) -> list[Figure]:
    """How many proteins of the group network change with fibrosis by the authors' own test."""
    with gzip.open(_FOLDER / "IPF_statistics.derived.csv.gz", "rt", encoding="utf-8") as file:
        p = {row[""]: float(row["linear_p"]) for row in csv.DictReader(file)}
    changed = {name for name, value in p.items() if value <= 0.05}
    hits = len(nodes & changed)
    tail = hypergeometric_tail(hits, len(nodes), len(changed), len(p))
    return [
        Figure("ipf_nodes", len(nodes), "proteins"),
        Figure("ipf_nodes_that_change", hits / len(nodes), "share", None, "of all proteins", len(changed) / len(p)),
        Figure("ipf_nodes_that_change_p", float(tail[0] if np.ndim(tail) else tail), ""),
    ]
