"""Networks of resampled rows, with what experiments set in them; edge frequencies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.curves.fit import aligned
from analytics.bayesian_networks.data.dataset import Prepared
from analytics.bayesian_networks.interventions.contrasts import Contrasts
from analytics.bayesian_networks.network import Network
from analytics.bayesian_networks.search.experiments import FEWEST_SAMPLES
from analytics.bayesian_networks.search.learn import learn
from analytics.bayesian_networks.search.options import LearningOptions


def resampled_networks(
    prepared: Prepared,
    options: LearningOptions,
    count: int,
    *,
    intervened: NDArray[np.bool_] | None = None,
    contrasts: Contrasts | None = None,
    seed: int = 0,
) -> tuple[Network, ...]:
    """Networks learned on bootstrap samples of the rows, all over the columns of the data.

    Contrasts are drawn anew within their errors, for each network.
    """
    networks = []
    for number in range(count):
        random = np.random.default_rng([seed, number])
        rows, mask = _resample(prepared, intervened, random)
        part = prepared.with_rows(rows)
        kept = np.flatnonzero(np.isin(prepared.columns, part.columns))
        network = learn(
            part,
            replace(options, seed=number),
            intervened=None if mask is None else mask[:, kept],
            contrasts=None if contrasts is None else contrasts.drawn(random).over(part.columns),
        )
        networks.append(aligned(network, prepared.columns))
    return tuple(networks)


def _resample(
    prepared: Prepared, intervened: NDArray[np.bool_] | None, random: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.bool_] | None]:
    """Rows with replacement, such that every variable has enough of them in which it was not set."""
    while True:
        rows = random.integers(0, len(prepared.z), len(prepared.z))
        mask = None if intervened is None else np.ascontiguousarray(intervened[rows])
        if mask is None or (~mask).sum(axis=0).min() >= FEWEST_SAMPLES:
            return rows, mask


def frequencies(networks: tuple[Network, ...]) -> NDArray[np.float64]:
    """The share of networks with each edge (parents x children)."""
    count = len(networks[0].variables)
    shares = np.zeros((count, count))
    for network in networks:
        shares[network.parents, network.children] += 1 / len(networks)
    return shares
