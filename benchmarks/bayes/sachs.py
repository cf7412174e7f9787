"""Sachs et al. (2005): 11 proteins in 7,466 single cells under nine conditions, against the consensus network.

Six of the conditions set a measured protein: their cells drop out of that protein's own score. The peers take the same
11 columns; none of them knows of interventions. Ours is also shown without them, and with the conditions as roots of
tier 0. Nothing was chosen by looking at the consensus network.
"""

from __future__ import annotations

import gzip
import re

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.network import Network
from benchmarks.bayes._peers import Outcome, learn_apart, marks
from benchmarks.harness import DATA, Figure

#: The measured protein that each substance sets; `ly` inhibits one that is not measured, the other two stimulate cells.
TARGETS = {"aktinhib": "akt", "g0076": "pkc", "psitect": "pip2", "u0126": "mek", "pma": "pkc", "b2camp": "pka"}
PROTEINS, LIMIT_S = 11, 300.0
_FILE = "sachs.2005.continuous.discrete.experimental.mixed.maximum.2.txt.gz"


def run(small: bool) -> list[Figure]:
    """Directed and skeleton F1, distance, seconds of every learner."""
    names, values = _table()
    if small:
        values = values[:: len(values) // 400]
    proteins, conditions = values[:, :PROTEINS], values[:, PROTEINS:]
    true, figures = _consensus(names[:PROTEINS]), []
    intervened = np.zeros(proteins.shape, np.bool_)
    for condition, protein in TARGETS.items():
        intervened[:, names.index(protein)] |= conditions[:, names.index(condition) - PROTEINS] == 1
    tiers = np.array([1] * PROTEINS + [0] * conditions.shape[1])
    outcomes = {
        "ours": learn_apart("ours", LIMIT_S, values=proteins, intervened=intervened),
        "ours_observational": learn_apart("ours", LIMIT_S, values=proteins),
        "ours_conditions_as_roots": _proteins_of(learn_apart("ours", LIMIT_S, values=values, tiers=tiers)),
    }
    outcomes |= {peer: learn_apart(peer, LIMIT_S, values=proteins) for peer in ("boss", "pc", "pgmpy")}
    for name, outcome in outcomes.items():
        figures += _figures(name, outcome, true)
    return figures


def _figures(name: str, outcome: Outcome | None, true: Network) -> list[Figure]:
    if outcome is None:
        return [Figure(f"sachs_{name}_seconds_at_least", LIMIT_S, "s")]
    found = marks(outcome, true)
    return [
        Figure(f"sachs_{name}_directed_f1", found.directed_f1, ""),
        Figure(f"sachs_{name}_skeleton_f1", found.skeleton_f1, ""),
        Figure(f"sachs_{name}_distance", found.distance, "edges"),
        Figure(f"sachs_{name}_edges", len(outcome.edges) + len(outcome.undirected), ""),
        Figure(f"sachs_{name}_seconds", found.seconds, "s"),
    ]


def _proteins_of(outcome: Outcome | None) -> Outcome | None:
    """Without the edges that leave a condition."""
    if outcome is None:
        return None
    return Outcome(outcome.edges[(outcome.edges < PROTEINS).all(axis=1)], outcome.undirected, outcome.seconds)


def _table() -> tuple[list[str], NDArray[np.float64]]:
    with gzip.open(DATA / "bayes" / "sachs" / _FILE, "rt", encoding="utf-8") as file:
        names = file.readline().split()
        return names, np.loadtxt(file)


def _consensus(proteins: list[str]) -> Network:
    with gzip.open(DATA / "bayes" / "sachs" / "sachs.2005.ground.truth.graph.txt.gz", "rt", encoding="utf-8") as file:
        edges = re.findall(r"(\w+) --> (\w+)", file.read())
    return Network.of_names(proteins, edges)
