"""DREAM4, 100 genes, networks 1 to 3: edges by their frequency over resampled networks, against the gold standard.

Data: 100 knock-outs, 210 rows of ten time series; each block standardised by gene, as the time series come. Rows of a
time series are taken as if they were independent, which they are not. A knocked-out gene's row leaves its own fit; the
knock-outs are evidence for edges, and edges are ranked by frequency times the probability that the knock-out moves the
child.
Settings are the defaults; none was chosen by looking at a gold standard.
"""

from __future__ import annotations

import gzip

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.assessment.metrics import Ranking, ranking
from analytics.bayesian_networks.data.dataset import Dataset, prepare
from analytics.bayesian_networks.interventions.contrasts import contrasts_of
from analytics.bayesian_networks.search.options import LearningOptions
from benchmarks.bayes._replicates import frequencies, resampled_networks
from benchmarks.harness import DATA, Figure

GENES = 100
REPLICATES = 20


def run(small: bool) -> list[Figure]:
    """AUROC and AUPR of directed edges beside correlation, the knock-outs' own z-scores and chance."""
    figures: list[Figure] = []
    for network in (1,) if small else (1, 2, 3):
        figures += _network(network, 2 if small else REPLICATES)
    return figures


def _network(number: int, replicates: int) -> list[Figure]:
    knock_outs, series, true = _load(number)
    values = np.vstack([_standardised(knock_outs), _standardised(series)])
    mask = np.zeros(values.shape, np.bool_)
    mask[:GENES] = np.eye(GENES, dtype=np.bool_)
    prepared = prepare(Dataset.of(values, [f"G{gene + 1}" for gene in range(GENES)]))
    contrasts = contrasts_of(prepared, mask, np.arange(GENES))
    options = LearningOptions(restarts=0)
    networks = resampled_networks(prepared, options, replicates, intervened=mask, contrasts=contrasts, seed=number)
    scores = {
        "learner": contrasts.support(frequencies(networks)),
        "learner_frequency": frequencies(networks),
        "correlation": np.abs(np.corrcoef(values.T)),
        "knock_out_z": np.abs(knock_outs - np.median(knock_outs, axis=0)) / knock_outs.std(axis=0),
    }
    found = {name: _ranked(score, true) for name, score in scores.items()}
    return _figures(f"dream4_{number}", found, float(true.sum() / (GENES * (GENES - 1))))


def _figures(name: str, found: dict[str, Ranking], share: float) -> list[Figure]:
    ours = found["learner"]
    figures = [
        Figure(f"{name}_aupr_chance", round(share, 4), ""),
        Figure(f"{name}_aupr_times_chance", round(ours.aupr / share, 2), "", ">= 1"),
    ]
    for peer in ("learner_frequency", "correlation", "knock_out_z"):
        beside = found[peer]
        figures += [
            Figure(f"{name}_auroc_beside_{peer}", round(ours.auroc, 4), "", None, peer, round(beside.auroc, 4)),
            Figure(f"{name}_aupr_beside_{peer}", round(ours.aupr, 4), "", None, peer, round(beside.aupr, 4)),
        ]
    return figures


def _ranked(scores: NDArray[np.float64], true: NDArray[np.bool_]) -> Ranking:
    possible = ~np.eye(GENES, dtype=np.bool_)
    return ranking(scores[possible], true[possible])


def _standardised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((values - values.mean(axis=0)) / values.std(axis=0))


def _load(number: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    folder = DATA / "bayes" / "dream4"
    tables = []
    for kind in ("knockout", "timeseries"):
        with gzip.open(folder / "size100" / f"insilico_size100_{number}_{kind}.csv.gz", "rt") as file:
            tables.append(np.loadtxt(file, delimiter=",", skiprows=1))
    true = np.zeros((GENES, GENES), np.bool_)
    gold = folder / "gold" / f"insilico_size100_{number}_goldstandard.tsv"
    for line in gold.read_text(encoding="utf-8").splitlines()[1:]:
        parent, child, there = line.split()
        true[int(parent[1:]) - 1, int(child[1:]) - 1] = there == "1"
    return tables[0], tables[1], true
