"""Published discrete networks: data drawn from them, and how near learners come, beside pgmpy's hill climbing.

5,000 rows of each network; both learners minimise BIC, on one thread. Sparse tables hide many true edges from BIC at
this number of rows, so that no learner can reach a distance of 0 on the larger networks.
"""

from __future__ import annotations

import numpy as np

from analytics.bayesian_networks.assessment import metrics
from analytics.bayesian_networks.interchange.bif import read_bif
from analytics.bayesian_networks.network import Network
from benchmarks.bayes._peers import Outcome, learn_apart
from benchmarks.harness import DATA, Figure

#: From small to large.
NETWORKS = (
    "asia",
    "sachs",
    "child",
    "insurance",
    "water",
    "alarm",
    "hailfinder",
    "hepar2",
    "win95pts",
    "andes",
    "pigs",
)
ROWS, SEED = 5000, 1
OURS_LIMIT_S, PEER_LIMIT_S = 600.0, 180.0
#: After so many networks on which it did not end, the peer is not asked for larger ones.
_LOSSES = 2


def run(small: bool) -> list[Figure]:
    """Structural Hamming distances, of graphs and of their equivalence classes, and seconds."""
    figures, losses = [], 0
    for name in ("asia",) if small else NETWORKS:
        network = read_bif(DATA / "bayes" / "bif" / f"{name}.bif.gz")
        rows = network.sample(500 if small else ROWS, seed=SEED).astype(np.float64)
        seen = np.flatnonzero(rows.min(axis=0) < rows.max(axis=0))
        true = network.structure().subgraph(seen.tolist())
        given = {"values": rows[:, seen], "discrete": True}
        ours = learn_apart("ours_discrete", OURS_LIMIT_S, **given)
        peer = learn_apart("pgmpy", PEER_LIMIT_S, **given) if losses < _LOSSES else None
        losses += peer is None
        figures += _figures(f"bif_{name}", true, ours, peer)
    return figures


def _figures(prefix: str, true: Network, ours: Outcome | None, peer: Outcome | None) -> list[Figure]:
    figures = [Figure(f"{prefix}_edges", true.count, "")]
    if ours is None:
        return [*figures, Figure(f"{prefix}_seconds_at_least", OURS_LIMIT_S, "s")]
    found, other = ours.network(true), None if peer is None else peer.network(true)
    for what, measure in (
        ("distance", metrics.structural_hamming_distance),
        ("class_distance", metrics.equivalence_class_distance),
    ):
        beside = None if other is None else float(measure(other, true))
        figures.append(Figure(f"{prefix}_{what}", measure(found, true), "edges", None, "pgmpy", beside))
    skeleton = None if other is None else metrics.skeleton_agreement(other, true).f1
    seconds = None if peer is None else peer.seconds
    return [
        *figures,
        Figure(f"{prefix}_skeleton_f1", metrics.skeleton_agreement(found, true).f1, "", None, "pgmpy", skeleton),
        Figure(f"{prefix}_seconds", ours.seconds, "s", None, "pgmpy", seconds),
    ]
